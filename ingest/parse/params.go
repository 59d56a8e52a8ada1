package parse

import (
	"strings"
)

// param is one parameter of a structured field; the name is in lower case.
type param struct{ name, value string }

type params []param

// get gives a plain parameter, "" when absent.
func (ps params) get(name string) string {
	for _, p := range ps {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// parseParams reads a value with parameters: Content-Type (RFC 2045 §5.1) or
// Content-Disposition (RFC 2183 §2). It takes what it can: doubled or missing
// semicolons, unclosed quotes, spaces in unquoted values, comments.
func parseParams(s string) (value string, ps params) {
	s = joinType(s)
	i := strings.IndexAny(s, "; \t\r\n(")
	rest := ""
	if i < 0 {
		value = s
	} else {
		value, rest = s[:i], s[i:]
		if value == "" { // white space first
			if t := strings.TrimLeft(s, " \t\r\n"); len(t) < len(s) {
				return parseParams(t)
			}
		}
	}
	value = strings.ToLower(strings.Trim(value, `"'<>,`))
	for rest != "" && len(ps) < maxParams {
		rest = skipSpace(strings.TrimLeft(rest, "; \t\r\n"))
		if rest == "" {
			break
		}
		if rest[0] == ';' {
			continue
		}
		eq := strings.IndexAny(rest, "=;")
		if eq < 0 {
			break
		}
		if rest[eq] == ';' { // a word without value
			rest = rest[eq:]
			continue
		}
		name := strings.ToLower(strings.TrimSpace(rest[:eq]))
		if j := strings.LastIndexAny(name, " \t\r\n)"); j >= 0 {
			name = name[j+1:]
		}
		var v string
		v, rest = paramValue(rest[eq+1:])
		if name != "" {
			ps = append(ps, param{name, v})
		}
	}
	return value, ps
}

// joinType takes comments and white space out of the value before the first
// semicolon, when they stand around its slash.
func joinType(s string) string {
	semi := strings.IndexByte(s, ';')
	head, tail := s, ""
	if semi >= 0 {
		head, tail = s[:semi], s[semi:]
	}
	slash := strings.IndexByte(head, '/')
	if slash < 0 || strings.IndexByte(head, '=') >= 0 || !strings.ContainsAny(head, "( ") || strings.IndexByte(head, '"') >= 0 {
		return s
	}
	var b strings.Builder
	for rest := head; rest != ""; {
		switch rest = skipSpace(rest); {
		case rest == "":
		default:
			j := strings.IndexAny(rest, " \t\r\n(")
			if j < 0 {
				j = len(rest)
			}
			word := rest[:j]
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "/") && !strings.HasPrefix(word, "/") {
				return b.String() + tail
			}
			b.WriteString(word)
			rest = rest[j:]
		}
	}
	return b.String() + tail
}

// skipSpace passes white space and comments (RFC 5322 §3.2.2).
func skipSpace(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" || s[0] != '(' {
			return s
		}
		_, rest, ok := cutComment(s)
		if !ok {
			return ""
		}
		s = rest
	}
}

// cutComment takes the comment at the start of s; comments nest.
func cutComment(s string) (text, rest string, ok bool) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[1:i], s[i+1:], true
			}
		}
	}
	return strings.TrimLeft(s, "("), "", false
}

// paramValue reads the value after an equals sign.
func paramValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t\r\n")
	if s == "" {
		return "", ""
	}
	if s[0] == '"' {
		return quotedValue(s[1:])
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	v := s[:end]
	// A missing semicolon: charset=utf-8 format=flowed.
	if sp := strings.IndexAny(v, " \t\r\n"); sp >= 0 {
		if eq := strings.IndexByte(v[sp:], '='); eq > 0 {
			word := strings.TrimSpace(v[sp : sp+eq])
			if word != "" && !strings.ContainsAny(word, " \t\r\n.?") {
				end, v = sp, v[:sp]
			}
		}
	}
	if c := strings.IndexByte(v, '('); c > 0 && strings.HasSuffix(strings.TrimSpace(v), ")") && (v[c-1] == ' ' || v[c-1] == '\t') && strings.IndexByte(v, '.') < 0 {
		v = v[:c]
	}
	return oneLine(strings.TrimSpace(v)), s[end:]
}

// quotedValue reads a quoted-string whose first quote is gone. QUIRK: Windows
// programs write paths without doubling the backslash, so a backslash escapes
// only quotes and itself.
func quotedValue(s string) (value, rest string) {
	plain := strings.IndexAny(s, "\"\\")
	if plain >= 0 && s[plain] == '"' {
		return oneLine(s[:plain]), s[plain+1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return oneLine(b.String()), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	// Not closed: up to the next parameter.
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	return oneLine(strings.TrimSpace(s[:end])), s[end:]
}

// oneLine takes line ends out of a folded value.
func oneLine(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(s)
}

// fileName gives a parameter that people read, "" when absent: the plain form,
// encoded words in it (not allowed by RFC 2047 §5, but common), or the
// extended and continued forms of RFC 2231 §3 and §4, which win when present.
func (ps params) fileName(name string, def *defects) string {
	if v, ok := ps.extended(name, def); ok && v != "" {
		return v
	}
	v := ps.get(name)
	if v == "" {
		return ""
	}
	if charset, _, text, ok := cutExtended(v); ok && strings.IndexByte(text, '%') >= 0 { // the star forgotten
		s, _ := decodeBytes(unpercent(text), charset)
		return s
	}
	return decodeWords(v, def)
}

// cutExtended splits charset'language'text.
func cutExtended(v string) (charset, language, text string, ok bool) {
	charset, rest, ok := strings.Cut(v, "'")
	if !ok || strings.ContainsAny(charset, " /\\.%") {
		return "", "", v, false
	}
	language, text, ok = strings.Cut(rest, "'")
	if !ok || len(language) > 12 {
		return "", "", v, false
	}
	return charset, language, text, true
}

// extended puts together name*, name*0, name*1* and so on.
func (ps params) extended(name string, def *defects) (string, bool) {
	type segment struct {
		value   string
		encoded bool
		ok      bool
	}
	var segs []segment
	for _, p := range ps {
		if len(p.name) <= len(name) || p.name[len(name)] != '*' || p.name[:len(name)] != name {
			continue
		}
		sect := p.name[len(name)+1:]
		enc := sect == "" || strings.HasSuffix(sect, "*")
		sect = strings.TrimSuffix(sect, "*")
		n := 0
		for _, c := range []byte(sect) {
			if c < '0' || c > '9' || n > maxParams {
				n = maxParams + 1
				break
			}
			n = n*10 + int(c-'0')
		}
		if n > maxParams {
			continue
		}
		for len(segs) <= n {
			segs = append(segs, segment{})
		}
		if !segs[n].ok {
			segs[n] = segment{p.value, enc, true}
		}
	}
	if len(segs) == 0 {
		return "", false
	}
	charset, first, anyEncoded := "", true, false
	var b []byte
	for _, g := range segs {
		if !g.ok {
			continue
		}
		v := g.value
		if first {
			if cs, _, text, ok := cutExtended(v); ok && g.encoded {
				charset, v = cs, text
			}
			first = false
		}
		if g.encoded {
			anyEncoded = true
			b = append(b, unpercent(v)...)
		} else {
			b = append(b, v...)
		}
	}
	if !anyEncoded {
		return decodeWords(string(b), def), true
	}
	s, _ := decodeBytes(b, charset)
	if strings.Contains(s, "=?") { // both encodings at once
		s = decodeWords(s, def)
	}
	return s, true
}

// unpercent undoes %XX; a broken escape stays as it is.
func unpercent(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex[s[i+1]], unhex[s[i+2]]; hi < 16 && lo < 16 {
				b = append(b, hi<<4|lo)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}
