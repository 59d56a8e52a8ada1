package campaigns

import (
	"html"
	"slices"
	"strings"

	"kaveri/crm"
)

// Link is a link of an HTML text that leads elsewhere.
type Link struct {
	URL  string // as [crm.ParseLink] gives it; of one that is left as it is, what its author wrote
	Line int    // in the file
	Col  int    // in characters, from 1
	// Left is why clicks of it cannot be counted, one sentence; "" when they can.
	Left string
}

// Why a link is left as it is.
const (
	leftTag     = "its address has a tag: it is not the same for everybody, and a click leads to stored addresses only"
	leftUnclear = "its address is not one that a click can lead to"
	leftBare    = "its address stands without quotes"
)

// linking says what is made of the links of a text.
type linking struct {
	numbers map[string]crm.LinkNumber // of the links whose clicks are counted
	hidden  int                       // offset of the place for what nobody sees; 0: there is none
}

// follow walks literal HTML, notes its links, and gives the nodes that it makes.
// start is its offset in the source.
func (c *compiler) follow(s string, start int) []node {
	var out []node
	done := 0 // up to here s stands in out
	cut := func(at int, n node) {
		if at > done {
			out = append(out, node{literal: s[done:at]})
		}
		out = append(out, n)
		done = at
	}
	p := &c.place
	for i := 0; i < len(s); i++ {
		if i += p.jump(s[i:]); i >= len(s) {
			break
		}
		if p.state == inText && !p.cond && c.depth == 0 && len(s)-i > 6 && strings.EqualFold(s[i:i+6], "</body") {
			c.bodyEnd = start + i
		}
		if c.linking.hidden > 0 && start+i == c.linking.hidden {
			cut(i, node{hidden: true})
		}
		was := p.state
		href := p.href()
		p.step(s[i], s[i:])
		switch {
		case href && was == beforeValue && p.state == inUnquoted:
			c.bareLink(s, i, start)
		case was != inValue && p.state == inValue && p.href():
			c.href = start + i + 1
		case was == inValue && p.state != inValue && href:
			if n := c.endLink(start + i); n > 0 {
				at := c.href - start
				cut(at, node{link: n})
				done = i
			}
		}
	}
	if done < len(s) {
		out = append(out, node{literal: s[done:]})
	}
	return out
}

// href reports the value of an attribute that a click follows: of a link, an
// area of a picture, and the buttons that Outlook draws.
func (p *place) href() bool {
	return p.attr == "href" && (p.elem == "a" || p.elem == "area" || strings.HasPrefix(p.elem, "v:"))
}

// endLink notes the link whose value ends at an offset of the source, and gives
// its number, 0 when it is left as it is.
func (c *compiler) endLink(end int) crm.LinkNumber {
	written := c.source[c.href:end]
	link := Link{URL: strings.TrimSpace(html.UnescapeString(written))}
	link.Line, link.Col = c.position(c.href)
	scheme, _, _ := strings.Cut(strings.ToLower(link.URL), "://")
	switch {
	case strings.Contains(written, "{{"):
		if c.ours(written) {
			return 0
		}
		link.URL, link.Left = strings.TrimSpace(written), leftTag
	case scheme != "http" && scheme != "https":
		return 0 // another program follows it, or it stays within the mail
	default:
		url, err := crm.ParseLink(link.URL)
		if err != nil {
			link.Left = leftUnclear
			break
		}
		link.URL = url
	}
	c.links = append(c.links, link)
	if link.Left != "" {
		return 0
	}
	return c.linking.numbers[link.URL]
}

// ours reports a value that is one tag, with a link that we give.
func (c *compiler) ours(written string) bool {
	for _, p := range c.pieces {
		if p.tag && !p.broken && len(p.tokens) == 1 && c.source[p.start:p.end] == strings.TrimSpace(written) {
			return OwnLink(p.tokens[0].text)
		}
	}
	return false
}

// bareLink notes a link without quotes, which begins at i.
func (c *compiler) bareLink(s string, i, start int) {
	end := i + strings.IndexAny(s[i:]+" ", " \t\r\n>")
	if l := strings.ToLower(s[i:end]); strings.HasPrefix(l, "http://") || strings.HasPrefix(l, "https://") {
		link := Link{URL: s[i:end], Left: leftBare}
		link.Line, link.Col = c.position(start + i)
		c.links = append(c.links, link)
	}
}

// Links gives the links of an HTML text that lead elsewhere, in their order.
func (t *Text) Links() []Link { return t.links }

// CountedLinks gives where the links of a template lead whose clicks can be
// counted, each once, in the order of [crm.Mailing.Links]. base is the public
// address: what lies there is counted by itself. A text that does not compile
// has none.
func CountedLinks(t crm.Template, base string) []string {
	text, err := Compile(t.HTML, HTML)
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range text.links {
		if l.Left == "" && !under(l.URL, base) && !slices.Contains(out, l.URL) {
			out = append(out, l.URL)
		}
	}
	return out
}

// under reports an address that lies below the public one.
func under(url, base string) bool {
	base = strings.TrimRight(base, "/")
	return base != "" && (url == base || strings.HasPrefix(url, base+"/"))
}

// mailLinks makes the addresses of one mail that its recipient does not see.
type mailLinks struct {
	crm.PublicLinks
	dispatch crm.DispatchID
	trap     bool // there is a link that only machines follow
	picture  bool // there is a picture that tells when it is fetched
}

// append writes the address that leads to a link.
func (l *mailLinks) append(out []byte, n crm.LinkNumber) []byte {
	return append(out, l.Click(l.dispatch, n)...)
}

// hidden writes what nobody sees. Eyes, screen readers and the keyboard pass the
// trap by: who opens it is a machine that opens everything.
func (l *mailLinks) hidden(out []byte) []byte {
	if l.trap {
		out = append(out, `<div style="display:none" aria-hidden="true"><a href="`...)
		out = append(out, l.Trap(l.dispatch)...)
		out = append(out, `" tabindex="-1" rel="nofollow"></a></div>`...)
	}
	if l.picture {
		out = append(out, `<img src="`...)
		out = append(out, l.Open(l.dispatch)...)
		out = append(out, `" alt="" width="1" height="1" style="border:0">`...)
	}
	return out
}
