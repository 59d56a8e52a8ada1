package parse

import (
	"strings"
)

// decodeWords reads the encoded words of RFC 2047 in s, wherever they stand.
// White space between two of them goes (§6.2). Adjacent words of one charset
// are put together before the charset is undone: §5 forbids to split a
// character over two words, and many programs do. What does not decode stays
// as it is written.
func decodeWords(s string, def *defects) string {
	i := strings.Index(s, "=?")
	if i < 0 {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	var run []byte // bytes of adjacent words not yet turned to UTF-8
	runCharset, runFrom := "", 0
	flush := func(end int) {
		if run == nil {
			return
		}
		if t, ok := wordText(run, runCharset); ok {
			out.WriteString(t)
		} else {
			def.add(defEncodedWord)
			out.WriteString(s[runFrom:end])
		}
		run = nil
	}
	pos, end := 0, 0 // pos: not yet written; end: of the last word
	for i >= 0 {
		charset, data, n, ok := encodedWord(s[i:])
		if !ok {
			j := strings.Index(s[i+2:], "=?")
			if j < 0 {
				break
			}
			i += 2 + j
			continue
		}
		between := s[pos:i]
		if run != nil && strings.TrimSpace(between) == "" {
			if !strings.EqualFold(charset, runCharset) {
				flush(end)
			}
		} else {
			flush(end)
			out.WriteString(between)
		}
		if run == nil {
			runCharset, runFrom = charset, i
			run = make([]byte, 0, len(data)+len(s)-i-n)
		}
		run = append(run, data...)
		i += n
		pos, end = i, i
		if j := strings.Index(s[i:], "=?"); j >= 0 {
			i += j
		} else {
			i = -1
		}
	}
	flush(end)
	out.WriteString(s[pos:])
	return out.String()
}

// encodedWord reads one word at the start of s and gives how long it is.
// QUIRK: spaces in the text, a missing end and "==?=" for the end of base64
// are all taken.
func encodedWord(s string) (charset string, data []byte, n int, ok bool) {
	p := s[2:]
	q := strings.IndexByte(p, '?')
	if q <= 0 || q > 60 || q+3 > len(p) || p[q+2] != '?' {
		return "", nil, 0, false
	}
	charset = p[:q]
	// RFC 2231 §5: charset*language.
	charset, _, _ = strings.Cut(charset, "*")
	if charset == "" || strings.ContainsAny(charset, " \t=") {
		return "", nil, 0, false
	}
	enc := p[q+1]
	text := p[q+3:]
	used := len(s) - len(text)
	end := strings.Index(text, "?=")
	// A Q text may begin with =XX right after the mark: "?Q?=41?=".
	closed := end >= 0
	if !closed {
		end = len(text)
		if enc|0x20 == 'b' {
			if sp := strings.IndexAny(text, " \t,;<>\"?"); sp >= 0 {
				end = sp
			}
		} else if sp := strings.IndexAny(text, " \t<>\"?"); sp >= 0 {
			end = sp
		}
	}
	body := text[:end]
	switch enc {
	case 'q', 'Q':
		data, charset = decodeQ(body, charset)
	case 'b', 'B':
		if strings.IndexByte(body, '?') >= 0 {
			return "", nil, 0, false
		}
		buf := make([]byte, len(body)/4*3+3)
		var d b64
		data = buf[:d.decode(buf, []byte(body))]
		data = buf[:len(data)+d.finish(buf[len(data):])]
		if len(data) == 0 && body != "" && strings.Trim(body, "= \t") != "" {
			return "", nil, 0, false
		}
	default:
		return "", nil, 0, false
	}
	n = used + end
	if closed {
		n += 2
	}
	return charset, data, n, true
}

// decodeQ undoes the Q encoding (RFC 2047 §4.2). QUIRK: some programs leave
// 8-bit letters in the word; the header has been brought to UTF-8 by then, so
// the escapes between them are brought there as well, and so is the charset.
func decodeQ(s, charset string) (data []byte, inCharset string) {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < 0x80
	}
	b := make([]byte, 0, len(s))
	escaped := 0 // where the run of escapes at the end of b starts
	settle := func() {
		if !ascii && escaped < len(b) {
			t, _ := decodeBytes(b[escaped:], charset)
			b = append(b[:escaped], t...)
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '=' && i+2 < len(s) && unhex[s[i+1]] < 16 && unhex[s[i+2]] < 16 {
			b = append(b, unhex[s[i+1]]<<4|unhex[s[i+2]])
			i += 2
			continue
		}
		settle()
		if c == '_' {
			c = ' '
		}
		b = append(b, c)
		escaped = len(b)
	}
	settle()
	if !ascii {
		charset = "utf-8"
	}
	return b, charset
}

// wordText brings the bytes of an encoded word to text. ok is false when they
// are noise: then people are better served by what was written.
func wordText(b []byte, charset string) (string, bool) {
	s, fine := decodeBytes(b, charset)
	if !fine {
		for i := 0; i < len(s); i++ {
			if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return "", false
			}
		}
	}
	return noControls(s), true
}

// headerString decodes the encoded words of an unfolded value and tidies it.
func headerString(s string, def *defects) string {
	return strings.TrimSpace(validText(noControls(decodeWords(s, def))))
}

// noControls takes control characters out; a tab becomes a space.
func noControls(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, s)
}
