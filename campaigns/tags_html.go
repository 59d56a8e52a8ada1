package campaigns

import (
	"slices"
	"strings"
)

// place is where in HTML a byte of the source stands: the part of the HTML
// tokenizer that escaping hangs on. The zero value is ordinary text.
type place struct {
	state state
	quote byte   // that ends the attribute's value
	elem  string // the element whose tag, or whose raw text, it is in
	attr  string // the attribute it is in
	url   urlPart
	lead  string // a URL's first bytes, until its scheme is known
	dash  int    // a comment's last dashes
	cond  bool   // within a conditional comment, which Outlook reads as HTML
}

type state int

const (
	inText        state = iota
	inOpen              // behind <
	inTagName           // <a
	inEndTag            // </a ... up to >
	inTag               // between attributes
	inAttrName          // <a hr
	afterAttrName       // <a href , before a possible =
	beforeValue         // <a href=
	inValue             // <a href="...
	inUnquoted          // <a href=...
	inDeclaration       // <!doctype or <? up to >
	inComment
	inRaw // the text of <style>, <script>, <title> ... up to its end tag
)

// rawElements hold text that is not read as HTML. In title and textarea
// character references still count, so data can be escaped there.
var rawElements = []string{"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"}

// jump says how many bytes of s change nothing, for speed and for what is told
// by more than one byte.
func (p *place) jump(s string) int {
	switch p.state {
	case inText:
		n := strings.IndexByte(s, '<')
		if n < 0 {
			return len(s)
		}
		return n
	case inRaw:
		end := "</" + p.elem
		for n := 0; n+len(end) <= len(s); n++ {
			if strings.EqualFold(s[n:n+len(end)], end) {
				*p = place{cond: p.cond}
				return n
			}
		}
		return len(s)
	}
	return 0
}

// step takes the byte c; rest begins with it.
func (p *place) step(c byte, rest string) {
	switch p.state {
	case inText:
		p.state, p.elem = inOpen, ""
	case inOpen:
		p.open(c, rest)
	case inTagName:
		p.name(c)
	case inEndTag, inDeclaration:
		if c == '>' {
			*p = place{cond: p.cond}
		}
	case inTag, inAttrName, afterAttrName, beforeValue:
		p.attribute(c)
	case inValue:
		if c == p.quote {
			p.endValue()
			return
		}
		p.follow(c)
	case inUnquoted:
		switch {
		case c == '>':
			p.endTag()
		case space(c):
			p.endValue()
		}
	case inComment:
		p.comment(c)
	}
}

// open decides what a < begins.
func (p *place) open(c byte, rest string) {
	switch {
	case isLetter(c):
		p.state, p.elem = inTagName, string(lower(c))
	case c == '/':
		p.state = inEndTag
	case strings.HasPrefix(rest, "!--[if"):
		// Outlook reads what follows as HTML, everybody else as a comment; its
		// own tags have a place, so it is followed as HTML.
		p.state, p.cond = inDeclaration, true
	case strings.HasPrefix(rest, "![endif"):
		p.state, p.cond = inDeclaration, false
	case strings.HasPrefix(rest, "!--"):
		p.state, p.dash = inComment, -2 // the dashes of the opening come first
		p.cond = p.cond && !strings.HasPrefix(rest, "!--<![endif")
	case c == '!', c == '?':
		p.state = inDeclaration
	case c == '<':
	default:
		p.state = inText
	}
}

func (p *place) name(c byte) {
	switch {
	case c == '>':
		p.endTag()
	case space(c), c == '/':
		p.state = inTag
	case len(p.elem) < 20:
		p.elem += string(lower(c))
	}
}

// attribute is what stands between a tag's name and the value of an attribute.
func (p *place) attribute(c byte) {
	switch {
	case c == '>':
		p.endTag()
	case p.state == beforeValue && (c == '"' || c == '\''):
		p.state, p.quote = inValue, c
		p.url, p.lead = urlNone, ""
		if slices.Contains(urlAttributes, p.attr) {
			p.url = urlStart
		}
	case space(c):
		if p.state == inAttrName {
			p.state = afterAttrName
		}
	case p.state == beforeValue:
		p.state = inUnquoted
	case c == '=' && p.attr != "":
		p.state = beforeValue
	case c == '/':
		p.state, p.attr = inTag, ""
	case p.state == inAttrName:
		if len(p.attr) < 40 {
			p.attr += string(lower(c))
		}
	default:
		p.state, p.attr = inAttrName, string(lower(c))
	}
}

func (p *place) endValue() { *p = place{state: inTag, elem: p.elem, cond: p.cond} }

// endTag is the > of an opening tag.
func (p *place) endTag() {
	elem := p.elem
	*p = place{cond: p.cond}
	if slices.Contains(rawElements, elem) {
		p.state, p.elem = inRaw, elem
	}
}

func (p *place) comment(c byte) {
	switch {
	case p.dash == -1: // <!--> is a whole comment
		p.dash = 2
	case p.dash < 0:
		p.dash++
	case c == '>' && p.dash >= 2:
		*p = place{cond: p.cond}
	case c == '-':
		p.dash = min(p.dash+1, 2)
	case c == '!' && p.dash >= 2: // --!> ends a comment too
	default:
		p.dash = 0
	}
}

func space(c byte) bool    { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
func isLetter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// escape gives how data is escaped at a place, or why none may stand there.
func (p *place) escape() (e escaper, problem string) {
	switch p.state {
	case inText, inComment:
		e = escapeHTML
	case inRaw:
		if p.elem != "title" && p.elem != "textarea" {
			return 0, "a field cannot stand inside <" + p.elem + ">"
		}
		e = escapeHTML
	case inValue:
		return p.escapeValue()
	case beforeValue, inUnquoted:
		return 0, "put quotes around the value of " + p.attr + ", then a field can stand in it"
	case inOpen, inTagName, inEndTag, inTag, inAttrName, afterAttrName:
		return 0, "a field cannot stand inside an HTML tag, except in quotes as the value of an attribute"
	default:
		return 0, "a field cannot stand inside <! >"
	}
	if p.cond {
		e = escapeComment
	}
	return e, ""
}

// escapeValue is escape inside the quotes of an attribute.
func (p *place) escapeValue() (escaper, string) {
	switch {
	case p.attr == "style", strings.HasPrefix(p.attr, "on"), strings.HasSuffix(p.attr, "srcset"), p.attr == "srcdoc", p.attr == "ping",
		p.attr == "content" && p.elem == "meta":
		return 0, "a field cannot stand inside " + p.attr + `="..."; choose with if between texts that you write`
	case p.url != urlNone:
		return p.escapeURL()
	case p.cond:
		return escapeComment, ""
	}
	return escapeHTML, ""
}

// filled gives the place behind data that was printed at p.
func (p place) filled() place {
	p.dash = 0
	if p.url == urlStart {
		p.url = urlPath // the value is an address with scheme and host
	}
	return p
}

// join gives the place at which two branches meet; rest is the source behind
// them. Within a URL it is enough that both are past the scheme: what follows is
// then escaped the strict way. Within a tag one branch may hold an attribute and
// the other none, unless a value follows: whose it is would be unknown.
func join(a, b place, rest string) (place, bool) {
	a.lead, b.lead, a.dash, b.dash = "", "", 0, 0
	if a.url.settled() && b.url.settled() && a.url != b.url {
		a.url, b.url = urlQuery, urlQuery
	}
	if a != b && a.betweenAttributes() && b.betweenAttributes() {
		next := strings.TrimLeft(rest, " \t\r\n\f")
		if next == "" || next[0] != '>' && next[0] != '/' && (len(next) == len(rest) || next[0] == '=' || next[0] == '{') {
			return a, false
		}
		a.state, b.state, a.attr, b.attr = inTag, inTag, "", ""
	}
	return a, a == b
}

func (p *place) betweenAttributes() bool {
	return p.state == inTag || p.state == inAttrName || p.state == afterAttrName
}

// where names a place for people.
func (p *place) where() string {
	switch p.state {
	case inText:
		return "in the text"
	case inComment:
		return "in a comment"
	case inValue, inUnquoted, beforeValue:
		return "in the value of " + p.attr
	case inRaw:
		return "inside <" + p.elem + ">"
	case inTagName:
		return "in the name of a tag"
	}
	return "inside a tag"
}
