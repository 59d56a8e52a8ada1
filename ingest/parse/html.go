package parse

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// metaCharset finds the charset that an HTML part declares inside itself.
func metaCharset(b []byte) string {
	if isASCII(b) {
		return ""
	}
	head := bytes.ToLower(b[:min(len(b), 2048)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	v := bytes.TrimLeft(head[i+8:], `"' `)
	if j := bytes.IndexAny(v, "\"' />;\r\n"); j >= 0 {
		v = v[:j]
	}
	return string(v)
}

// htmlTextHints makes readable text of HTML: paragraphs and lists on their own
// lines, table cells apart, quotes marked with >, short link targets beside
// their text; scripts and styles dropped. It says too which parts of a mail the
// HTML marks.
func htmlTextHints(s string) (string, []hint) {
	w := textWriter{}
	w.out.Grow(len(s) / 3)
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.link()
			if w.within != 0 {
				w.endPart()
			}
			return w.trimmed()
		case html.TextToken:
			if w.skip == 0 {
				w.text(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attrs := z.TagName()
			w.start(atom.Lookup(name), z, attrs)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

// textWriter writes text with white space collapsed as a browser does.
type textWriter struct {
	out      strings.Builder
	newlines int  // line ends owed before the next word
	space    bool // a space is owed
	started  bool // a line has been begun
	skip     int  // inside an element whose text is not shown
	skipping atom.Atom
	pre      int
	quote    int
	lists    []int // counters of the open lists, -1 for bullets
	href     string
	linkFrom int    // where the text of the link starts
	blocks   []bool // of the open blockquotes: those that are quotes
	hints    []hint
	part     hint      // the part of a mail that is open
	within   atom.Atom // its element, 0 when none is open
	depth    int       // elements of the same name inside it
}

// trimmed gives what was written, without white space around it.
func (w *textWriter) trimmed() (string, []hint) {
	s := w.out.String()
	cut := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	for i := range w.hints {
		w.hints[i].from -= cut
		w.hints[i].to -= cut
	}
	return strings.TrimSpace(s), w.hints
}

func (w *textWriter) block(n int) {
	if w.started && w.newlines < n {
		w.newlines = n
	}
	w.space = false
}

func (w *textWriter) breakLine() {
	if w.started {
		w.newlines++
	}
	w.space = false
}

// flush writes the white space that is owed.
func (w *textWriter) flush() {
	if w.newlines > 0 || !w.started {
		for range min(w.newlines, 2) {
			w.out.WriteByte('\n')
			if w.quote > 0 && w.newlines > 1 {
				w.mark()
				w.newlines--
			}
		}
		w.mark()
		if w.quote > 0 {
			w.out.WriteByte(' ')
		}
		w.newlines = 0
	} else if w.space {
		w.out.WriteByte(' ')
	}
	w.space, w.started = false, true
}

func (w *textWriter) mark() {
	for range min(w.quote, 20) {
		w.out.WriteByte('>')
	}
}

func (w *textWriter) text(b []byte) {
	if w.pre > 0 {
		w.preformatted(string(b))
		return
	}
	for i := 0; i < len(b); {
		c := b[i]
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' {
			w.space = w.space || w.started && w.newlines == 0
			i++
			continue
		}
		j := i // a run of words with one space between them goes in one piece
		for j < len(b) && (b[j] > ' ' || b[j] == ' ' && j > i && j+1 < len(b) && b[j+1] > ' ') {
			j++
		}
		if j == i { // another control character
			i++
			continue
		}
		w.word(b[i:j])
		i = j
	}
}

func (w *textWriter) word(b []byte) {
	if isASCII(b) {
		w.flush()
		w.out.Write(b)
		return
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == ' ' || r == 0xa0 || r == 0x3000 || r >= 0x1680 && unicode.Is(unicode.Zs, r):
			w.space = w.space || w.started && w.newlines == 0
		case r == 0x200b || r == 0xfeff || r == 0x34f || r == 0xad || r == 0x2060:
			// Invisible: fillers of newsletter previews.
		default:
			if w.space || w.newlines > 0 || !w.started {
				w.flush()
			}
			w.out.Write(b[i : i+n])
		}
		i += n
	}
}

func (w *textWriter) preformatted(s string) {
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			w.breakLine()
		}
		if line = strings.TrimRight(line, "\r"); line != "" {
			w.flush()
			w.out.WriteString(line)
		}
	}
}

func (w *textWriter) start(a atom.Atom, z *html.Tokenizer, attrs bool) {
	if w.skip > 0 {
		if a == w.skipping {
			w.skip++
		}
		return
	}
	if a == w.within && a != 0 {
		w.depth++
	}
	var e element
	var room [64]byte
	switch a {
	case atom.Div, atom.Blockquote, atom.Hr, atom.Span, atom.Section, atom.Pre:
		e = elementOf(z, attrs, room[:0])
		w.mailPart(a, &e)
	}
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript, atom.Svg, atom.Select, atom.Object:
		w.skip, w.skipping = 1, a
	case atom.Br:
		w.breakLine()
	case atom.Hr:
		w.block(2)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.block(2)
	case atom.Div, atom.Table, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Body, atom.Caption, atom.Main, atom.Aside, atom.Nav, atom.Figure:
		w.block(1)
	case atom.Td, atom.Th:
		w.cell()
	case atom.Pre:
		w.block(1)
		w.pre++
	case atom.Blockquote:
		w.openBlockquote(&e)
	case atom.Ul:
		w.block(1)
		w.lists = append(w.lists, -1)
	case atom.Ol:
		w.block(1)
		w.lists = append(w.lists, 0)
	case atom.Li:
		w.item()
	case atom.A:
		w.link()
		if href := attribute(z, attrs, "href"); wantedLink(href) {
			w.href, w.linkFrom = href, w.out.Len()
		}
	case atom.Img:
		if alt := strings.TrimSpace(attribute(z, attrs, "alt")); alt != "" && len(alt) < 200 && !isFileName(alt) {
			w.text([]byte(" [" + alt + "] "))
		}
	}
}

// openBlockquote begins a quote. QUIRK: Gmail keeps the whole quote in a div
// with the line that introduces it, and answers between are in it too: when it
// has blockquotes only what is before the first one is known to be no answer.
func (w *textWriter) openBlockquote(e *element) {
	quote := !e.indents()
	if w.within == atom.Div && w.part.kind == lineQuote {
		w.part.kind = lineHead
		w.endPart()
	}
	w.block(1)
	w.blocks = append(w.blocks, quote)
	if quote {
		w.quote++
	}
}

func (w *textWriter) closeBlockquote() {
	w.block(1)
	if n := len(w.blocks); n > 0 {
		if w.blocks[n-1] {
			w.quote--
		}
		w.blocks = w.blocks[:n-1]
	}
}

// cell keeps table cells apart on their line.
func (w *textWriter) cell() {
	if w.started && w.newlines == 0 {
		w.space = true
	}
}

func (w *textWriter) item() {
	w.block(1)
	mark := "- "
	if n := len(w.lists); n > 0 && w.lists[n-1] >= 0 {
		w.lists[n-1]++
		mark = strconv.Itoa(w.lists[n-1]) + ". "
	}
	w.flush()
	for range max(0, min(len(w.lists), 10)-1) {
		w.out.WriteString("  ")
	}
	w.out.WriteString(mark)
}

func (w *textWriter) end(a atom.Atom) {
	if w.skip > 0 {
		if a == w.skipping {
			w.skip--
		}
		return
	}
	if a == w.within && a != 0 {
		if w.depth--; w.depth < 0 {
			w.endPart()
		}
	}
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.block(2)
	case atom.Div, atom.Table, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center, atom.Dt, atom.Dd, atom.Li, atom.Caption:
		w.block(1)
	case atom.Td, atom.Th:
		w.cell()
	case atom.Pre:
		w.block(1)
		w.pre = max(0, w.pre-1)
	case atom.Blockquote:
		w.closeBlockquote()
	case atom.Ul, atom.Ol:
		w.block(1)
		if n := len(w.lists); n > 0 {
			w.lists = w.lists[:n-1]
		}
	case atom.A:
		w.link()
	}
}

// link writes the target of the link that ends here, unless its text is the
// target.
func (w *textWriter) link() {
	href := w.href
	w.href = ""
	if href == "" || w.out.Len() <= w.linkFrom {
		return
	}
	shown := strings.TrimSpace(w.out.String()[w.linkFrom:])
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(href, "https://"), "http://"), "mailto:"), "tel:"), "/")
	if shown == "" || strings.Contains(shown, bare) {
		return
	}
	w.out.WriteString(" <" + href + ">")
}

// maxLink bounds the link targets that are written out: longer ones are
// tracking links, of no use to a reader.
const maxLink = 100

func wantedLink(href string) bool {
	return len(href) <= maxLink && (strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "mailto:")) &&
		strings.IndexFunc(href, func(r rune) bool { return r <= ' ' || r == 0x7f || r == unicode.ReplacementChar }) < 0
}

// isFileName reports the alt texts that programs make of file names.
func isFileName(s string) bool {
	i := strings.LastIndexByte(s, '.')
	return i > 0 && len(s)-i >= 4 && len(s)-i <= 5 && strings.IndexByte(s, ' ') < 0
}

func attribute(z *html.Tokenizer, more bool, name string) string {
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if string(k) == name {
			return string(v)
		}
	}
	return ""
}
