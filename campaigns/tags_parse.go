package campaigns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// node is a compiled stretch of a text: literal, or one of the tags.
type node struct {
	literal  string
	output   *output
	branches []branch // of an if; the last may have no condition
	loop     *loop
	link     crm.LinkNumber // whose clicks are counted; 0: no link
	hidden   bool           // the place for what nobody sees
}

// output prints a value.
type output struct {
	value    operand
	filters  []filterCall
	escape   escaper
	fallback bool // an empty value is meant to be empty
}

type branch struct {
	when *condition // nil: else
	then []node
}

// loop repeats its nodes for the items of a list.
type loop struct {
	list  int // the field's slot
	limit int
	body  []node
}

// compiler is one compilation. It goes on after an error, so that all are told.
type compiler struct {
	source    string
	context   Context
	line, col int // of the source's first byte in its file

	pieces []piece
	at     int // the next piece
	place  place
	depth  int
	errs   SyntaxErrors

	slots  map[string]int
	names  []string
	fields []Field
	known  []map[string]bool // fields that the enclosing ifs say have a value
	loops  []loopName

	linking linking
	links   []Link
	href    int // offset of the value of the last href
	bodyEnd int // offset of the last </body, 0 none
}

// loopName is the name of an enclosing for's item.
type loopName struct{ item, list string }

func compileAt(text string, as Context, line, col int) (*Text, error) {
	return compileLinked(text, as, line, col, linking{})
}

func compileLinked(text string, as Context, line, col int, l linking) (*Text, error) {
	c := &compiler{source: text, context: as, line: line, col: col, slots: map[string]int{}, linking: l}
	var nodes []node
	if len(text) > maxSource {
		c.fail(0, "the text is longer than %d bytes", maxSource)
	} else {
		c.pieces = c.split()
		nodes, _ = c.nodes("")
		c.ending()
	}
	if len(c.errs) > 0 {
		slices.SortStableFunc(c.errs, func(a, b *SyntaxError) int { return cmp.Or(a.Line-b.Line, a.Col-b.Col) })
		return nil, c.errs[:min(len(c.errs), maxErrors)]
	}
	return &Text{context: as, nodes: nodes, names: c.names, fields: c.fields, links: c.links, bodyEnd: c.bodyEnd, size: len(text)}, nil
}

// stray finds tags of other languages in literal text, which would go out as
// they are.
func (c *compiler) stray(p *piece) {
	if i := strings.Index(c.source[p.start:p.end], "{%"); i >= 0 {
		c.fail(p.start+i, "there is one kind of tag: write {{ if ... }}, {{ else }}, {{ endif }}, {{ for ... }}; as a text it is {{ \"{%%\" }}")
	}
}

// ending checks that HTML ends where text may end.
func (c *compiler) ending() {
	if c.context == HTML && len(c.errs) == 0 && c.place.state != inText {
		c.fail(len(c.source), "the HTML ends %s", c.place.where())
	}
}

// fail notes an error at an offset of the source.
func (c *compiler) fail(at int, format string, args ...any) {
	if len(c.errs) >= 2*maxErrors { // tags are read before blocks: some of each are kept
		return
	}
	line, col := c.position(at)
	begin := strings.LastIndexByte(c.source[:at], '\n') + 1
	source, _, _ := strings.Cut(c.source[begin:], "\n")
	if begin == 0 { // the rest of its line lies before the source, as of a Subject
		source = strings.Repeat(" ", c.col-1) + source
	}
	c.errs = append(c.errs, &SyntaxError{Line: line, Col: col, Text: fmt.Sprintf(format, args...), Source: strings.TrimRight(source, "\r")})
}

// position gives line and column of an offset.
func (c *compiler) position(at int) (line, col int) {
	before := c.source[:at]
	begin := strings.LastIndexByte(before, '\n') + 1
	col = utf8.RuneCountInString(before[begin:]) + 1
	if begin == 0 {
		col += c.col - 1
	}
	return c.line + strings.Count(before, "\n"), col
}

// nodes compiles up to the tag that ends the enclosing block, which it gives;
// within is the block's word, "" at the top.
func (c *compiler) nodes(within string) ([]node, *piece) {
	var out []node
	for c.at < len(c.pieces) {
		p := &c.pieces[c.at]
		c.at++
		if !p.tag {
			c.stray(p)
			out = append(out, c.literal(p)...)
			continue
		}
		switch word := p.keyword(); word {
		case "if":
			out = append(out, c.branches(p))
		case "for":
			out = append(out, c.loop(p))
		case "elsif", "else", "endif", "endfor":
			if ends(within, word) {
				return out, p
			}
			c.fail(p.start, "%s", misplaced(word, within))
		default:
			if n := c.output(p); n != nil {
				out = append(out, node{output: n})
			}
		}
	}
	return out, nil
}

// keyword gives the word that makes a tag a block's, "" for one that prints.
func (p *piece) keyword() string {
	if len(p.tokens) > 0 && p.tokens[0].kind == tokenWord && reserved[p.tokens[0].text] {
		return p.tokens[0].text
	}
	return ""
}

// reserved words are no names of fields.
var reserved = map[string]bool{"if": true, "elsif": true, "else": true, "endif": true, "for": true, "in": true, "limit": true, "endfor": true,
	"and": true, "or": true, "not": true, "contains": true}

// ends reports whether a word ends a block, or one of its branches.
func ends(block, word string) bool {
	switch block {
	case "if":
		return word == "elsif" || word == "else" || word == "endif"
	case "else":
		return word == "endif"
	case "for":
		return word == "endfor"
	}
	return false
}

func misplaced(word, within string) string {
	switch within {
	case "else":
		if word != "endfor" {
			return "after {{ else }} only {{ endif }} can come"
		}
		fallthrough
	case "if":
		return "{{ " + word + " }} stands within an if that has no {{ endif }} yet"
	case "for":
		return "{{ " + word + " }} stands within a for that has no {{ endfor }} yet"
	}
	if word == "endfor" {
		return "{{ endfor }} without a {{ for ... }} before it"
	}
	return "{{ " + word + " }} without an {{ if ... }} before it"
}

// literal gives a piece of literal text as it goes out, and follows it.
func (c *compiler) literal(p *piece) []node {
	s, start := c.source[p.start:p.end], p.start
	if i := c.at - 2; i >= 0 && c.alone(&c.pieces[i]) {
		_, s, _ = strings.Cut(s, "\n")
		start = p.end - len(s)
	}
	if c.at < len(c.pieces) && c.alone(&c.pieces[c.at]) {
		s = s[:strings.LastIndexByte(s, '\n')+1]
	}
	switch c.context {
	case Subject:
		s = oneLine(s)
	case HTML:
		return c.follow(s, start)
	}
	if s == "" {
		return nil
	}
	return []node{{literal: s}}
}

// alone reports a tag of a block with its line for itself: the line goes with
// the tag, or every if would leave an empty line.
func (c *compiler) alone(p *piece) bool {
	if c.context == Subject || !p.tag || p.keyword() == "" {
		return false
	}
	before := strings.TrimRight(c.source[:p.start], " \t")
	after := strings.TrimLeft(c.source[p.end:], " \t\r")
	return (before == "" || strings.HasSuffix(before, "\n")) && (after == "" || after[0] == '\n')
}

// oneLine unfolds a header field.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r", ""), "\n") {
		if i > 0 {
			line = " " + strings.TrimLeft(line, " \t")
		}
		b.WriteString(line)
	}
	return b.String()
}

// output compiles a tag that prints.
func (c *compiler) output(p *piece) *output {
	if p.broken {
		return nil
	}
	if len(p.tokens) == 0 {
		c.fail(p.start, "the tag is empty: write a field's name in it")
		return nil
	}
	e := &expression{c: c, tokens: p.tokens, end: p.end - 2}
	out := &output{}
	var ok bool
	if out.value, ok = e.operand(); !ok {
		return nil
	}
	if out.filters, ok = e.filters(); !ok {
		return nil
	}
	if !c.escaping(p, out) {
		return nil
	}
	c.fallback(out, p.tokens[0].at)
	return out
}

// escaping chooses how a tag that prints is escaped where it stands.
func (c *compiler) escaping(p *piece, out *output) bool {
	switch c.context {
	case Subject:
		out.escape = escapeSubject
	case Plain:
		out.escape = escapePlain
	case HTML:
		e, problem := c.place.escape()
		if problem != "" {
			c.fail(p.start, "%s", problem)
			return false
		}
		out.escape = e
		c.place = c.place.filled()
	}
	return true
}

// branches compiles an if up to its endif.
func (c *compiler) branches(open *piece) node {
	start, known := c.place, len(c.known)
	var n node
	var ends []place
	var ifTrue, ifFalse map[string]bool
	within, tag := "if", open
	for {
		b := branch{}
		if tag.keyword() == "else" {
			within, ifTrue = "else", nil
			c.bare(tag)
		} else {
			b.when, ifTrue, ifFalse = c.condition(tag)
		}
		c.known = append(c.known, ifTrue)
		c.place = start
		if !c.deeper(tag) {
			return n
		}
		var next *piece
		b.then, next = c.nodes(within)
		c.depth--
		c.known[len(c.known)-1] = ifFalse // in all branches that follow
		ends, n.branches = append(ends, c.place), append(n.branches, b)
		if next == nil {
			c.fail(open.start, "this if has no {{ endif }}")
			break
		}
		if tag = next; tag.keyword() == "endif" {
			c.bare(tag)
			break
		}
	}
	c.known = c.known[:known]
	if within != "else" {
		ends = append(ends, start) // where no condition holds nothing stands
	}
	c.meet(open, ends)
	return n
}

// meet goes on from where all branches have ended.
func (c *compiler) meet(open *piece, ends []place) {
	c.place = ends[0]
	if c.context != HTML || len(c.errs) > 0 {
		return
	}
	rest := c.source[c.pieces[c.at-1].end:]
	for _, end := range ends[1:] {
		joined, ok := join(c.place, end, rest)
		if !ok {
			c.fail(open.start, "the branches of this if end at different places: one %s, one %s; open and close tags and quotes within the same branch", c.place.where(), end.where())
			return
		}
		c.place = joined
	}
}

// bare checks a tag that is one word.
func (c *compiler) bare(p *piece) {
	if len(p.tokens) > 1 && !p.broken {
		c.fail(p.tokens[1].at, "nothing can stand behind %s in its tag", p.tokens[0].text)
	}
}

// deeper enters a block; too many within each other end the compilation.
func (c *compiler) deeper(p *piece) bool {
	if c.depth++; c.depth <= maxNesting {
		return true
	}
	c.fail(p.start, "more than %d blocks stand within each other", maxNesting)
	c.at = len(c.pieces)
	return false
}

// loop compiles a for up to its endfor.
func (c *compiler) loop(open *piece) node {
	l := &loop{limit: fewItems}
	name := c.loopHead(open, l)
	start := c.place
	if !c.deeper(open) {
		return node{}
	}
	c.loops = append(c.loops, name)
	var end *piece
	l.body, end = c.nodes("for")
	c.loops = c.loops[:len(c.loops)-1]
	c.depth--
	if end == nil {
		c.fail(open.start, "this for has no {{ endfor }}")
		return node{}
	}
	c.bare(end)
	if start.dash, c.place.dash = 0, 0; c.context == HTML && c.place != start && len(c.errs) == 0 {
		c.fail(open.start, "what this for repeats begins %s and ends %s; open and close tags and quotes within it", start.where(), c.place.where())
	}
	return node{loop: l}
}
