package compose

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kaveri/crm"
	"kaveri/outbound"
)

var _ outbound.Composer = (*Composer)(nil)

// at is when all mails of the tests are made.
var at = time.Date(2026, 11, 15, 9, 30, 0, 0, time.FixedZone("", 2*3600))

const messageID = "abcdefghijklmabcdefghijklmnopqrstuvwxyz234@kaukoranta.example"

// fixedKeys are keys that do not change.
type fixedKeys []crm.DKIMKey

func (k fixedKeys) SigningKeys(context.Context) ([]crm.DKIMKey, error) { return k, nil }

func keysFor(t testing.TB, domain string) fixedKeys {
	t.Helper()
	keys, err := NewKeys(domain, at, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func clock() time.Time { return at }

// letter is a plain campaign mail of about 5 kB.
func letter() *crm.Draft {
	const line = "Hyvä Dora, olemme koonneet sinulle marraskuun parhaat kylpypyyhkeet ja muutaman muun."
	var text, html strings.Builder
	for range 20 {
		text.WriteString(line + "\n")
		html.WriteString("  <p style=\"color:#333\">" + line + "</p>\n")
	}
	return &crm.Draft{
		From: crm.Party{Name: "Kaukoranta Oy", Address: "uutiset@kaukoranta.example"}, To: []crm.Party{{Name: "Döra Ångström", Address: "dora@asiakas.example"}},
		Subject: "Marraskuun pyyhkeet – hyvää ja edullista", Text: text.String(), HTML: "<!doctype html>\n<html><body>\n" + html.String() + "</body></html>\n",
		Bulk: true, ListID: "syksy.kaukoranta.example", Unsubscribe: "https://links.kaukoranta.example/u/abcdefghijklmabcdefghijklmnopqrstuvwxyz234", FeedbackID: "syksy:kaukoranta",
	}
}

func BenchmarkCompose(b *testing.B) {
	keys := keysFor(b, "kaukoranta.example")
	for _, c := range []struct {
		name string
		keys Keys
	}{{"unsigned", nil}, {"Ed25519", keys[1:]}, {"RSA", keys[:1]}, {"both", keys}} {
		b.Run(c.name, func(b *testing.B) {
			k := New(c.keys, clock)
			d := letter()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Compose(d, messageID, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("both, all cores", func(b *testing.B) {
		k := New(keys, clock)
		b.RunParallel(func(pb *testing.PB) {
			d := letter()
			for pb.Next() {
				if _, err := k.Compose(d, messageID, at); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("text from HTML", func(b *testing.B) {
		k, d := New(nil, clock), letter()
		d.Text = ""
		for b.Loop() {
			if _, err := k.Compose(d, messageID, at); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by jordan-wright", func(b *testing.B) {
		d := letter()
		b.ReportAllocs()
		for b.Loop() {
			w := body{text: d.Text, html: d.HTML, messageID: messageID, boundary: boundaryOf(messageID)}
			if _, err := w.withFiles(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func compose(t testing.TB, d *crm.Draft) []byte {
	t.Helper()
	raw, err := New(nil, clock).Compose(d, messageID, at)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, raw)
	return raw
}

func refusedField(t testing.TB, err error, field string) {
	t.Helper()
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != crm.KindInvalid || e.Field != field {
		t.Errorf("the error is %v, want one of kind invalid on field %q", err, field)
	}
}

// Golden mails: testdata/*.eml, byte for byte, each with its reason in the
// table. go test -update writes them anew.
func TestGolden(t *testing.T) {
	for name, d := range goldenDrafts() {
		t.Run(name, func(t *testing.T) {
			raw := compose(t, d)
			if again := compose(t, d); !bytes.Equal(raw, again) {
				t.Fatal("the same draft gives other bytes the second time")
			}
			file := filepath.Join("testdata", name+".eml")
			if *update {
				if err := os.WriteFile(file, raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\r\n"), strings.Split(string(raw), "\r\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// goldenDrafts are one mail for each form that a mail has.
func goldenDrafts() map[string]*crm.Draft {
	from, to := crm.Party{Name: "Anna Virtanen", Address: "anna@kaukoranta.example"}, []crm.Party{{Name: "Dora Lind", Address: "dora@asiakas.example"}}
	picture := crm.File{Name: "logo.png", Type: "image/png", Data: []byte("\x89PNG\r\n\x1a\nnot a picture"), ContentID: "logo@kaukoranta.example"}
	pdf := crm.File{Name: "Tarjous № 7 – kylpyhuoneen remontti, pinta-alat ja hinnat eriteltyinä.pdf", Type: "application/pdf", Data: bytes.Repeat([]byte("%PDF \x00\xff"), 20)}
	thread := make([]string, 12)
	for i := range thread {
		thread[i] = fmt.Sprintf("mail-%02d.%s@asiakas.example", i, strings.Repeat("x", i))
	}
	return map[string]*crm.Draft{
		"campaign": letter(), // every field of list mail; text and HTML
		"reply": { // a colleague's answer: threaded, plain text, no list fields; more References than are kept
			From: from, To: to, Cc: []crm.Party{{Address: "osto@asiakas.example"}}, Subject: "Re: Tarjous", Text: "Hei Dora,\r\nkiitos.\rAnna\n\n--\nAnna ",
			InReplyTo: thread[11:], References: thread},
		"names": { // names that are atoms, quoted, encoded, long; a domain beyond ASCII
			From: crm.Party{Name: `Kaukoranta, "Oy"`, Address: "info@kaukoranta.example"}, ReplyTo: []crm.Party{{Name: "Møller, Søren", Address: "s@møller.example"}},
			To:      []crm.Party{{Name: strings.Repeat("Ørsted og Sønner ", 6), Address: "o@x.example"}, {Name: "A. B. Smith", Address: "a.b@x.example"}, {Address: `"odd name"@x.example`}, {Name: "=?utf-8?q?trick?=", Address: "t@x.example"}},
			Subject: "A subject of plain words that is longer than a line may be and is therefore folded at one of its spaces", Text: "x"},
		"files": { // everything at once: text made from HTML, a picture within it, attachments with a long name and none
			From: from, To: to, Subject: "Tarjous", HTML: `<h1>Tarjous</h1><p>Hei,<br>kuva: <img src="cid:logo@kaukoranta.example" alt="Kaukoranta"></p>`, Files: []crm.File{picture, pdf, {Data: []byte("x")}}},
		"picture": {From: from, To: to, Subject: "Kuva", HTML: `<img src="cid:logo@kaukoranta.example">`, Files: []crm.File{picture}}, // related at the top: nothing to say in text
		"answer":  {From: from, To: to, Subject: "", Text: "Out.\n", AutoAnswer: true},                                                // by a program, without a subject
		"nobody":  {From: from, Subject: "To nobody", HTML: "<img src=x>"},                                                            // HTML alone
	}
}

// What is in the draft is in the mail, read by another reader.
func TestReadBack(t *testing.T) {
	d := goldenDrafts()["files"]
	r := readMail(t, compose(t, d))
	text := Text(d.HTML)
	want := []readPart{
		{kind: "text/plain", path: "multipart/mixed multipart/alternative", body: text},
		{kind: "text/html", path: "multipart/mixed multipart/alternative multipart/related", body: d.HTML},
		{kind: "image/png", path: "multipart/mixed multipart/alternative multipart/related", name: "logo.png", id: "logo@kaukoranta.example", disposition: "inline", body: string(d.Files[0].Data)},
		{kind: "application/pdf", path: "multipart/mixed", name: d.Files[1].Name, id: "2.50754ad1eff16806d1a3e088@kaukoranta.example", disposition: "attachment", body: string(d.Files[1].Data)},
		{kind: "application/octet-stream", path: "multipart/mixed", id: "3.50754ad1eff16806d1a3e088@kaukoranta.example", disposition: "attachment", body: "x"},
	}
	for i := range want {
		want[i].body = strings.ReplaceAll(want[i].body, "\n", "\r\n")
		if i >= 2 {
			want[i].body = string(d.Files[i-2].Data)
		}
	}
	if diff := cmp.Diff(want, r.parts, cmp.AllowUnexported(readPart{})); diff != "" {
		t.Error(diff)
	}

	d = goldenDrafts()["names"]
	r = readMail(t, compose(t, d))
	for name, list := range map[string][]crm.Party{"From": {d.From}, "Reply-To": d.ReplyTo, "To": d.To} {
		if diff := cmp.Diff(list, r.partiesOf(t, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := r.decoded(t, "Subject"); got != d.Subject {
		t.Errorf("Subject %q", got)
	}

	d = goldenDrafts()["reply"]
	r = readMail(t, compose(t, d))
	ids := strings.Fields(r.header.Get("References"))
	if len(ids) != 9 || ids[0] != "<"+d.References[0]+">" || ids[1] != "<"+d.References[4]+">" || ids[8] != "<"+d.References[11]+">" {
		t.Errorf("References %q", ids)
	}
}

// A local part beyond ASCII is the one thing that is not ASCII in a mail; a
// domain beyond ASCII is.
func TestAddressesBeyondASCII(t *testing.T) {
	d := &crm.Draft{From: crm.Party{Address: "a@møller.example"}, To: []crm.Party{{Name: "Øle", Address: "øle@møller.example"}}}
	raw := compose(t, d)
	if got := readMail(t, raw).partiesOf(t, "To"); got[0] != d.To[0] {
		t.Errorf("To is %+v", got)
	}
	beyond := func(r rune) bool { return r >= utf8.RuneSelf }
	if !bytes.Contains(raw, []byte("<øle@xn--mller-vua.example>")) {
		t.Errorf("the mail is %s", raw)
	}
	d.To[0].Address = "ole@møller.example"
	if raw := compose(t, d); bytes.ContainsFunc(raw, beyond) {
		t.Errorf("the mail is not ASCII: %s", raw)
	}
}

// The library and we make the same bytes of the same text.
func TestAlternativeAsTheLibrary(t *testing.T) {
	for _, text := range []string{letter().Text, "x", "a \n\tb=\t", strings.Repeat("ä", 100), strings.Repeat("x", 75) + " \n" + strings.Repeat("x", 76)} {
		w := body{text: text, html: "<p>" + text, messageID: messageID, boundary: boundaryOf(messageID)}
		theirs, err := w.withFiles(nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(theirs), string(w.alternative(nil))); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// No text can be taken for the frame of a mail.
func TestTextLikeAFrame(t *testing.T) {
	text := ";\n boundary=" + strings.Repeat("0", 58) + "\nmultipart/related;\n boundary=\n--" + boundaryOf(messageID) + "0\nContent-Type: multipart/mixed"
	d := &crm.Draft{From: crm.Party{Address: "a@x.example"}, Text: text, HTML: text, Files: []crm.File{{Name: "boundary=", Type: "text/plain; boundary=x", Data: []byte(text)}, {Name: "m.eml", Type: "message/rfc822"}, {Type: "multipart/mixed; boundary=x"}}}
	r := readMail(t, compose(t, d))
	if len(r.parts) != 5 {
		t.Fatalf("%d parts", len(r.parts))
	}
	for i, want := range []string{text, text, text} {
		if got := strings.ReplaceAll(r.parts[i].body, "\r\n", "\n"); got != want {
			t.Errorf("part %d is %q", i, got)
		}
	}
	if r.parts[3].kind != anyType || r.parts[4].kind != anyType {
		t.Errorf("a mail and a multipart as files are %q and %q", r.parts[3].kind, r.parts[4].kind)
	}
}

// What would end a field is refused, and the field is named.
func TestRefused(t *testing.T) {
	party := func(name, address string) []crm.Party {
		return []crm.Party{{Name: name, Address: crm.Address(address)}}
	}
	const evil = "x\r\nBcc: evil@x.example"
	for _, c := range []struct {
		field  string
		change func(*crm.Draft)
	}{
		{"from", func(d *crm.Draft) { d.From = crm.Party{} }},
		{"from", func(d *crm.Draft) { d.From.Name = evil }},
		{"from", func(d *crm.Draft) { d.From.Address = "a@b\n.example" }},
		{"to", func(d *crm.Draft) { d.To = party("a\x00b", "a@x.example") }},
		{"to", func(d *crm.Draft) { d.To = party("a\rb", "a@x.example") }},
		{"to", func(d *crm.Draft) { d.To = party("", "a@x.example>, evil@x.example") }},
		{"to", func(d *crm.Draft) { d.To = party("", "a@") }},
		{"to", func(d *crm.Draft) { d.To = party("", "nobody") }},
		{"cc", func(d *crm.Draft) { d.Cc = party(evil, "a@x.example") }},
		{"reply-to", func(d *crm.Draft) { d.ReplyTo = party("", evil) }},
		{"subject", func(d *crm.Draft) { d.Subject = evil }},
		{"in-reply-to", func(d *crm.Draft) { d.InReplyTo = []string{evil} }},
		{"references", func(d *crm.Draft) { d.References = []string{"a@b", evil} }},
		{"file name", func(d *crm.Draft) { d.Files = []crm.File{{Name: evil}} }},
		{"file type", func(d *crm.Draft) { d.Files = []crm.File{{Type: "text/plain\r\nX: y"}} }},
		{"file type", func(d *crm.Draft) { d.Files = []crm.File{{Type: "plain"}} }},
		{"content id", func(d *crm.Draft) { d.Files = []crm.File{{ContentID: evil}} }},
		{"content id", func(d *crm.Draft) { d.Files = []crm.File{{ContentID: "a b"}} }},
		{"list-id", func(d *crm.Draft) { d.ListID = "a.b\r\nX: y" }},
		{"list-id", func(d *crm.Draft) { d.ListID = "autumn" }},
		{"list-unsubscribe", func(d *crm.Draft) { d.Unsubscribe = "https://x.example/\r\nX: y" }},
		{"list-unsubscribe", func(d *crm.Draft) { d.Unsubscribe = "http://x.example/u" }},
		{"list-unsubscribe", func(d *crm.Draft) { d.Unsubscribe = "https://" }},
		{"feedback-id", func(d *crm.Draft) { d.FeedbackID = "a b" }},
	} {
		d := goldenDrafts()["reply"]
		c.change(d)
		_, err := New(nil, clock).Compose(d, messageID, at)
		refusedField(t, err, c.field)
	}
	for _, id := range []string{"", "a", "a@", "@b", "a@b\r\n", "<a@b>", "a b@c"} {
		_, err := New(nil, clock).Compose(letter(), id, at)
		refusedField(t, err, "message-id")
	}
}

func TestText(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{"<p>a  b\n c<p>d", "a b c\n\nd\n"},
		{"<head><title>no</title><style>p{}</style></head><div style='display: none'>pre<div>view</div></div>yes", "yes\n"},
		{"<p style='visibility:hidden'>no<p>yes", "yes\n"},
		{"a<br>b<br><br>c", "a\nb\n\nc\n"},
		{"<ul><li>one<li>two</ul>end", "- one\n- two\n\nend\n"},
		{`see <a href="https://x.example/">the shop</a>, <a href="https://x.example">x.example</a> or <a href="#top">top</a>`, "see the shop <https://x.example/>, x.example or top\n"},
		{`<a href="mailto:a@x.example">a@x.example</a> <a href="https://x.example/p"><img alt=""></a>`, "a@x.example <https://x.example/p>\n"},
		{"<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc\n"},
		{"<pre>x\n  y</pre>z", "x\n  y\n\nz\n"},
		{"5 &lt; 6 &amp; &auml;", "5 < 6 & ä\n"},
		{"<script>no</script><img alt='Logo'>text</unknown>", "Logo text\n"},
	} {
		if got := Text(c[0]); got != c[1] {
			t.Errorf("%q gives %q, want %q", c[0], got, c[1])
		}
	}
}
