package notebook

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// face names a font.
type face int

const (
	regular face = iota
	bold
)

// faces are the fonts by name, as they are embedded.
var faces = [...]struct {
	name string
	data []byte
}{{"regular", goregular.TTF}, {"bold", gobold.TTF}}

// fonts measure text. They are not for several goroutines at once.
type fonts struct {
	parsed [len(faces)]*sfnt.Font
	widths [len(faces)]map[rune]float64 // of a point; below 0: there is no glyph
	buffer sfnt.Buffer
	marked bool // some character was replaced
}

// parseFaces parses the fonts once.
var parseFaces = sync.OnceValues(func() (parsed [len(faces)]*sfnt.Font, err error) {
	for i, f := range faces {
		if parsed[i], err = sfnt.Parse(f.data); err != nil {
			return parsed, err
		}
	}
	return parsed, nil
})

func loadFonts() (*fonts, error) {
	parsed, err := parseFaces()
	f := &fonts{parsed: parsed}
	for i := range f.widths {
		f.widths[i] = map[rune]float64{}
	}
	return f, err
}

// width gives how far a character advances at one point; negative when the font
// has none.
func (f *fonts) width(in face, r rune) float64 {
	if w, ok := f.widths[in][r]; ok {
		return w
	}
	w, of := -1.0, f.parsed[in]
	if glyph, err := of.GlyphIndex(&f.buffer, r); err == nil && glyph != 0 {
		em := of.UnitsPerEm()
		if a, err := of.GlyphAdvance(&f.buffer, glyph, fixed.I(int(em)), font.HintingNone); err == nil {
			w = float64(a) / 64 / float64(em)
		}
	}
	f.widths[in][r] = w
	return w
}

// measure gives the width of a text in points.
func (f *fonts) measure(in face, size float64, text string) (w float64) {
	for _, r := range text {
		w += max(0, f.width(in, r))
	}
	return w * size
}

// likened are characters that are printed as another that says the same.
var likened = map[rune]rune{'\u202f': '\u00a0', '\u2009': ' ', '\u2011': '-', '\u2010': '-', '\u2212': '−'}

// legible gives a text as it can be printed: on one line, without what is not
// seen anyway, and with [Mark] for each character that the font lacks.
func (f *fonts) legible(in face, text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, string(Mark)))
	return strings.Map(func(r rune) rune {
		if like, ok := likened[r]; ok {
			r = like
		}
		switch {
		case r == '\u00a0':
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1 // steers what stands beside it, and is nothing by itself
		case f.width(in, r) < 0:
			f.marked = true
			return Mark
		}
		return r
	}, text)
}

// wrap breaks a text into lines of at most a width: between words, and within a
// word that is longer than a line.
func (f *fonts) wrap(in face, size float64, text string, width float64) (lines []string) {
	line, used := "", 0.0
	space := f.measure(in, size, " ")
	flush := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line, used = "", 0
	}
	for _, word := range strings.Fields(strings.ReplaceAll(f.legible(in, text), "\u00a0", "\ue000")) {
		word = strings.ReplaceAll(word, "\ue000", "\u00a0") // which is no place to break
		w := f.measure(in, size, word)
		if line != "" && used+space+w <= width {
			line, used = line+" "+word, used+space+w
			continue
		}
		for flush(); w > width; w = f.measure(in, size, word) {
			n := f.fitting(in, size, word, width)
			lines, word = append(lines, word[:n]), word[n:]
		}
		line, used = word, w
	}
	flush()
	return lines
}

// fitting gives how many bytes of a word fit a width, one character at least.
func (f *fonts) fitting(in face, size float64, word string, width float64) int {
	used := 0.0
	for i, r := range word {
		if used += max(0, f.width(in, r)) * size; used > width && i > 0 {
			return i
		}
	}
	return len(word)
}
