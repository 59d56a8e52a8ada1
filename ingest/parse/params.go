package parse

import (
	"strconv"
	"strings"
)

// params are the parameters of a structured field, names in lower case.
type params = map[string]string

// parseParams reads a value with parameters that go-message refuses or spoils:
// Content-Type (RFC 2045 §5.1) or Content-Disposition (RFC 2183 §2). QUIRK: it
// takes doubled or missing semicolons, unclosed quotes, spaces in unquoted
// values, comments, any charset.
func parseParams(s string, def *defects) (value string, ps params) {
	s = joinType(skipSpace(s))
	value, rest := s, ""
	if i := strings.IndexAny(s, "; ("); i >= 0 {
		value, rest = s[:i], s[i:]
	}
	value = strings.ToLower(strings.Trim(value, `"'<>,`))
	ps = params{}
	for n := 0; rest != "" && n < maxParams; n++ {
		rest = skipSpace(strings.TrimLeft(rest, "; "))
		end := strings.IndexAny(rest, "=;")
		if end < 0 {
			break
		}
		name := strings.ToLower(strings.TrimSpace(rest[:end]))
		if rest[end] == ';' { // a word without value
			rest = rest[end:]
			continue
		}
		if j := strings.LastIndexAny(name, " )"); j >= 0 {
			name = name[j+1:]
		}
		var v string
		v, rest = paramValue(rest[end+1:])
		if _, twice := ps[name]; !twice {
			ps[name] = v
		}
	}
	if strings.IndexByte(s, '*') >= 0 {
		for _, name := range [...]string{"filename", "name", "boundary"} {
			if v := extended(ps, name); v != "" {
				ps[name] = v
			}
		}
	}
	for _, name := range [...]string{"filename", "name"} {
		if v := ps[name]; v != "" {
			ps[name] = nameText(v, def)
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
			j := strings.IndexAny(rest, " (")
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
		s = strings.TrimLeft(s, " ")
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
	s = strings.TrimLeft(s, " ")
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
	if sp := strings.IndexAny(v, " "); sp >= 0 {
		if eq := strings.IndexByte(v[sp:], '='); eq > 0 {
			word := strings.TrimSpace(v[sp : sp+eq])
			if word != "" && !strings.ContainsAny(word, " .?") {
				end, v = sp, v[:sp]
			}
		}
	}
	if c := strings.IndexByte(v, '('); c > 0 && strings.HasSuffix(strings.TrimSpace(v), ")") && v[c-1] == ' ' && strings.IndexByte(v, '.') < 0 {
		v = v[:c]
	}
	return strings.TrimSpace(v), s[end:]
}

// quotedValue reads a quoted-string whose first quote is gone. QUIRK: Windows
// programs write paths without doubling the backslash, so a backslash escapes
// only quotes and itself.
func quotedValue(s string) (value, rest string) {
	plain := strings.IndexAny(s, "\"\\")
	if plain >= 0 && s[plain] == '"' {
		return s[:plain], s[plain+1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
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
	return strings.TrimSpace(s[:end]), s[end:]
}

// nameText reads a file name with encoded words in it. QUIRK: RFC 2047 §5 does
// not allow them there, and most programs write them; some write the form of
// RFC 2231 §4 and forget the star.
func nameText(v string, def *defects) string {
	if charset, _, text, ok := cutExtended(v); ok && strings.IndexByte(text, '%') >= 0 {
		v, _ = decodeBytes(unpercent(text), charset)
		return v
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

// extended puts together name*, or name*0, name*1* and so on (RFC 2231 §3 and
// §4). QUIRK: pieces may be missing, and the charset any.
func extended(ps params, name string) string {
	var b []byte
	charset, encoded := "", false
	add := func(v string, star bool) {
		if star {
			if cs, _, text, ok := cutExtended(v); ok && b == nil {
				charset, v = cs, text
			}
			encoded = true
			b = append(b, unpercent(v)...)
		} else {
			b = append(b, v...)
		}
	}
	if v, ok := ps[name+"*"]; ok {
		add(v, true)
	} else {
		pieces := 0
		for p := range ps {
			if strings.HasPrefix(p, name+"*") {
				pieces++
			}
		}
		for n := 0; n < maxParams && pieces > 0; n++ {
			key := name + "*" + strconv.Itoa(n)
			if v, ok := ps[key+"*"]; ok {
				add(v, true)
				pieces--
			} else if v, ok := ps[key]; ok {
				add(v, false)
				pieces--
			}
		}
	}
	if !encoded {
		return string(b)
	}
	s, _ := decodeBytes(b, charset)
	return s
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
