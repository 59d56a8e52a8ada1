package contacts

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// property is a logical line, cut.
type property struct {
	name    string // upper case, without the group before it
	value   []byte // as it stands
	quoted  bool   // quoted-printable
	base64  bool
	charset string // "" when not named
	pref    int    // RFC 6350 §5.3: 1 is the most preferred, 0 when not said
}

// properties are those that are read.
var properties = map[string]bool{"BEGIN": true, "END": true, "VERSION": true, "FN": true, "N": true, "ORG": true, "EMAIL": true, "TEL": true, "NOTE": true, "AGENT": true}

// wanted reports a line whose property is read, or cannot be told yet.
func wanted(line []byte) bool {
	i := bytes.IndexAny(line, ":;")
	if i < 0 || i > 100 {
		return i < 0
	}
	return properties[nameOf(line[:i])]
}

// nameOf gives the name of a property without its group: item1.EMAIL.
func nameOf(b []byte) string {
	if dot := bytes.LastIndexByte(b, '.'); dot >= 0 {
		b = b[dot+1:]
	}
	return strings.ToUpper(string(bytes.TrimSpace(b)))
}

// quotedPrintable reports a line whose parameters say so.
func quotedPrintable(line []byte) bool {
	head, _, ok := cutHead(line)
	return ok && bytes.IndexByte(head, ';') >= 0 && readParams(head).quoted
}

// cutHead cuts a line at the colon behind its parameters; one within quotes
// belongs to a value. Quotes that do not close are only quotes.
func cutHead(line []byte) (head, value []byte, ok bool) {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return bytes.Cut(line, []byte{':'})
}

// parse cuts a line; false when it is no property.
func parse(line []byte) (property, bool) {
	head, value, ok := cutHead(line)
	if !ok {
		return property{}, false
	}
	p := readParams(head)
	p.value = value
	return p, p.name != ""
}

// readParams reads the name and the parameters that matter. In vCard 2.1 a
// value may stand alone: NOTE;QUOTED-PRINTABLE:...
func readParams(head []byte) property {
	first, rest, _ := bytes.Cut(head, []byte{';'})
	p := property{name: nameOf(first)}
	for len(rest) > 0 {
		var one []byte
		one, rest = cutParam(rest)
		key, value, named := strings.Cut(string(one), "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if !named {
			key, value = "ENCODING", strings.TrimSpace(key)
		}
		switch strings.ToUpper(strings.TrimSpace(key)) {
		case "ENCODING":
			switch strings.ToUpper(value) {
			case "QUOTED-PRINTABLE", "Q":
				p.quoted = true
			case "BASE64", "B":
				p.base64 = true
			}
		case "CHARSET":
			p.charset = value
		case "PREF":
			p.pref, _ = strconv.Atoi(value)
		}
	}
	return p
}

// cutParam cuts at the semicolon behind a parameter.
func cutParam(b []byte) (one, rest []byte) {
	quoted := false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// text gives a value of one text.
func (r *cardReader) text(p *property) string { return unescaped(r.decoded(p, p.value)) }

// parts gives the parts of a structured value (N, ORG), still escaped.
// Quoted-printable is cut first, because what it encodes is text; anything else
// is decoded first, because the second byte of a Japanese letter may be a
// backslash.
func (r *cardReader) parts(p *property) []string {
	if !p.quoted {
		return split(r.decoded(p, p.value), ';')
	}
	out := split(string(p.value), ';')
	for i, part := range out {
		out[i] = r.decoded(p, []byte(part))
	}
	return out
}

// decoded undoes transfer encoding and charset.
func (r *cardReader) decoded(p *property, value []byte) string {
	switch {
	case p.quoted:
		value = unquoted(value)
	case p.base64:
		if b, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(value), nil))); err == nil {
			value = b
		}
	}
	if p.charset != "" {
		if e, err := htmlindex.Get(p.charset); err == nil {
			r.charset = e
		}
	}
	return r.letters(value, p.charset != "")
}

// letters decodes a charset. What is UTF-8 is that, whatever is said of it: in
// other charsets hardly any text could be. Only those with escapes look like it.
func (r *cardReader) letters(b []byte, named bool) string {
	e := encoding.Encoding(charmap.Windows1252)
	switch {
	case named && escapes(r.charset, b):
		e = r.charset
	case utf8.Valid(b):
		return string(b)
	case mostlyUTF8(b): // a letter is damaged
		return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	case r.charset != nil && r.charset != unicode.UTF8:
		e = r.charset
	}
	s, err := e.NewDecoder().Bytes(b)
	if err != nil {
		s = b
	}
	return string(bytes.ToValidUTF8(s, []byte("\uFFFD")))
}

// escapes reports text of a charset that changes its letters by escapes, in
// bytes of seven bits: ISO-2022-JP.
func escapes(e encoding.Encoding, b []byte) bool {
	return e != nil && e != unicode.UTF8 && bytes.IndexByte(b, 0x1b) >= 0
}

// mostlyUTF8 reports bytes whose letters are UTF-8 but for a few.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		i += n
	}
	return bad*4 <= good
}

// unquoted decodes quoted-printable (RFC 2045 §6.7); what is no encoding of a
// byte is left as it stands.
func unquoted(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '=' && i+2 < len(value) {
			if n, err := strconv.ParseUint(string(value[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, value[i])
	}
	return out
}

// split splits at a sign that no backslash stands before.
func split(s string, at byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case at:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[min(start, len(s)):])
}

// unescaped undoes the escapes of RFC 6350 §3.4, and those of a colon and a
// quote, which some programs write. A backslash before anything else is one.
func unescaped(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		switch s[i+1] {
		case 'n', 'N':
			b.WriteByte('\n')
		case '\\', ',', ';', ':', '"':
			b.WriteByte(s[i+1])
		default:
			b.WriteByte('\\')
			continue
		}
		i++
	}
	return b.String()
}
