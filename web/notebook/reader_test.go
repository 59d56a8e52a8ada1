package notebook

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// opened is a PDF as a reader finds it: the text of each page, one line for each
// piece, and the least size of its letters.
type opened struct {
	pages    []string
	smallest float64
}

var (
	objectAt  = regexp.MustCompile(`(?s)(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj`)
	refIn     = regexp.MustCompile(`(\d+) 0 R`)
	contents  = regexp.MustCompile(`/Contents +(\d+) 0 R`)
	toUnicode = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	fontNamed = regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	mapped    = regexp.MustCompile(`<([0-9A-F]{4})><[0-9A-F]{4}><([0-9A-F]{4,})>`)
	shown     = regexp.MustCompile(`/F(\d+) ([\d.]+) Tf|\[<([0-9A-F]*)>\] TJ`)
)

// open reads a PDF by its objects (ISO 32000-1 §7.3, §9.10): what is drawn with
// glyphs is turned back into characters by the font's own map.
func open(t *testing.T, pdf []byte) (o opened) {
	t.Helper()
	objects := map[string]string{}
	for _, m := range objectAt.FindAllSubmatch(pdf, -1) {
		objects[string(m[1])] = string(m[2])
	}
	letters := map[string]map[string]rune{}
	for _, object := range objects {
		for _, f := range fontNamed.FindAllStringSubmatch(object, -1) {
			if of := toUnicode.FindStringSubmatch(objects[f[2]]); of != nil && letters[f[1]] == nil {
				letters[f[1]] = map[string]rune{}
				for _, m := range mapped.FindAllStringSubmatch(stream(t, objects[of[1]]), -1) {
					r, err := strconv.ParseUint(m[2], 16, 32)
					if err != nil {
						t.Fatal(err)
					}
					letters[f[1]][m[1]] = rune(r)
				}
			}
		}
	}
	var kids string
	for _, object := range objects {
		if strings.Contains(object, "/Type /Pages") {
			kids = object[strings.Index(object, "/Kids"):]
		}
	}
	o.smallest = 1e9
	for _, kid := range refIn.FindAllStringSubmatch(kids, -1) {
		of := contents.FindStringSubmatch(objects[kid[1]])
		if of == nil {
			continue
		}
		o.pages = append(o.pages, o.text(t, stream(t, objects[of[1]]), letters))
	}
	return o
}

func (o *opened) text(t *testing.T, drawn string, letters map[string]map[string]rune) string {
	t.Helper()
	var b strings.Builder
	font := ""
	for _, m := range shown.FindAllStringSubmatch(drawn, -1) {
		if m[1] != "" {
			size, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			font, o.smallest = m[1], min(o.smallest, size)
			continue
		}
		for i := 0; i+4 <= len(m[3]); i += 4 {
			r, ok := letters[font][m[3][i:i+4]]
			if !ok {
				t.Fatalf("font %s has no character for glyph %s", font, m[3][i:i+4])
			}
			b.WriteRune(r)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// stream gives the bytes of a stream, inflated when they are deflated.
func stream(t *testing.T, object string) string {
	t.Helper()
	at := strings.Index(object, "stream\n")
	if at < 0 {
		t.Fatalf("no stream: %s", hex.EncodeToString([]byte(object[:min(len(object), 40)])))
	}
	body := object[at+len("stream\n"):]
	if !strings.Contains(object[:at], "FlateDecode") {
		return body
	}
	r, err := zlib.NewReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil && err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	return string(text)
}
