package bounce

import (
	"strings"

	"kaveri/crm"
)

// place is an address in a line.
type place struct {
	address    string
	start, end int // with its brackets
	bracketed  bool
}

// addressesIn finds the addresses of a line, those without a dot in the domain
// only between brackets. RFC 6532 §3.2 allows letters of all scripts, which
// also surround addresses in text; they count between brackets alone.
func addressesIn(l string) []place {
	var found []place
	for from := 0; len(found) < 50; {
		at := strings.IndexByte(l[from:], '@')
		if at < 0 {
			break
		}
		at += from
		p := addressAt(l, from, at)
		if p.address == "" {
			from = at + 1
			continue
		}
		found = append(found, p)
		from = max(p.end, at+1)
	}
	return found
}

// addressAt takes the address around the @ at at, "" when there is none.
func addressAt(l string, from, at int) place {
	i, j := at, at+1
	for i > from && isAtom(l[i-1]) {
		i--
	}
	for j < len(l) && isHostByte(l[j]) {
		j++
	}
	if open := strings.LastIndexByte(l[from:at], '<'); open >= 0 {
		open += from
		if end := strings.IndexByte(l[at:], '>'); end > 0 && !strings.ContainsAny(l[open+1:at], "<>\t") && (i <= open+1 || l[open+1] == '"' || hasHigh(l[open:at+end])) {
			a := strings.TrimPrefix(l[open+1:at+end], "mailto:")
			if _, err := crm.ParseAddress(a); err == nil && !strings.ContainsAny(a, " /") {
				return place{a, open, at + end + 1, true}
			}
		}
	}
	if i > from && l[i-1] == '"' { // RFC 5321 §4.1.2: a quoted name
		if q := strings.LastIndexByte(l[from:i-1], '"'); q >= 0 && i == at {
			i = from + q
		}
	}
	if len(l)-i > 5 && strings.EqualFold(l[i:i+5], "SMTP=") { // X.400: dda:SMTP=a@b.example
		i += 5
	}
	for i < at && strings.IndexByte(".'`*=/-", l[i]) >= 0 {
		i++
	}
	for j > at+1 && strings.IndexByte(".-_", l[j-1]) >= 0 {
		j--
	}
	a := l[i:j]
	if i == at || j-at < 4 || strings.IndexByte(l[at:j], '.') < 0 || strings.Contains(l[at:j], "..") {
		return place{}
	}
	if _, err := crm.ParseAddress(a); err != nil {
		return place{}
	}
	p := place{address: a, start: i, end: j}
	if i > 0 && l[i-1] == '<' && j < len(l) && l[j] == '>' {
		p.start, p.end, p.bracketed = i-1, j+1, true
	}
	return p
}

func hasHigh(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return true
		}
	}
	return false
}

// isAtom reports the bytes of an atom (RFC 5322 §3.2.3) and the dot.
func isAtom(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0
}

func isHostByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}
