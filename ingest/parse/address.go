package parse

import (
	"strings"

	"kaveri/crm"

	"github.com/emersion/go-message/mail"
)

// parties reads one address field: as go-message does, or when it refuses or
// spoils something as addressList does.
func (h *header) parties(v string, limit int) []crm.Party {
	if ps, ok := strictParties(v, limit); ok {
		return ps
	}
	return addressList(h.clean(v), limit, h.def)
}

// strictParties reads an address list with go-message. A comment is not for it:
// its reader takes quadratic time for them.
func strictParties(v string, limit int) (ps []crm.Party, ok bool) {
	if strings.IndexByte(v, '(') >= 0 {
		return nil, false
	}
	list, err := mail.ParseAddressList(v)
	if err != nil || len(list) > limit {
		return nil, false
	}
	ps = make([]crm.Party, len(list))
	for i, a := range list {
		address, err := crm.ParseAddress(a.Address)
		if err != nil || !trusted(a.Name) || !strings.Contains(v, a.Address) {
			return nil, false
		}
		ps[i] = crm.Party{Name: strings.TrimSpace(a.Name), Address: address, Written: a.Address}
	}
	return ps, true
}

// addressList reads an address field (RFC 5322 §3.4) as mail programs write it.
// QUIRK: go-message loses the whole field over any of these: semicolons between addresses, commas in names
// without quotes, double dots, comments anywhere, groups, routes, addresses
// without brackets after a name, brackets that do not close.
//
// A party without a usable address is kept with what stands there as its name,
// so that a reader sees it; it has no Address. limit bounds the parties.
func addressList(s string, limit int, def *defects) []crm.Party {
	var ps []crm.Party
	var sc addressScanner
	for rest := s; rest != ""; {
		if limit <= len(ps) {
			def.add(defAddressCut)
			break
		}
		sc.reset()
		rest = sc.scan(rest)
		if sc.empty() {
			continue
		}
		// "Smith, Jr. <j@x>": a name cut in two by a bare comma.
		if !sc.angle && sc.ended == ',' && !strings.Contains(sc.bare(), "@") && !sc.group {
			var next addressScanner
			next.phrase = append(next.phrase[:0], sc.phrase...)
			next.comment = sc.comment
			if after := next.joined(rest); next.angle {
				sc, rest = next, after
			}
		}
		if p, ok := sc.party(def, limit > 1); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

// token is a piece of a phrase: an atom or a quoted string.
type token struct {
	text   string
	quoted bool
	space  bool // white space stood before it
}

// addressScanner reads one element of an address list.
type addressScanner struct {
	phrase  []token
	comment string
	addr    string // between angle brackets
	angle   bool   // there were angle brackets
	group   bool   // the element is only the name of a group
	ended   byte   // the separator it ended with, 0 at the end
}

func (sc *addressScanner) reset() { *sc = addressScanner{phrase: sc.phrase[:0]} }

func (sc *addressScanner) empty() bool {
	return sc.group || len(sc.phrase) == 0 && !sc.angle && sc.comment == ""
}

// joined scans on after a comma that belonged to the name.
func (sc *addressScanner) joined(s string) string {
	if n := len(sc.phrase); n > 0 {
		sc.phrase[n-1].text += ","
	}
	return sc.scan(s)
}

// scan reads up to the next separator and gives what follows it.
func (sc *addressScanner) scan(s string) string {
	space := false
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
			space = true
			i++
			continue
		case ',', ';':
			sc.ended = c
			return s[i+1:]
		case ':':
			// The name of a group (§3.4), unless it is part of an address.
			if !sc.angle && !strings.Contains(sc.bare(), "@") && !sc.isMailto() {
				sc.group = true
				sc.ended = ':'
				return s[i+1:]
			}
			sc.atom(":", space)
			i++
		case '(':
			text, rest, _ := cutComment(s[i:])
			if sc.comment == "" {
				sc.comment = strings.TrimSpace(unescape(text))
			}
			s, i = rest, 0
			space = true
			continue
		case '"':
			text, rest := quotedString(s[i+1:])
			sc.phrase = append(sc.phrase, token{text, true, space})
			s, i = rest, 0
		case '<':
			if sc.angle { // a second bracket: the last address wins
				sc.phrase = append(sc.phrase, token{sc.addr, false, true})
			}
			s, i = sc.angleAddr(s[i+1:]), 0
		case '>':
			i++
		default:
			n := atomLength(s[i:])
			sc.atom(s[i:i+n], space)
			i += n
		}
		space = false
	}
	return ""
}

// atomLength gives how far an atom goes, which begins s. An encoded word may hold
// what else separates (some programs leave commas in the Q encoding).
func atomLength(s string) int {
	i := 0
	for i < len(s) && strings.IndexByte(" \t\r\n,;:(\"<>", s[i]) < 0 {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		if strings.HasPrefix(s[i:], "=?") {
			if _, _, n, ok := encodedWord(s[i:]); ok {
				i += n
				continue
			}
		}
		i++
	}
	return min(i, len(s))
}

func (sc *addressScanner) atom(text string, space bool) {
	if n := len(sc.phrase); n > 0 && !space && !sc.phrase[n-1].quoted {
		sc.phrase[n-1].text += text
		return
	}
	sc.phrase = append(sc.phrase, token{text, false, space})
}

func (sc *addressScanner) isMailto() bool {
	n := len(sc.phrase)
	return n > 0 && strings.EqualFold(sc.phrase[n-1].text, "mailto")
}

// angleAddr reads an address up to its closing bracket.
func (sc *addressScanner) angleAddr(s string) string {
	sc.angle = true
	s = strings.TrimLeft(s, "< \t")
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '>':
			sc.addr = s[:i]
			return strings.TrimLeft(s[i+1:], ">")
		case c == '(':
			if text, rest, ok := cutComment(s[i:]); ok {
				if sc.comment == "" {
					sc.comment = strings.TrimSpace(unescape(text))
				}
				s = s[:i] + rest
				i--
			}
		case c == '<', (c == ',' || c == ';') && strings.IndexByte(s[:i], '@') > 0 && s[0] != '@' && unclosed(s[i:]):
			sc.addr = s[:i]
			return s[i:]
		}
	}
	// Never closed, perhaps because of a lone quote.
	end := strings.IndexAny(s, ">,;")
	if end < 0 {
		sc.addr = s
		return ""
	}
	sc.addr = s[:end]
	return strings.TrimLeft(s[end:], ">")
}

// unclosed reports that a new bracket opens before one closes.
func unclosed(s string) bool {
	i := strings.IndexAny(s, "<>")
	return i < 0 || s[i] == '<'
}

// quotedString reads up to the closing quote. When there is none the quote was
// a slip: the string ends before the bracket.
func quotedString(s string) (text, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return unescape(s[:i]), s[i+1:]
		}
	}
	if i := strings.IndexAny(s, "<,"); i >= 0 {
		return unescape(s[:i]), s[i:]
	}
	return unescape(s), ""
}

// unescape undoes quoted-pairs (RFC 5322 §3.2.1).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// bare gives the phrase as it is written, for an address without brackets.
func (sc *addressScanner) bare() string {
	if len(sc.phrase) == 1 && !sc.phrase[0].quoted {
		return sc.phrase[0].text
	}
	var b strings.Builder
	for i, t := range sc.phrase {
		if i > 0 && t.space {
			b.WriteByte(' ')
		}
		if t.quoted {
			b.WriteString(`"` + t.text + `"`)
		} else {
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// name gives the phrase as people read it.
func (sc *addressScanner) name(def *defects) string {
	if len(sc.phrase) == 0 {
		return ""
	}
	var b strings.Builder
	for i, t := range sc.phrase {
		if i > 0 && (t.space || t.quoted) {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// party makes the party of what was scanned. again allows to look for an
// address inside decoded words.
func (sc *addressScanner) party(def *defects, again bool) (crm.Party, bool) {
	name, written := "", ""
	if sc.angle {
		name, written = sc.name(def), sc.addr
		if strings.TrimSpace(written) == "" && strings.Contains(name, "@") { // "a@x <>"
			name, written = splitBare(sc.bare())
		}
	} else {
		name, written = splitBare(sc.bare())
		if written == "" {
			name = sc.name(def)
		}
	}
	if name == "" {
		name = sc.comment
	}
	name = headerString(name, def)
	if n := len(name); n > 2 && name[0] == '"' && name[n-1] == '"' && strings.Count(name, `"`) == 2 {
		name = strings.TrimSpace(name[1 : n-1]) // quotes inside an encoded word
	}
	written = cleanAddress(written)
	p := crm.Party{Name: name, Written: written}
	if written == "" {
		// The whole address in an encoded word.
		if again && strings.Contains(name, "@") {
			if in := addressList(name, 1, def); len(in) == 1 && in[0].Address != "" {
				return in[0], true
			}
		}
		def.add(defAddress)
		return p, name != ""
	}
	if strings.Contains(written, "=?") {
		p.Written = strings.Trim(headerString(written, def), "<>")
	}
	a, err := crm.ParseAddress(p.Written)
	if err != nil {
		def.add(defAddress)
	}
	p.Address = a
	if p.Address == "" && p.Name == "" {
		p.Name = p.Written
	}
	return p, p.Name != "" || p.Written != ""
}

// splitBare finds an address without brackets and the name before or after it.
func splitBare(s string) (name, addr string) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, ""
	}
	// White space around @ and dots is obsolete syntax (§4.4), not a separator.
	if strings.ContainsAny(s, " \t") {
		s = joinDots(s)
		at = strings.LastIndexByte(s, '@')
	}
	from := 0
	if strings.HasSuffix(s[:at], `"`) { // a quoted local part
		if q := strings.LastIndexByte(s[:at-1], '"'); q >= 0 {
			from = q
		}
	} else if sp := strings.LastIndexByte(s[:at], ' '); sp >= 0 {
		from = sp + 1
	}
	to := len(s)
	if sp := strings.IndexByte(s[at:], ' '); sp >= 0 {
		to = at + sp
	}
	return strings.TrimSpace(s[:from] + s[to:]), s[from:to]
}

func joinDots(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' || c == '\t' {
			j := i
			for j < len(s) && (s[j] == ' ' || s[j] == '\t') {
				j++
			}
			if j < len(s) && (s[j] == '@' || s[j] == '.') || len(b) > 0 && (b[len(b)-1] == '@' || b[len(b)-1] == '.' && strings.LastIndexByte(string(b), '@') >= 0) {
				i = j - 1
				continue
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// cleanAddress takes an obsolete route (§4.4), mailto: and white space off.
func cleanAddress(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "@") {
		if i := strings.LastIndexByte(s, ':'); i > 0 {
			s = s[i+1:]
		}
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
		if i := strings.IndexByte(s, '?'); i > 0 {
			s = s[:i]
		}
	}
	if strings.ContainsAny(s, " \t") && !strings.HasPrefix(s, `"`) {
		s = strings.Join(strings.Fields(s), "")
	}
	if n := len(s); n > 2 && s[0] == '\'' && s[n-1] == '\'' {
		s = s[1 : n-1]
	}
	return validText(strings.Trim(s, "<>"))
}

// maxDelivered bounds how many Delivered-To are read: each server on the way
// may add one, or several.
const maxDelivered = 20

// deliveredTo reads the recipients of the envelope, as servers note them for
// the mailbox (RFC 9228), the newest first.
func deliveredTo(h *header) []crm.Address {
	var out []crm.Address
	for _, v := range h.Values("Delivered-To") {
		for _, p := range h.parties(v, maxDelivered-len(out)) {
			if p.Address != "" {
				out = append(out, p.Address)
			}
		}
	}
	return out
}
