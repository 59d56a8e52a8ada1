package campaigns

import "strings"

// urlPart is where in the URL of an attribute a byte of the source stands.
type urlPart int

const (
	urlNone      urlPart = iota // no URL
	urlStart                    // nothing of it yet
	urlScheme                   // its first letters
	urlAuthority                // https:// and a part of the host
	urlPath
	urlQuery   // behind ? or #
	urlMailbox // behind mailto:
	urlOther   // of no scheme that data may stand in
)

// urlAttributes hold addresses that a click or a look at the mail opens.
var urlAttributes = []string{"href", "src", "background", "action", "formaction", "poster", "cite", "data", "longdesc", "lowsrc", "dynsrc", "usemap", "codebase", "xlink:href"}

// settled reports a URL whose scheme is known and good.
func (u urlPart) settled() bool { return u >= urlAuthority && u <= urlMailbox }

// follow takes a byte of an attribute's value.
func (p *place) follow(c byte) {
	switch p.url {
	case urlStart, urlScheme:
		p.scheme(c)
	case urlAuthority:
		// https: and two slashes, then the host up to the next one.
		switch {
		case c == '/' && len(p.lead) < 2:
			p.lead += "/"
		case c == '/':
			p.url = urlPath
		case c == '?', c == '#':
			p.url = urlQuery
		}
	case urlPath, urlMailbox:
		if c == '?' || c == '#' {
			p.url = urlQuery
		}
	}
}

// scheme takes a byte before the first colon.
func (p *place) scheme(c byte) {
	switch {
	case p.lead == "" && space(c):
	case p.lead == "" && c == '#':
		p.url = urlQuery
	case c == ':':
		switch p.lead {
		case "http", "https":
			p.url, p.lead = urlAuthority, ""
		case "mailto":
			p.url = urlMailbox
		case "tel", "sms":
			p.url = urlQuery
		default:
			p.url = urlOther
		}
	case isLetter(c) && len(p.lead) < 10:
		p.url, p.lead = urlScheme, p.lead+string(lower(c))
	default:
		p.url = urlOther
	}
}

// escapeURL is escape inside a URL.
func (p *place) escapeURL() (escaper, string) {
	switch p.url {
	case urlStart:
		return escapeLink, ""
	case urlPath:
		return escapePath, ""
	case urlMailbox:
		return escapeMailbox, ""
	case urlAuthority, urlQuery:
		return escapeQuery, ""
	}
	return 0, "before a field, the address in " + p.attr + " must begin with https://, http:// or mailto:, or with the field itself"
}

// linkSchemes are what an address that comes from data may begin with: no
// other has business in a mail, and javascript: or data: run what they hold.
var linkSchemes = []string{"https://", "http://", "mailto:"}

// goodLink reports whether data can be a whole address.
func goodLink(s string) bool {
	for _, scheme := range linkSchemes {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}
