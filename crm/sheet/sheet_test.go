package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kaveri/crm"
)

func in(t *testing.T, e encoding.Encoding, s string) string {
	t.Helper()
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read gives the rows as text: number/line: cells joined by |, a problem behind !.
func read(t testing.TB, data string) (*Reader, string) {
	r, err := NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r, strings.Join(out, "\n")
		}
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%d/%d: %s", row.Number, row.Line, strings.Join(row.Cells, "|"))
		if row.Problem != "" {
			text += " ! " + row.Problem
		}
		out = append(out, text)
	}
}

// TestRead: the files that people have, and what is made of them.
func TestRead(t *testing.T) {
	for _, c := range []struct{ name, data, guess, head, want string }{
		{"comma", "name,email\nAino,a@x.example\n", "UTF-8, comma-separated", "name|email", "2/2: Aino|a@x.example"},
		{"a byte order mark, no line end at the end", "\xef\xbb\xbfname;email\r\nAino;a@x.example", "UTF-8, semicolon-separated", "name|email", "2/2: Aino|a@x.example"},
		{"Excel in Finland", in(t, charmap.Windows1252, "Nimi;Sähköposti\r\nÄijä;a@x.example\r\n"), "windows-1252, semicolon-separated", "Nimi|Sähköposti", "2/2: Äijä|a@x.example"},
		{"UTF-16 with a mark", in(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "name\temail\nÄijä\ta@x.example\n"), "UTF-16, tab-separated", "name|email", "2/2: Äijä|a@x.example"},
		{"UTF-16 without", in(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "name,email\nÄijä,a@x.example\n"), "UTF-16, comma-separated", "name|email", "2/2: Äijä|a@x.example"},
		{"bars", "name|email\nAino|a@x.example\n", "UTF-8, bar-separated", "name|email", "2/2: Aino|a@x.example"},
		{"one column", "email\na@x.example\n", "UTF-8, comma-separated", "email", "2/2: a@x.example"},
		{"more commas than delimiters in the titles", "Last, first, middle;Email\nPuro, Aino;a@x.example\n", "UTF-8, semicolon-separated", "Last, first, middle|Email", "2/2: Puro, Aino|a@x.example"},
		{"a line for Excel", "sep=;\nname;email\nAino;a@x.example\n", "UTF-8, semicolon-separated", "name|email", "3/3: Aino|a@x.example"},
		{"line ends of old", "name,email\rAino,a@x.example\rOlli,o@x.example", "UTF-8, comma-separated", "name|email", "2/2: Aino|a@x.example\n3/3: Olli|o@x.example"},
		{"a cell over lines", "a,email\n\"one\r\ntwo \"\"2\"\"\",x\nlast,y\n", "UTF-8, comma-separated", "a|email", "2/2: one\ntwo \"2\"|x\n3/4: last|y"},
		{"an unclosed quote", "a,email\n\"open,x\nok,y\n", "UTF-8, comma-separated", "a|email", "2/2: \"open,x ! a quote is not closed\n3/3: ok|y"},
		{"an unclosed quote before a quoted row", "a,email\n\"open,x\n\"ok\",y\n", "UTF-8, comma-separated", "a|email",
			"2/2: \"open,x ! behind a closing quote comes neither a delimiter nor the end of the line\n3/3: ok|y"},
		{"a stray quote", "a,email\nA\"b,x\nok,y\n", "UTF-8, comma-separated", "a|email", "2/2: A\"b,x ! a quote stands within a cell that does not begin with one\n3/3: ok|y"},
		{"quotes between tabs", "a\temail\nJari \"J\" M\tx\n\"open\ty\n", "UTF-8, tab-separated", "a|email", "2/2: Jari \"J\" M|x\n3/3: \"open|y"},
		{"empty lines", "a,email\n\n  \nx,y\n\n", "UTF-8, comma-separated", "a|email", "2/2: \n3/3: \n4/4: x|y\n5/5: "},
		{"damage", "a,email\nÄä,x\nÖö,y\n\xe4,z\n", "UTF-8, comma-separated", "a|email", "2/2: Ää|x\n3/3: Öö|y\n4/4: \uFFFD,z ! it has characters that are damaged, or written otherwise than the rest; save the whole file as UTF-8"},
		{"another charset in some rows", "nimi,email\n\xc4ij\xe4 \xd6,x\nM\u00e4ki,y\n", "windows-1252, comma-separated", "nimi|email",
			"2/2: \u00c4ij\u00e4 \u00d6|x\n3/3: M\u00c3\u00a4ki,y ! it is written in UTF-8, and the rest of the file in windows-1252; save the whole file as UTF-8"},
		{"a zero byte", "a,email\n" + strings.Repeat("Aino,aino@x.example\n", 3) + "Ol\x00li,y\n", "UTF-8, comma-separated", "a|email",
			"2/2: Aino|aino@x.example\n3/3: Aino|aino@x.example\n4/4: Aino|aino@x.example\n5/5: Ol\uFFFDli,y ! it has a zero byte, as a damaged file has; export the file again"},
		{"a very long line", "a,email\n" + strings.Repeat("x", maxRow) + ",y\nok,z\n", "UTF-8, comma-separated", "a|email", "2/2: " + strings.Repeat("x", 200) + " ! it is longer than 1 MB\n3/3: ok|z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, got := read(t, c.data)
			if g := r.Guess().String(); g != c.guess || strings.Join(r.Head(), "|") != c.head || got != c.want {
				t.Errorf("got  %s, %q\n%q\nwant %s, %q\n%q", g, r.Head(), got, c.guess, c.head, c.want)
			}
		})
	}
}

// The first byte that is no ASCII may come late.
func TestCharsetLate(t *testing.T) {
	for name, c := range map[string]struct{ letter, charset string }{"UTF-8": {"ä", "UTF-8"}, "Windows": {"\xe4", "windows-1252"}} {
		for shift := range 4 { // the letter may be cut by a block
			data := "a,email\n" + strings.Repeat("0123456789,12345\n", 65536/17) + strings.Repeat("x", shift+60) + c.letter + ",y\n"
			r, got := read(t, data)
			if r.Guess().Charset != c.charset || !strings.HasSuffix(got, "xä|y") {
				t.Errorf("%s: %v, ends %q", name, r.Guess(), got[len(got)-10:])
			}
		}
	}
}

func TestNoTable(t *testing.T) {
	for data, want := range map[string]string{
		"": "no header row", "\n": "no header row", "PK\x03\x04\x00\x00": "save the sheet as CSV", "a\x00b\x00\x00\x00c": "not a text file", "\"a,b\nc": "cannot be read", "a,email," + strings.Repeat("x", maxRow): "longer than 1 MB",
	} {
		_, err := NewReader(strings.NewReader(data))
		if crm.KindOf(err) != crm.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestColumns(t *testing.T) {
	for head, want := range map[string]string{
		"Nimi|Sähköposti|Kaupunki":                  "name from Nimi; addresses from Sähköposti",
		"E-MAIL|First Name|LAST_NAME":               "first name from First Name; last name from LAST_NAME; addresses from E-MAIL",
		"address|e-mail":                            "addresses from e-mail",
		"Osoite|Kieli":                              "addresses from Osoite; language from Kieli",
		"E-mail 1 - Value|E-mail 2 - Value|Etunimi": "first name from Etunimi; addresses from E-mail 1 - Value, E-mail 2 - Value",
	} {
		titles := strings.Split(head, "|")
		c, err := ColumnsOf(titles)
		if got := c.Describe(titles); err != nil || got != want {
			t.Errorf("%s: %q, %v", head, got, err)
		}
	}
	for head, want := range map[string]string{"a|b": "the columns are: a, b", "Aino|a@x.example": "holds an address already"} {
		if _, err := ColumnsOf(strings.Split(head, "|")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", head, err)
		}
	}
}

// FuzzRead: any bytes are read to the end, each line is in one row, and what the
// standard library reads as CSV is read as the same cells.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\n\"x\ny\";2\n", "\xff\xfea\x00", "a\tb\n\"x\t1\n", "a,b\n\"x,1\n\"y\",2\n", "sep=|\na|b\n", "a,b\r\"\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		var rows [][]string
		line, clean := 1, true
		for {
			row, err := r.Next()
			if err != nil {
				break
			}
			if row.Line <= line-1 || row.Number < 2 {
				t.Fatalf("row %d at line %d after line %d", row.Number, row.Line, line)
			}
			line, clean = row.Line+1, clean && row.Problem == ""
			if len(row.Cells) > 0 {
				rows = append(rows, row.Cells)
			}
		}
		if !clean || r.lazy || r.guess.Charset != "UTF-8" || bytes.Contains(data, []byte("\r")) || bytes.HasPrefix(bytes.ToLower(data), []byte("sep=")) || bytes.HasPrefix(data, []byte("\ufeff")) {
			return
		}
		std := csv.NewReader(bytes.NewReader(data))
		std.Comma, std.FieldsPerRecord = r.guess.Delimiter, -1
		want, err := std.ReadAll()
		if err != nil {
			t.Fatalf("read without complaint, but %v", err)
		}
		want = slices.DeleteFunc(want[1:], func(c []string) bool { return len(c) == 1 && strings.TrimSpace(c[0]) == "" })
		rows = slices.DeleteFunc(rows, func(c []string) bool { return len(c) == 1 && strings.TrimSpace(c[0]) == "" })
		if fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", rows, want)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var data strings.Builder
	data.WriteString("Nimi;Sähköposti;Kaupunki;Tilaus\n")
	for i := range 10000 {
		fmt.Fprintf(&data, "Aino Puro;aino%d@asiakas.example;Hämeenlinna;\"2026/%d\"\n", i, i)
	}
	b.SetBytes(int64(data.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(strings.NewReader(data.String()))
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
