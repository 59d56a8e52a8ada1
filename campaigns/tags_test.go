package campaigns

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/net/html"

	"kaveri/crm"
)

var update = flag.Bool("update", false, "write the golden files anew")

var contexts = map[string]Context{"subject": Subject, "plain": Plain, "html": HTML}

// TestTags runs testdata/tags: each case says first why it is there, then gives
// texts, recipients, and what comes of them (want, which -update writes).
func TestTags(t *testing.T) {
	files, err := filepath.Glob("testdata/tags/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file, a, playCase(t, a))
		})
	}
}

// playCase renders each text of a case for each of its recipients.
func playCase(t *testing.T, a *txtar.Archive) string {
	var people []Data
	var b strings.Builder
	for _, f := range a.Files {
		if f.Name == "people.json" {
			if err := json.Unmarshal(f.Data, &people); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range a.Files {
		context, ok := contexts[f.Name]
		if !ok {
			continue
		}
		text, err := Compile(strings.TrimSuffix(string(f.Data), "\n"), context)
		var wrong SyntaxErrors
		if errors.As(err, &wrong) {
			for _, e := range wrong {
				fmt.Fprintf(&b, "[%s] %s\n%s\n", f.Name, e, e.Caret())
			}
			continue
		}
		for _, m := range text.MissingFallbacks() {
			fmt.Fprintf(&b, "[%s] %s must have a value (line %d, column %d)\n", f.Name, m.Name, m.Line, m.Col)
		}
		for i := range people {
			out, err := text.Render(nil, &people[i])
			if err != nil {
				out = []byte("ERROR: " + err.Error())
			}
			fmt.Fprintf(&b, "[%s %d]\n%s\n", f.Name, i+1, out)
		}
	}
	return b.String()
}

// letter5k is a mail of about 5 kB that prints five fields.
func letter5k() string {
	var b strings.Builder
	b.WriteString("<html><body><p>Hei {{ name | default: \"there\" }}!</p>\n")
	for i := range 5 {
		fmt.Fprintf(&b, "<p>%s</p>\n", strings.Repeat("Kesä tulee, ja uudet reitit ovat täällä. ", 22))
		fmt.Fprintf(&b, "<p>%s</p>", [...]string{"{{ city }}", "{{ product | upper }}", `<a href="https://shop.example/order/{{ order }}">{{ order }}</a>`, "{{ if vip }}Kiitos, {{ first_name }}{{ else }}Tervetuloa{{ endif }}", ""}[i])
	}
	b.WriteString("</body></html>")
	return b.String()
}

var reader = Data{Name: "Aino Puro", Email: "aino@asiakas.example", Language: "fi",
	Fields: map[string]string{"city": "Hämeenlinna", "product": "Saimaan risteily & ruoka", "order": "2026/117", "vip": "kyllä", "first_name": "Aino"}}

func BenchmarkRender5k(b *testing.B) {
	t, err := Compile(letter5k(), HTML)
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = t.Render(out[:0], &reader); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(out)))
}

func BenchmarkCompile5k(b *testing.B) {
	text := letter5k()
	for b.Loop() {
		if _, err := Compile(text, HTML); err != nil {
			b.Fatal(err)
		}
	}
}

// The kind of what goes wrong decides what becomes of a mail: the text's and
// the recipient's own faults are invalid, hence final.
func TestErrorKinds(t *testing.T) {
	_, err := Compile("{{ ", Plain)
	if crm.KindOf(err) != crm.KindInvalid {
		t.Errorf("%v is of kind %d", err, crm.KindOf(err))
	}
	text, err := Compile("{{ a }}", Plain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = text.Render(nil, &Data{})
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != crm.KindInvalid || e.Field != "a" {
		t.Errorf("%v names no field", err)
	}
}

// Caps end what would not end, or not be a mail.
func TestCaps(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		as     Context
		data   Data
		ok     bool
	}{
		"nested loops": {"{{ for a in l limit: 100 }}{{ for b in l limit: 100 }}x{{ endfor }}{{ endfor }}", Plain,
			Data{Fields: map[string]string{"l": strings.Repeat("x;", 200)}}, false},
		"one loop":        {"{{ for a in l limit: 100 }}{{ a }}{{ endfor }}", Plain, Data{Fields: map[string]string{"l": strings.Repeat("x;", 200)}}, true},
		"a long value":    {"{{ a }}", HTML, Data{Fields: map[string]string{"a": strings.Repeat("<", 2<<20)}}, false},
		"a long subject":  {"{{ a }}", Subject, Data{Fields: map[string]string{"a": strings.Repeat("ä", 500)}}, false},
		"a fair subject":  {"{{ a }}", Subject, Data{Fields: map[string]string{"a": strings.Repeat("ä", 100)}}, true},
		"deep blocks":     {strings.Repeat("{{ if a }}", 50) + strings.Repeat("{{ endif }}", 50), Plain, Data{}, false},
		"deep conditions": {"{{ if " + strings.Repeat("(", 50) + "a" + strings.Repeat(")", 50) + " }}x{{ endif }}", Plain, Data{}, false},
		"many nots":       {"{{ if " + strings.Repeat("not ", 50000) + "a }}x{{ endif }}", Plain, Data{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Compile(c.source, c.as)
			if err == nil {
				_, err = text.Render(nil, &c.data)
			}
			if (err == nil) != c.ok {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// FuzzCompile: whatever the source is, compiling and rendering end, and each
// error has a place within it.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob("testdata/tags/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range a.Files {
			if c, ok := contexts[part.Name]; ok {
				f.Add(string(part.Data), int(c), "Aino <b>")
			}
		}
	}
	f.Fuzz(func(t *testing.T, source string, context int, value string) {
		text, err := Compile(source, Context(((context%3)+3)%3))
		var wrong SyntaxErrors
		if errors.As(err, &wrong) {
			for _, e := range wrong {
				e.Caret()
				if e.Line < 1 || e.Col < 1 || e.Line > strings.Count(source, "\n")+1 {
					t.Errorf("%s lies outside", e)
				}
			}
			return
		}
		d := Data{Fields: map[string]string{}, Name: value, Email: value, Language: value}
		for _, f := range text.Fields() {
			d.Fields[f.Name] = value
		}
		text.Render(nil, &d)
	})
}

// hostile prints a value in every place where one may stand.
const hostile = `<!doctype html><html><head><title>{{ v }}</title></head><body>
<p title="{{ v }}" data-x='{{ v }}'>{{ v }}</p><!-- {{ v }} -->
<a href="https://x.example/{{ v }}?a={{ v }}#{{ v }}">1</a><a href='https://{{ v }}/'>2</a><a href="mailto:{{ v }}">3</a>
<!--[if mso]><b>{{ v }}></b><a href="https://x.example/{{ v }}">{{ v }}</a><![endif]-->
<textarea>{{ v }}</textarea></body></html>`

// FuzzEscape: no value changes the structure of the HTML around it, begins a
// header field, or makes a link that does more than open.
func FuzzEscape(f *testing.F) {
	page, err := Compile(hostile, HTML)
	if err != nil {
		f.Fatal(err)
	}
	link, err := Compile(`<a href="{{ v }}">x</a>`, HTML)
	if err != nil {
		f.Fatal(err)
	}
	subject, err := Compile("Hei {{ v }}", Subject)
	if err != nil {
		f.Fatal(err)
	}
	plain, err := Compile("Hei {{ v }}", Plain)
	if err != nil {
		f.Fatal(err)
	}
	want := shape(f, page, "plain")
	for _, v := range []string{"<script>", "\r\nBcc: x@y.example", "\" onclick=\"x", "' onclick='x", "-->", "--!>", "--", "]]>", "</title>", "javascript:alert(1)", " JaVaScRiPt:x", "https://x/\"><b>",
		"https://x\u2028y", "{{ v }}", "&#60;", "\x00<\xff", "`", "/", "//evil.example", "%0d%0a", "?bcc=x@y.example", "http://", "mailto:x", "a\tb", "</textarea >", "<!--"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if blank(v) {
			return
		}
		if got := shape(t, page, v); got != want {
			t.Errorf("%q changes the structure to\n%s\nfrom\n%s", v, got, want)
		}
		d := Data{Fields: map[string]string{"v": v}}
		if out, err := subject.Render(nil, &d); err == nil && strings.ContainsFunc(string(out), control) {
			t.Errorf("%q makes the subject %q", v, out)
		}
		if out, err := plain.Render(nil, &d); err != nil || strings.ContainsAny(string(out), "\r\x00") {
			t.Errorf("%q makes the text %q, %v", v, out, err)
		}
		out, err := link.Render(nil, &d)
		if err != nil {
			return
		}
		n, _ := html.Parse(strings.NewReader(string(out)))
		a := n.FirstChild.LastChild.FirstChild
		if len(a.Attr) != 1 || !goodLink(a.Attr[0].Val) || strings.ContainsAny(a.Attr[0].Val, " \t\r\n\"<>\\") {
			t.Errorf("%q makes the link %q", v, out)
		}
	})
}

// shape renders a page with the value and gives its elements and attributes, as
// a reader of HTML sees them that is not ours; in comments too.
func shape(t testing.TB, page *Text, v string) string {
	out, err := page.Render(nil, &Data{Fields: map[string]string{"v": v}})
	if err != nil {
		t.Fatalf("%q: %v", v, err)
	}
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(string(out))); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			continue
		}
		tok := z.Token()
		if tok.Type == html.CommentToken {
			tok.Data = "" // its end is where the next token shows it
		}
		fmt.Fprintf(&b, "%d %s", tok.Type, tok.Data)
		for _, a := range tok.Attr {
			fmt.Fprintf(&b, " %s", a.Key)
		}
		b.WriteString("\n")
	}
}

// TestOutline: what stands for nobody in the list of mailings.
func TestOutline(t *testing.T) {
	for text, want := range map[string]string{
		`Hei {{ name | default: "there" }}!`:               "Hei there!",
		`Order {{ order }} of {{ day | date }}`:            "Order … of …",
		"{{ if order }}Thank you{{ else }}News{{ endif }}": "News",
		"plain":                           "plain",
		`{{ name | default: "" }} autumn`: "autumn",
		`{{ for p in products }}{{ p }} {{ endfor }}for {{ email }} {{ "now" }}`: "for … now",
	} {
		compiled, err := Compile(text, Subject)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := compiled.Outline(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
