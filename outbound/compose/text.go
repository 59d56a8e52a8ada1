package compose

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text gives the plain text of an HTML mail: paragraphs, lists and the
// addresses of links, without what is hidden. A renderer of many mails calls it
// once, on the template.
func Text(source string) string {
	t := textWriter{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return t.end()
		case html.TextToken:
			t.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t.open(z.Token())
		case html.EndTagToken:
			t.close(z.Token())
		}
	}
}

func (t *textWriter) end() string {
	s := strings.TrimRight(t.b.String(), " \n")
	if s == "" {
		return ""
	}
	return s + "\n"
}

// textWriter is the text so far.
type textWriter struct {
	b       strings.Builder
	newline int       // line breaks owed before the next word
	space   bool      // a space is owed
	skip    []skipped // elements within what is not shown
	pre     int       // depth of pre
	links   []link
}

// skipped is an element that is not shown, with the depth of elements of its
// name within.
type skipped struct {
	tag   atom.Atom
	depth int
}

type link struct {
	href string
	from int // where its text begins
}

// breaks says how many line breaks stand around an element.
var breaks = map[atom.Atom]int{
	atom.P: 2, atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Ul: 2, atom.Ol: 2, atom.Table: 2, atom.Blockquote: 2, atom.Pre: 2, atom.Hr: 2,
	atom.Div: 1, atom.Li: 1, atom.Tr: 1, atom.Section: 1, atom.Article: 1, atom.Header: 1, atom.Footer: 1, atom.Center: 1, atom.Dt: 1, atom.Dd: 1,
}

var hidden = map[atom.Atom]bool{atom.Head: true, atom.Title: true, atom.Style: true, atom.Script: true, atom.Template: true, atom.Noscript: true, atom.Svg: true}

// void elements have no end.
var void = map[atom.Atom]bool{atom.Br: true, atom.Img: true, atom.Hr: true, atom.Meta: true, atom.Link: true, atom.Input: true, atom.Col: true, atom.Wbr: true, atom.Area: true, atom.Base: true, atom.Source: true}

func (t *textWriter) open(k html.Token) {
	if n := len(t.skip); n > 0 {
		top := &t.skip[n-1]
		if k.DataAtom != top.tag || k.Type != html.StartTagToken {
			return
		}
		if k.DataAtom != atom.P { // a paragraph ends where the next begins
			top.depth++
			return
		}
		t.skip = t.skip[:n-1]
	}
	if (hidden[k.DataAtom] || concealed(k)) && !void[k.DataAtom] && k.Type == html.StartTagToken {
		t.skip = append(t.skip, skipped{k.DataAtom, 1})
		return
	}
	t.owe(breaks[k.DataAtom])
	switch k.DataAtom {
	case atom.Br:
		t.newline++
	case atom.Pre:
		t.pre++
	case atom.Li:
		t.word("- ")
	case atom.Hr:
		t.word("--------")
		t.owe(2)
	case atom.Td, atom.Th:
		t.space = true
	case atom.Img:
		t.text(attr(k, "alt"))
		t.space = true
	case atom.A:
		t.links = append(t.links, link{attr(k, "href"), t.b.Len()})
	}
}

func (t *textWriter) close(k html.Token) {
	if n := len(t.skip); n > 0 {
		if k.DataAtom == t.skip[n-1].tag {
			if t.skip[n-1].depth--; t.skip[n-1].depth == 0 {
				t.skip = t.skip[:n-1]
			}
		}
		return
	}
	switch k.DataAtom {
	case atom.Pre:
		t.pre = max(t.pre-1, 0)
	case atom.A:
		t.endLink()
	}
	t.owe(breaks[k.DataAtom])
}

// endLink writes a link's address behind its text, where that is not the
// address itself.
func (t *textWriter) endLink() {
	if len(t.links) == 0 {
		return
	}
	l := t.links[len(t.links)-1]
	t.links = t.links[:len(t.links)-1]
	shown := strings.TrimSpace(t.b.String()[l.from:])
	bare := strings.TrimPrefix(strings.TrimPrefix(l.href, "mailto:"), "https://")
	if l.href == "" || l.href[0] == '#' || strings.Trim(shown, "/") == strings.Trim(bare, "/") || shown == l.href {
		return
	}
	t.space = t.space || shown != ""
	t.word("<" + l.href + ">")
}

// concealed reports an element that mail programs do not show, such as the
// preview line of newsletters.
func concealed(k html.Token) bool {
	style := strings.ReplaceAll(strings.ToLower(attr(k, "style")), " ", "")
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

func attr(k html.Token, name string) string {
	for _, a := range k.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func (t *textWriter) owe(n int) { t.newline = max(t.newline, n) }

// text writes text with its white space collapsed, but within pre.
func (t *textWriter) text(s string) {
	if len(t.skip) > 0 || s == "" {
		return
	}
	if t.pre > 0 {
		t.word(strings.ReplaceAll(s, "\r\n", "\n"))
		return
	}
	words := strings.Trim(s, white)
	if words == "" || words[0] != s[0] {
		t.space = true
	}
	if words == "" {
		return
	}
	if strings.Contains(words, "  ") || strings.ContainsAny(words, white[1:]) {
		words = strings.Join(strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(white, r) }), " ")
	}
	t.word(words)
	t.space = strings.IndexByte(white, s[len(s)-1]) >= 0
}

// white is white space as HTML has it; a no-break space is none.
const white = " \t\n\r\f"

// word writes what is owed, and s.
func (t *textWriter) word(s string) {
	switch {
	case t.b.Len() == 0:
	case t.newline > 0:
		t.b.WriteString(strings.Repeat("\n", min(t.newline, 2)))
	case t.space:
		t.b.WriteByte(' ')
	}
	t.newline, t.space = 0, false
	t.b.WriteString(s)
}
