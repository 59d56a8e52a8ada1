package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// tab is a page in a real Chromium, with everything it complained about.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	faults   []string // console errors, refused by policy, exceptions
	requests []string
}

func openTab(t *testing.T, m *memory, change ...func(*Options)) *tab {
	t.Helper()
	o := Options{Store: m, Reader: m, Connector: m, Ledger: m.outbox, Courier: m.outbox, Wishes: m.book, Intake: m.intake, Loyalty: m.register, Baskets: m.stall, Clock: m.register, Drafts: m.letters, Postbox: m.letters, Team: m.team, SetupToken: "setup-token", SignInToken: "demo-link", Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, f := range change {
		f(&o)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return openTabOn(t, h)
}

// openTabOn opens a tab on a handler.
func openTabOn(t *testing.T, h http.Handler) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("the browser is left out of the quick half")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing; install it with: apt-get install chromium")
	}
	srv := httptest.NewServer(h)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	alloc, cancel1 := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel2 := chromedp.NewContext(alloc)
	ctx, cancel3 := context.WithTimeout(ctx, 5*time.Minute)
	b := &tab{t: t, ctx: ctx, base: srv.URL}
	t.Cleanup(func() { cancel3(); cancel2(); cancel1(); srv.CloseClientConnections(); srv.Close() })
	b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tg, cdplog.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tg, network.Enable, network.EnableParams{})
		return err
	}))
	err = chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == "error" || e.Entry.Source == "security" {
				b.faults = append(b.faults, e.Entry.Text+" "+e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			b.faults = append(b.faults, e.ExceptionDetails.Text)
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.base + path)) }

func js[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true, and gives how long it took.
func (b *tab) until(expression string) time.Duration {
	b.t.Helper()
	begin := time.Now()
	for {
		// While the page changes there is nothing to ask; then it is asked again.
		if ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && ok {
			break
		}
		if time.Since(begin) > 5*time.Second {
			b.t.Fatalf("never true: %s\nfaults: %q", expression, b.faults)
		}
		time.Sleep(15 * time.Millisecond)
	}
	return time.Since(begin)
}

func (b *tab) scheme(s string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		_, err := cdp.Call(ctx, tg, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

// press sends a key as a keyboard does: the letter comes with the key, and not
// at all when the page refuses the key.
func (b *tab) press(letter string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tg, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: letter, Text: letter}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tg, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: letter})
		return err
	}))
}

func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("the browser complains: %s", f)
	}
	for _, r := range b.requests {
		if !strings.HasPrefix(r, b.base) && !strings.HasPrefix(r, "data:image/") {
			b.t.Errorf("a request left the house: %s", r)
		}
	}
}

func newMail(m *memory, id crm.MessageID, subject string) {
	c, _ := m.Customer(context.Background(), crm.SystemViewer, 11)
	m.mail(c, mail{id: id, conv: 51, ago: -time.Duration(id) * time.Second, from: party("Aino Virtanen", "aino.virtanen@postia.example"), to: []crm.Party{party("Mikko Laine", "mikko@saarimatkat.example")}, through: []string{"Mikko Laine"}, subject: subject, text: "Moi, vielä yksi asia."})
	m.tell(crm.Event{Kind: "mail", Customer: 11, Message: id})
}

func TestMailArrivesWithoutReload(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(1280, 800))
	b.open("/?token=demo-link")
	b.open("/customers/11")
	b.until(`document.querySelector("#timeline li.entry") && window.htmx !== undefined`)
	time.Sleep(300 * time.Millisecond) // hello has been answered

	// Somebody has a mail open, is half way through a note, and has scrolled.
	js[bool](b, `document.querySelector("#mail-104 summary").click(), true`)
	b.until(`document.querySelector("#mail-104 .letter").textContent.includes("Majakkaopas")`)
	js[bool](b, `window.stay = "the same page", document.querySelector("#f-body").focus(), document.querySelector("#f-body").value = "Aino toivoo", window.scrollTo(0, 250), true`)
	where := js[float64](b, `document.querySelector("#mail-104").getBoundingClientRect().top`)

	newMail(m, 901, "Vene ja esteetön huone")
	took := b.until(`!!document.querySelector("#mail-901")`)
	t.Logf("on the page after %v", took)
	if took > time.Second {
		t.Errorf("new mail took %v", took)
	}
	for what, expression := range map[string]string{
		"the page was reloaded":    `window.stay === "the same page"`,
		"the note was lost":        `document.querySelector("#f-body").value === "Aino toivoo"`,
		"the focus was lost":       `document.activeElement.id === "f-body"`,
		"the open mail was closed": `document.querySelector("#mail-104 details").open && document.querySelector("#mail-104 .letter").textContent.includes("Majakkaopas")`,
		"it is not marked as new":  `document.querySelector("#mail-901").classList.contains("new")`,
		"the newest is not first":  `document.querySelector("#timeline li.entry").id === "mail-901"`,
		"entries were lost":        `document.querySelectorAll("#timeline li.entry").length === 41`,
	} {
		if !js[bool](b, expression) {
			t.Error(what)
		}
	}
	if moved := js[float64](b, `document.querySelector("#mail-104").getBoundingClientRect().top`) - where; moved > 2 || moved < -2 {
		t.Errorf("what was being read moved by %.0f px", moved)
	}

	// A private mail of somebody else is not announced and does not appear.
	m.mu.Lock()
	m.private[902] = []crm.StaffID{2}
	m.mu.Unlock()
	newMail(m, 902, "Salaisuus")
	newMail(m, 903, "Julkinen")
	b.until(`!!document.querySelector("#mail-903")`)
	if js[bool](b, `!!document.querySelector("#mail-902")`) {
		t.Error("a private mail appeared")
	}

	// A burst ends with everything there.
	for id := crm.MessageID(910); id < 930; id++ {
		newMail(m, id, fmt.Sprintf("Sarjassa %d", id))
	}
	b.until(`!!document.querySelector("#mail-910") && !!document.querySelector("#mail-929")`)

	// Older entries are added in place and survive the next arrival.
	js[bool](b, `document.querySelector(".more a").click(), true`)
	b.until(`document.querySelectorAll("ol.timeline").length === 2`)
	newMail(m, 940, "Vielä yksi")
	b.until(`!!document.querySelector("#mail-940")`)
	if !js[bool](b, `document.querySelectorAll("ol.timeline").length === 2 && !!document.querySelector("#mail-345")`) { // the very first mail
		t.Error("older entries were lost")
	}

	// The list of customers follows too.
	js[bool](b, `document.querySelector("#f-body").value = "", true`)
	b.open("/customers")
	b.until(`document.querySelector("#c-13 .state").textContent.includes("Waiting")`)
	time.Sleep(300 * time.Millisecond)
	c, _ := m.Customer(context.Background(), crm.SystemViewer, 13)
	m.mail(c, mail{id: 905, conv: 80, from: party("Mikko Laine", "mikko@saarimatkat.example"), to: []crm.Party{party("Ville Heikkinen", "ville.heikkinen@posti.example")}, subject: "Re", text: "On vapaana!"})
	m.tell(crm.Event{Kind: "mail", Customer: 13, Message: 905})
	b.until(`!document.querySelector("#c-13 .state").textContent.includes("Waiting")`)
	js[bool](b, `(() => { const f = document.querySelector("#filter"); f.focus(); f.value = "baltic"; f.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
	b.until(`document.querySelectorAll("#customer-list .people li").length === 1`)
	b.quiet()
}

func TestKeyboard(t *testing.T) {
	b := openTab(t, company())
	b.open("/?token=demo-link")
	b.open("/customers/11")
	b.do(chromedp.KeyEvent("\t"))
	if !js[bool](b, `document.activeElement.matches("a.skip") && document.activeElement.getBoundingClientRect().top >= 0`) {
		t.Error("the first stop is not the skip link, or it is not seen")
	}
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.activeElement.id === "main"`)
	b.press("/") // as a real key: refusing it keeps its letter out of the field
	b.until(`document.activeElement.id === "find"`)
	b.do(chromedp.KeyEvent("j/k"))
	if v := js[string](b, `document.querySelector("#find").value`); v != "j/k" {
		t.Errorf("typing in the search gave %q", v)
	}
	b.do(chromedp.KeyEvent("\x1b"), chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	b.until(`document.activeElement.closest("[data-step]")?.id === "mail-102"`)
	b.do(chromedp.KeyEvent("k"), chromedp.KeyEvent("\r"))
	b.until(`document.querySelector("#mail-101 .letter").textContent.includes("esteettömän")`)
	if !js[bool](b, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
		t.Error("the focus is not visible")
	}
	// Every control is reached by Tab alone.
	b.open("/customers")
	seen := map[string]bool{}
	for range 60 {
		b.do(chromedp.KeyEvent("\t"))
		seen[js[string](b, `(document.activeElement.id || document.activeElement.getAttribute("href") || document.activeElement.tagName)`)] = true
	}
	for _, id := range []string{"find", "/customers", "/mailboxes", "/settings", "SUMMARY", "filter", "/customers/new", "/customers/11", "/customers/19"} {
		if !seen[id] {
			t.Errorf("Tab never reaches %s: %v", id, seen)
		}
	}
	b.quiet()
}

func TestConnectAMailbox(t *testing.T) {
	m := newMemory()
	b := openTab(t, m, func(o *Options) {
		o.Demo = func(context.Context) (string, error) { return "/signin?from=demo", nil }
	})
	b.do(chromedp.EmulateViewport(1280, 860))
	fill := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			js[bool](b, fmt.Sprintf(`document.getElementById("f-%s").value = %q, true`, pairs[i], pairs[i+1]))
		}
	}
	click := func(selector string) {
		t.Helper()
		js[bool](b, fmt.Sprintf(`document.querySelector(%q).click(), true`, selector))
	}

	b.open("/?token=setup-token")
	fill("firm", "Saaret Oy", "name", "Noora Salo", "address", "noora@saaret.example", "password", "long enough now")
	click(".way .button.strong")
	b.until(`location.pathname === "/mailboxes/new"`)
	b.until(`window.htmx !== undefined && document.readyState === "complete"`)

	// The settings are found without leaving the page, and the password stays.
	fill("password", "wrong")
	click("#mailbox-settings > summary")
	click("#mailbox-settings button")
	b.until(`document.getElementById("f-host").value === "imap.saaret.example"`)
	if v := js[string](b, `document.getElementById("f-password").value`); v != "wrong" {
		t.Errorf("the password was lost: %q", v)
	}
	b.quiet()
	click(".acts .button.strong")
	b.until(`document.getElementById("f-password")?.getAttribute("aria-invalid") === "true"`)
	if js[string](b, `document.getElementById("f-password").value`) != "" {
		t.Error("the password was sent back")
	}
	if dir := os.Getenv("KAVERI_SHOTS"); dir != "" {
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "fault-mailbox-en-wide-light.png"), png, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b.mu.Lock()
	b.faults = nil // the browser notes the 422 itself
	b.mu.Unlock()
	fill("password", "right-password")
	click(".acts .button.strong")
	b.until(`location.pathname === "/mailboxes" && document.querySelector(".done") !== null`)
	b.quiet()
}

func TestTheDemoIsReached(t *testing.T) {
	b := openTab(t, newMemory(), func(o *Options) {
		o.Demo = func(context.Context) (string, error) { return "/?token=demo-link", nil }
	})
	b.open("/?token=setup-token")
	js[bool](b, `document.querySelector(".look button").click(), true`)
	b.until(`location.search === "?token=demo-link" || document.querySelector("h1")?.textContent.includes("not here")`)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		if strings.Contains(f, "Content Security Policy") {
			t.Error(f)
		}
	}
}

func TestMailFrameIsInert(t *testing.T) {
	b := openTab(t, company())
	b.open("/?token=demo-link")
	b.open("/mails/104?view=html")
	b.until(`document.querySelector("iframe.html") !== null`)
	time.Sleep(time.Second)
	if js[bool](b, `(() => { try { return document.querySelector("iframe.html").contentDocument !== null } catch { return false } })()`) {
		t.Error("the frame shares our origin")
	}
	b.quiet()
	b.open("/mails/104/html") // opened by itself it is sandboxed as well
	if title := js[string](b, `document.title`); title != "Kiitos ihanasta syksystä!" {
		t.Errorf("a script of the mail ran: title %q", title)
	}
	if !js[bool](b, `window.origin === "null" && document.images.length === 1 && document.images[0].naturalWidth === 1`) {
		t.Error("the origin is not opaque, or the picture of the mail is not shown")
	}
	b.quiet()
}

func TestNarrowPagesDoNotScrollSideways(t *testing.T) {
	b := openTab(t, company())
	b.do(chromedp.EmulateViewport(390, 844))
	b.open("/?token=demo-link")
	for _, lang := range languages {
		b.open("/customers")
		if js[string](b, `document.documentElement.lang`) != lang {
			js[bool](b, `document.querySelector("details.me").open = true, document.querySelector(".me .language button").click(), true`)
			b.until(`document.documentElement?.lang === "` + lang + `"`)
		}
		for _, p := range pages {
			b.open(p)
			if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
				t.Errorf("%s in %s is %d px wide: %s", p, lang, w, js[string](b, `[...document.querySelectorAll("main *, .rail *")].filter(e => e.getBoundingClientRect().right > 391).map(e => e.tagName + "." + e.className).slice(0, 6).join(" ")`))
			}
			if cut := js[string](b, `[...document.querySelectorAll(".rail nav a")].filter(e => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > 390 || r.height < 44 || e.scrollWidth > e.clientWidth }).map(e => e.textContent).join(" ")`); cut != "" {
				t.Errorf("%s in %s: entries of the navigation are cut or too small to touch: %s", p, lang, cut)
			}
			if small := js[string](b, `[...document.querySelectorAll("main button, main .button, main input:not([type=radio], [type=checkbox], [type=hidden]), main select")].filter(e => { const r = e.getBoundingClientRect(); return r.width > 2 && r.height < 32 }).map(e => e.outerHTML.slice(0, 60)).join(" ")`); small != "" {
				t.Errorf("%s in %s has controls too small to touch: %s", p, lang, small)
			}
		}
	}
}
