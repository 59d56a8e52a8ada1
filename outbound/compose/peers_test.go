package compose

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kaveri/campaigns"
	"kaveri/crm"
)

// Programs that we did not write judge our mail: dkimpy verifies it, Python's
// parser reads it, SpamAssassin scores it. All of them are Debian's.

// answer is what testdata/peer.py says.
type answer struct {
	Fields     map[string][]string    `json:"fields"`
	Addresses  map[string][][2]string `json:"addresses"`
	Parts      []pythonPart           `json:"parts"`
	Defects    []string               `json:"defects"`
	Signatures []bool                 `json:"signatures"`
}

type pythonPart struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	ID          string `json:"id"`
	Disposition string `json:"disposition"`
	Content     []byte `json:"content"`
}

// peer runs a program of Debian's on a mail.
func peer(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("runs programs from Debian")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%v: %v; install the packages python3-dkim, python3-nacl and spamassassin, or run `make test` as root, which does\n%s", args, err, stderrOf(exit))
	}
	return out
}

func stderrOf(e *exec.ExitError) []byte {
	if e == nil {
		return nil
	}
	return e.Stderr
}

func python(t *testing.T, raw []byte, keys []crm.DKIMKey) answer {
	t.Helper()
	records := map[string]string{}
	for _, k := range keys {
		records[k.RecordName()] = k.Record()
	}
	question, err := json.Marshal(map[string]any{"mail": raw, "records": records})
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(peer(t, question, "/usr/bin/python3", "testdata/peer.py"), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPythonReadsAndVerifies(t *testing.T) {
	keys := keysFor(t, "kaukoranta.example")
	for name, d := range goldenDrafts() {
		t.Run(name, func(t *testing.T) {
			raw, err := New(keys, clock).Compose(d, messageID, at)
			if err != nil {
				t.Fatal(err)
			}
			a := python(t, raw, keys)
			if len(a.Signatures) != 2 || !a.Signatures[0] || !a.Signatures[1] {
				t.Errorf("the signatures are %v", a.Signatures)
			}
			if len(a.Defects) > 0 {
				t.Errorf("defects: %v", a.Defects)
			}
			pythonFields(t, d, a)
			pythonFiles(t, d, a)
			changed := python(t, bytes.Replace(raw, []byte("\r\nSubject:"), []byte("\r\nSubject: x"), 1), keys)
			if changed.Signatures[0] || changed.Signatures[1] {
				t.Error("a changed subject is verified")
			}
		})
	}
}

// pythonFields compares each field with the draft.
func pythonFields(t *testing.T, d *crm.Draft, a answer) {
	t.Helper()
	for name, list := range map[string][]crm.Party{"From": {d.From}, "Reply-To": d.ReplyTo, "To": d.To, "Cc": d.Cc} {
		got := a.Addresses[name]
		if len(got) != len(list) {
			t.Errorf("%s is %v, want %v", name, got, list)
			continue
		}
		for i, p := range list {
			host, err := crm.ASCIIDomain(p.Address.Domain())
			if err != nil {
				t.Fatal(err)
			}
			// Between two encoded words of a name Python 3.11 puts a space
			// (RFC 2047 §6.2: there is none), so spaces do not count.
			if noSpace(got[i][0]) != noSpace(p.Name) || got[i][1] != p.Address.Local()+"@"+host {
				t.Errorf("%s: %q, want %q", name, got[i], p)
			}
		}
	}
	want := map[string]string{"Subject": d.Subject, "Date": "Sun, 15 Nov 2026 09:30:00 +0200", "Message-ID": "<" + messageID + ">", "MIME-Version": "1.0"}
	if d.Bulk {
		want["Precedence"], want["List-Id"], want["Feedback-ID"] = "bulk", "<"+d.ListID+">", d.FeedbackID
		want["List-Unsubscribe"], want["List-Unsubscribe-Post"] = "<"+d.Unsubscribe+">", "List-Unsubscribe=One-Click"
	}
	if d.AutoAnswer {
		want["Auto-Submitted"] = "auto-replied"
	}
	if len(d.InReplyTo) > 0 {
		want["In-Reply-To"] = "<" + d.InReplyTo[0] + ">"
	}
	for name, text := range want {
		if got := a.Fields[name]; len(got) != 1 || got[0] != text {
			t.Errorf("%s: %q, want %q", name, got, text)
		}
	}
}

func noSpace(s string) string { return strings.ReplaceAll(s, " ", "") }

// sameText compares texts but for the form of line ends, and one at the end.
func sameText(got []byte, want string) bool {
	return strings.TrimSuffix(lineFeeds(string(got)), "\n") == strings.TrimSuffix(lineFeeds(want), "\n")
}

// pythonFiles compares texts and files with the draft.
func pythonFiles(t *testing.T, d *crm.Draft, a answer) {
	t.Helper()
	for _, p := range a.Parts {
		if p.Disposition == "" && p.Type == "text/html" && !sameText(p.Content, d.HTML) {
			t.Errorf("the HTML is %q", p.Content)
		}
		if p.Disposition == "" && p.Type == "text/plain" && d.Text != "" && !sameText(p.Content, d.Text) {
			t.Errorf("the text is %q", p.Content)
		}
	}
	files := a.Parts[len(a.Parts)-len(d.Files):]
	for i, f := range d.Files {
		disposition := "attachment"
		if f.ContentID != "" {
			disposition = "inline"
		}
		if got := files[i]; got.Name != f.Name || !bytes.Equal(got.Content, f.Data) || got.Disposition != disposition || f.Type != "" && got.Type != f.Type || f.ContentID != "" && got.ID != f.ContentID {
			t.Errorf("file %d is %+v, want %+v", i, got, f)
		}
	}
}

var spamScore = regexp.MustCompile(`X-Spam-Status: \w+, score=(-?[0-9.]+)`)

// A plain campaign mail is no spam to SpamAssassin's own rules, without the
// network, nor is one whose clicks and opens are counted, with its hidden link.
// What counts for list mail is not counted, so that nothing is hidden behind it.
func TestSpamAssassin(t *testing.T) {
	for name, d := range map[string]*crm.Draft{"plain": letter(), "counted": counted(t)} {
		t.Run(name, func(t *testing.T) {
			keys := keysFor(t, "kaukoranta.example")
			raw, err := New(keys, clock).Compose(d, messageID, at)
			if err != nil {
				t.Fatal(err)
			}
			out := peer(t, raw, "spamassassin", "--local", "--test-mode", "--nocreate-prefs", "--cf=score MAILING_LIST_MULTI 0")
			m := spamScore.FindSubmatch(out)
			if m == nil {
				t.Fatalf("no score in\n%s", out)
			}
			score, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil || score >= 1 {
				t.Errorf("the score is %s\n%s", m[1], out)
			}
			t.Logf("the score is %s", m[1])
		})
	}
}

// counted is the letter with links, as it is rendered when all is counted.
func counted(t *testing.T) *crm.Draft {
	t.Helper()
	d := letter()
	m := crm.Mailing{ID: 3, Kind: crm.MailingCampaign, From: d.From, Topic: "syksy", Opens: true, Template: crm.Template{Subject: d.Subject, Text: d.Text,
		HTML: strings.Replace(d.HTML, "</body>", `<p><a href="https://kaukoranta.example/pyyhkeet">Pyyhkeet</a> <a href="https://kaukoranta.example/laukut?a=1&amp;b=2">Laukut</a> <a href="{{ copy_url }}">Selaimessa</a></p></body>`, 1)}}
	m.Links = campaigns.CountedLinks(m.Template, "https://links.kaukoranta.example")
	r, err := campaigns.NewRenderer(campaigns.RendererOptions{PublicURL: "https://links.kaukoranta.example", Language: "fi", Keys: crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte("a key of tests for " + p) })})
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(t.Context(), &m, &crm.Dispatch{ID: 7, Address: d.To[0].Address, Name: d.To[0].Name})
	if err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{"/c/", "/o/", "/m/", "/p/", "/u/", `tabindex="-1"`} {
		if !strings.Contains(out.HTML, has) {
			t.Fatalf("the mail lacks %s:\n%s", has, out.HTML)
		}
	}
	return out
}
