//go:build shots

package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// TestShots makes a picture of every page, for people to look at.
func TestShots(t *testing.T) {
	dir := os.Getenv("KAVERI_SHOTS")
	if dir == "" {
		t.Fatal("set KAVERI_SHOTS to the folder that gets the pictures")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	full := append(pages[:len(pages):len(pages)], "/customers/new?name=Aino", "/mailboxes/31/exclusions?aino@postia.example", "/mailboxes/31/exclusions?doctor@clinic.example")
	none := newMemory()
	none.firm, none.staff = crm.Firm{Name: "Tyhjä Oy", TimeZone: "Europe/Helsinki"}, company().staff[:1]
	busy := company()
	topic := busy.views[105]
	topic.Begins = true
	busy.views[105] = topic
	busy.texts[105] += "\n\nSari\n\n> Kiitos vielä Utön matkasta. Majakkaopas oli aivan mahtava,\n> ja kalakeitosta puhutaan meillä vieläkin.\n"
	busy.reviews = append(phoneQuestions(), busy.reviews...)
	busy.customers[1].Language = "en"
	busy.customers[0].Tags, busy.customers[1].Tags = []string{"Kökar", "perhe jolla on monta lasta ja koira", "VIP"}, []string{"VIP"}
	busy.closed[104] = crm.ClosedRow{Mail: 104, Conversation: 53, Customer: 11, Name: "Aino Virtanen", Subject: "Kiitos ihanasta syksystä!", Staff: "Sari Koskinen", At: now.Add(-3 * time.Hour)}
	for i, e := range []crm.Exclusion{{Kind: crm.ExcludedAddress, Value: "doctor@clinic.example"}, {Kind: crm.ExcludedDomain, Value: "an-accountancy-with-a-very-long-name-that-goes-on.example"}, {Kind: crm.ExcludedFolder, Value: "Private/Family"}} {
		e.ID, e.At = crm.ExclusionID(900+i), now.AddDate(0, -i, 0)
		busy.excluded = append(busy.excluded, e)
		e.ID, e.Mailbox = e.ID+10, 31
		busy.excluded = append(busy.excluded, e)
	}
	busy.register.offered(true)
	five := company()
	five.register, five.stall = registerOf(5), stallOf(5, 13)
	wait := company()
	wait.stall.pending = true
	waits := ""
	demo := func(o *Options) {
		o.Demo = func(context.Context) (string, error) { return "", nil }
		o.Waiting = func() string { return waits }
	}
	sets := []struct {
		name  string
		m     *memory
		pages []string
	}{{"full", busy, full}, {"five", five, []string{"/loyalty", "/loyalty/list", "/orders?nobody=1", "/baskets", "/offers"}}, {"wait", wait, []string{"/offers/measured?" + bicycles}}, {"none", none, []string{"/customers", "/waiting", "/reviews", "/loyalty", "/loyalty/list", "/orders", "/baskets", "/offers", "/mailboxes", "/search", "/mailboxes/new?first=1", "/wishes", "/surveys", "/week", "/settings/capture", "/loyalty/risk"}}, {"waits", company(), []string{"/mailings", "/mailings/95"}}, {"door", newMemory(), []string{"/", "/?token=setup-token"}},
		{"desk", outsiderDesk(), []string{"/drafts/801", "/drafts/803", "/drafts/805", "/snippets", "/customers/12", "/conversations/51", "/conversations/53"}},
		{"bare", bareDesk(), []string{"/drafts/801", "/snippets"}}}
	for _, set := range sets {
		if waits = ""; set.name == "waits" {
			waits = "the disk is full, or a limit keeps files from growing; make room and everything goes on by itself"
		}
		b := openTab(t, set.m, demo)
		if set.name == "full" {
			b.open("/signin")
			b.shots(dir, set.name, []string{"/signin"})
		}
		if set.name != "door" {
			b.open("/?token=demo-link")
		}
		b.shots(dir, set.name, set.pages)
		if set.name == "full" {
			b.orderShots(dir)
		}
	}
}

// orderShots looks at files of orders: one that is well, one whose columns nobody
// knows, one that is none, and what came of the first.
func (b *tab) orderShots(dir string) {
	for _, f := range []struct{ name, content string }{{"good", goodFile}, {"unknown", "A;B;C\n1;03/04/2026;5,00\n"}, {"none", "PK\x03\x04"}} {
		b.chooseFile("tilaukset.csv", f.content)
		page := js[string](b, `location.pathname`)
		b.named(dir, "file-"+f.name, page)
		if f.name == "good" {
			b.open(page)
			js[bool](b, `document.querySelector(".mapping .strong").click(), true`)
			b.until(`document.querySelector(".verdict") !== null`)
			b.named(dir, "file-result", page)
		}
	}
	b.open("/settings/access")
	js[bool](b, `document.querySelector("#f-name").value = "Kassa 2", document.querySelector("form[action='/settings/tokens'] .strong").click(), true`)
	b.until(`document.querySelector("#made") !== null`)
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "token-made.png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// named takes pictures of a page whose address says nothing.
func (b *tab) named(dir, name, page string) {
	for _, lang := range languages {
		b.open(page)
		if js[string](b, `document.documentElement.lang`) != lang {
			js[bool](b, `document.querySelectorAll("details.me").forEach(d => d.open = true), document.querySelector(".language button").click(), true`)
			b.until(`document.documentElement?.lang === "` + lang + `"`)
			b.open(page)
		}
		for _, look := range []struct {
			name   string
			width  int64
			scheme string
		}{{"wide-light", 1280, "light"}, {"narrow-dark", 390, "dark"}} {
			b.do(chromedp.EmulateViewport(look.width, 860))
			b.scheme(look.scheme)
			png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name+"-"+lang+"-"+look.name+".png"), png, 0o644)
			}
			if err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

func (b *tab) shots(dir, set string, paths []string) {
	only := os.Getenv("KAVERI_SHOTS_ONLY")
	for _, lang := range languages {
		for _, p := range paths {
			for _, look := range []struct {
				name   string
				width  int64
				scheme string
			}{{"wide-light", 1280, "light"}, {"wide-dark", 1280, "dark"}, {"narrow-light", 390, "light"}, {"narrow-dark", 390, "dark"}} {
				name := fmt.Sprintf("%s%s-%s-%s.png", set, strings.NewReplacer("/", "_", "?", "_", "=", "-").Replace(p), lang, look.name)
				if only != "" && !strings.Contains(name, only) {
					continue
				}
				b.do(chromedp.EmulateViewport(look.width, 860))
				b.scheme(look.scheme)
				b.open(p)
				if js[string](b, `document.documentElement.lang`) != lang {
					js[bool](b, `document.querySelectorAll("details.me").forEach(d => d.open = true), document.querySelector(".language button").click(), true`)
					b.until(`document.documentElement?.lang === "` + lang + `"`)
					b.open(p)
				}
				if p == "/customers/11" && set == "full" {
					js[bool](b, `document.querySelector("#mail-101 summary").click(), document.querySelector("#mail-101 .why summary").click(), true`)
					b.until(`document.querySelector("#mail-101 .letter .text") !== null`)
				}
				if what, ok := strings.CutPrefix(p, "/mailboxes/31/exclusions?"); ok { // what the form asks before it does it
					js[bool](b, `document.querySelector("#f-value").value = "`+what+`", document.querySelector("form.form .button").click(), true`)
					b.until(`document.querySelector("input[name=removes]") !== null`)
				}
				png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				if p == "/customers/11" || p == "/mails/104?view=html" {
					time.Sleep(200 * time.Millisecond)
					png, err = chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
				}
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, name), png, 0o644)
				}
				if err != nil {
					b.t.Fatal(err)
				}
			}
		}
	}
}

// TestPublicShots makes pictures of the pages behind the links in mail.
func TestPublicShots(t *testing.T) {
	dir := os.Getenv("KAVERI_SHOTS")
	for _, lang := range languages {
		s := newPublicSite(t)
		s.m.to.Language, s.m.firm.Language, s.m.firm.FeedbackForm = lang, lang, true
		b := openTabOn(t, s.h)
		for _, state := range []struct {
			name, path string
			stopped    crm.SuppressionReason
			topic      string
			out        bool
		}{{"unsubscribe", s.Unsubscribe(ainosMail), "", "", false}, {"unsubscribed", s.Unsubscribe(ainosMail), crm.SuppressedUnsubscribed, "", false}, {"preferences", s.Preferences(ainosMail), "", "", false},
			{"topic", s.Unsubscribe(ainosMail), "", "Risteilyt", false}, {"topic-out", s.Unsubscribe(ainosMail), "", "Risteilyt", true},
			{"preferences-stopped", s.Preferences(ainosMail), crm.SuppressedUnsubscribed, "", false}, {"lost", "/u/none", "", "", false}, {"survey", s.Survey(ainosMail, questionID) + "/9", "", "", false}, {"feedback", "/feedback", "", "", false}, {"copy", s.Copy(ainosMail), "", "", false}} {
			s.m.to.Stopped, s.m.to.Undo, s.m.to.Topic, s.m.to.Out = state.stopped, state.stopped != "" || state.out, state.topic, state.out
			s.m.firm.Topics = []crm.Topic{{Name: "Risteilyt", English: "Cruises and islands", Finnish: "Risteilyt ja saaret"}}
			for _, look := range []struct {
				name   string
				width  int64
				scheme string
			}{{"wide-light", 1280, "light"}, {"narrow-dark", 390, "dark"}} {
				b.do(chromedp.EmulateViewport(look.width, 720))
				b.scheme(look.scheme)
				b.open(state.path)
				png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, "public-"+state.name+"-"+lang+"-"+look.name+".png"), png, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// outsiderDesk adds an answer to all, of whom one is an outsider, and one a
// recipient who is not to be written to.
func outsiderDesk() *memory {
	m := busyDesk()
	view := m.views[112]
	view.Participants = append(view.Participants, crm.Participant{Role: crm.RoleCc, Party: crm.Party{Name: "Eve Else", Address: "eve@else.example"}}, crm.Participant{Role: crm.RoleCc, Party: crm.Party{Address: "poissa@postia.example"}})
	m.views[112] = view
	m.letters.drafts = append(m.letters.drafts, crm.SavedDraft{ID: 805, Staff: 1, Customer: 12, Answers: 112, Mailbox: 31, To: []crm.Party{{Address: "thomas@balticseawalks.example"}}, Cc: []crm.Party{{Address: "eve@else.example"}}, Subject: "Re: Group of 18 in September", Text: "Dear Thomas,\n\n", Changed: now})
	return m
}

// bareDesk has no mailbox to write from, and no texts.
func bareDesk() *memory {
	m := busyDesk()
	m.letters.boxes, m.letters.snippets, m.letters.others = nil, nil, nil
	return m
}
