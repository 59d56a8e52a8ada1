package compose

import (
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// parties writes a field of addresses (RFC 5322 §3.4).
func (h *header) parties(name, what string, list []crm.Party) error {
	h.begin(name)
	for i, p := range list {
		address, err := addrSpec(what, p.Address)
		if err != nil {
			return err
		}
		if err := clean(what, p.Name); err != nil {
			return err
		}
		if p.Name != "" {
			h.phrase(p.Name)
			address = "<" + address + ">"
		}
		if i < len(list)-1 {
			address += ","
		}
		h.bit(address)
	}
	h.end()
	return nil
}

// phrase writes a display name: as atoms, quoted, or encoded.
func (h *header) phrase(name string) {
	if !plain(name) {
		h.encoded(name)
		return
	}
	if all(name, &atextOrSpace) {
		h.words(name)
		return
	}
	quoted := quote(name)
	if len(quoted) > longestWord {
		h.encoded(name)
		return
	}
	h.bit(quoted)
}

// atext are the bytes of an atom (RFC 5322 §3.2.3).
var (
	atext        = setOf("!#$%&'*+-/=?^_`{|}~")
	atextOrSpace = setOf("!#$%&'*+-/=?^_`{|}~ ")
)

func all(s string, set *[256]bool) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

// quote gives a quoted-string (RFC 5322 §3.2.4).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

// addrSpec gives an address as it stands in a header field: the domain as
// A-labels, so that only a local part beyond ASCII needs a server with SMTPUTF8
// (RFC 6531 §3.2, RFC 6532 §3.2).
func addrSpec(what string, a crm.Address) (string, error) {
	if err := clean(what, string(a)); err != nil {
		return "", err
	}
	local, domain := a.Local(), a.Domain()
	host, err := hostOf(what, domain)
	if err != nil || local == "" || len(a) > longestBit || !utf8.ValidString(local) {
		return "", crm.Invalid(what, "%q is not an address; write it like name@example.com", string(a))
	}
	if dotAtom(local) {
		return local + "@" + host, nil
	}
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' {
		local = unquote(local[1 : n-1])
	} else if strings.ContainsAny(local, " \t<>@\"") {
		return "", crm.Invalid(what, "%q is not an address; write it like name@example.com", string(a))
	}
	return quote(local) + "@" + host, nil // some providers have given out a..b@ and a.@
}

// dotAtom reports a local part that needs no quotes (RFC 5322 §3.2.3); with
// RFC 6532 §3.2 all that is beyond ASCII belongs to an atom.
func dotAtom(local string) bool {
	dot := true
	for i := range len(local) {
		switch c := local[i]; {
		case c == '.' && !dot:
			dot = true
		case atext[c] || c >= utf8.RuneSelf:
			dot = false
		default:
			return false
		}
	}
	return !dot
}

func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// hostOf gives a domain as A-labels.
func hostOf(what, domain string) (string, error) {
	host, err := crm.ASCIIDomain(domain)
	if err != nil {
		return "", crm.Invalid(what, "%q is not a domain; write it like example.com", domain)
	}
	return host, nil
}

// clean refuses what ends or cuts a header field. Nothing is repaired: who puts
// a line break into a name or a subject means to write another field, or does
// not know what he has.
func clean(what, s string) error {
	if i := strings.IndexAny(s, "\r\n\x00"); i >= 0 {
		kind := map[byte]string{'\r': "a carriage return", '\n': "a line break", 0: "a NUL"}[s[i]]
		return crm.Invalid(what, "there is %s in %q; it cannot stand in a mail's header", kind, s)
	}
	return nil
}
