package parse

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// encodingKind is a content transfer encoding (RFC 2045 §6).
type encodingKind uint8

const (
	encIdentity encodingKind = iota
	encBase64
	encQuoted
	encUU
)

// encodingOf reads a Content-Transfer-Encoding; known is false for one that
// nobody knows, which is then taken as it stands.
func encodingOf(v string) (kind encodingKind, known bool) {
	s := strings.ToLower(strings.Trim(v, "\"';, \t"))
	if i := strings.IndexAny(s, " \t;,("); i > 0 && s[i] != ' ' {
		s = s[:i]
	}
	switch {
	case s == "", s == "7bit", s == "8bit", s == "binary", strings.HasPrefix(s, "7"), strings.HasPrefix(s, "8"), strings.HasPrefix(s, "none"):
		return encIdentity, true
	case strings.HasPrefix(s, "base64"), strings.HasPrefix(s, "base-64"), s == "b64":
		return encBase64, true
	case strings.HasPrefix(s, "quoted"), s == "qp":
		return encQuoted, true
	case s == "x-uue", s == "uue", s == "uuencode", s == "x-uuencode", s == "x-uu", s == "uu":
		return encUU, true
	}
	return encIdentity, false
}

// decodeTransfer undoes an encoding into a buffer of its own, or gives b
// itself when there is nothing to undo.
func decodeTransfer(b []byte, kind encodingKind, def *defects) []byte {
	switch kind {
	case encBase64:
		out := make([]byte, len(b)/4*3+6)
		var d b64
		n := d.decode(out, b)
		n += d.end(out[n:])
		if d.bad {
			def.add(defBase64)
		}
		return out[:n]
	case encQuoted:
		return decodeQuoted(make([]byte, 0, len(b)), b, def)
	case encUU:
		return decodeUU(b)
	}
	return b
}

// unhex maps hexadecimal digits; 0xff is none.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

// The tables hold the six bits of a base64 letter at their place in a group of
// four; bit 31 marks bytes that are none.
var b64t = func() (t [4][256]uint32) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for p := range t {
		for i := range t[p] {
			t[p][i] = 1 << 31
		}
		for i := range letters {
			t[p][letters[i]] = uint32(i) << (18 - 6*p)
		}
	}
	return t
}()

// b64 decodes base64 line by line and forgives what RFC 2045 §6.8 says to
// forgive: line ends and other bytes outside the alphabet. After padding a new
// run may follow (several encoded pieces in one part); what follows padding and
// is no base64, such as a list footer, ends it.
type b64 struct {
	acc  uint32
	n    int  // letters in acc
	text bool // a text is expected: lines of dashes are not base64 but follow it
	pad  bool // padding was the last thing seen
	bad  bool // there were bytes outside the alphabet
	line bool // at least one line was clean
	done bool
	used int // bytes of the source that were base64
}

// decode appends to dst, which has room for len(src)/4*3+3 bytes, and gives
// how many it wrote. It may be called again with what follows.
func (d *b64) decode(dst, src []byte) int {
	w := 0
	for pos := 0; pos < len(src) && !d.done; {
		end := len(src)
		if i := bytes.IndexByte(src[pos:], '\n'); i >= 0 {
			end = pos + i + 1
		}
		line := src[pos:end]
		if d.text && (bytes.Contains(line, []byte("--")) || bytes.Contains(line, []byte("__"))) {
			d.done = true // a footer, or what is left of a broken delimiter
			return w
		}
		n := len(line)
		for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
			n--
		}
		if d.n == 0 && !d.pad {
			k, out := fastBase64(dst[w:], line[:n])
			w += out
			d.line = d.line || k == n && n > 0
			if k < n {
				w += d.slow(dst[w:], line[k:n])
			}
		} else {
			w += d.slow(dst[w:], line[:n])
		}
		if !d.done {
			d.used += end - pos
		}
		pos = end
	}
	return w
}

// fastBase64 decodes whole groups as long as they are clean.
func fastBase64(dst, s []byte) (read, wrote int) {
	for len(s) >= 8 && len(dst) >= 8 {
		a := b64t[0][s[0]] | b64t[1][s[1]] | b64t[2][s[2]] | b64t[3][s[3]]
		b := b64t[0][s[4]] | b64t[1][s[5]] | b64t[2][s[6]] | b64t[3][s[7]]
		if (a|b)&(1<<31) != 0 {
			break
		}
		binary.BigEndian.PutUint64(dst, uint64(a)<<40|uint64(b)<<16) // six bytes; the next group overwrites the others
		s, dst = s[8:], dst[6:]
		read, wrote = read+8, wrote+6
	}
	for len(s) >= 4 && len(dst) >= 3 {
		a := b64t[0][s[0]] | b64t[1][s[1]] | b64t[2][s[2]] | b64t[3][s[3]]
		if a&(1<<31) != 0 {
			break
		}
		dst[0], dst[1], dst[2] = byte(a>>16), byte(a>>8), byte(a)
		s, dst = s[4:], dst[3:]
		read, wrote = read+4, wrote+3
	}
	return read, wrote
}

// slow decodes what is not clean, letter by letter.
func (d *b64) slow(dst, s []byte) int {
	w := 0
	if d.pad && !isBlank(s) {
		if len(s)%4 != 0 || !allBase64(s) {
			d.done = true
			return 0
		}
		d.pad = false
	}
	gap := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if v := b64t[3][c]; v < 64 {
			if d.pad && gap { // words behind the end
				d.bad, d.done = true, true
				return w
			}
			d.pad = false // padding within a line: a new run
			d.acc = d.acc<<6 | v
			if d.n++; d.n == 4 {
				dst[w], dst[w+1], dst[w+2] = byte(d.acc>>16), byte(d.acc>>8), byte(d.acc)
				w, d.n, d.acc = w+3, 0, 0
			}
			continue
		}
		switch c {
		case '=':
			w += d.finish(dst[w:])
			d.pad = true
		case ' ', '\t', '\r':
			gap = true
		default:
			d.bad = true
		}
	}
	return w
}

// end writes what is left in an incomplete group. Without padding that is data
// cut off, or, after foreign bytes, nothing that was encoded.
func (d *b64) end(dst []byte) int {
	if d.bad {
		d.n = 0
	}
	return d.finish(dst)
}

// finish writes the bytes of an incomplete group.
func (d *b64) finish(dst []byte) int {
	n := d.n
	acc := d.acc
	d.n, d.acc = 0, 0
	switch n {
	case 2:
		dst[0] = byte(acc >> 4)
		return 1
	case 3:
		dst[0], dst[1] = byte(acc>>10), byte(acc>>2)
		return 2
	}
	return 0
}

func allBase64(s []byte) bool {
	for _, c := range s {
		if b64t[3][c] >= 64 && c != '=' && c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// decodeQuoted undoes quoted-printable (RFC 2045 §6.7): white space at the end
// of a line goes, soft line breaks join, a broken escape stays as written.
func decodeQuoted(dst, s []byte, def *defects) []byte {
	for len(s) > 0 {
		line, eol := s, 0
		if i := bytes.IndexByte(s, '\n'); i >= 0 {
			line, eol = s[:i], 1
			if i > 0 && s[i-1] == '\r' {
				line, eol = s[:i-1], 2
			}
		}
		full := len(line)
		for n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\t'); n-- {
			line = line[:n-1]
		}
		soft := len(line) > 0 && line[len(line)-1] == '='
		if soft {
			line = line[:len(line)-1]
		}
		for {
			i := bytes.IndexByte(line, '=')
			if i < 0 {
				dst = append(dst, line...)
				break
			}
			dst = append(dst, line[:i]...)
			if i+2 < len(line) && unhex[line[i+1]] < 16 && unhex[line[i+2]] < 16 {
				dst = append(dst, unhex[line[i+1]]<<4|unhex[line[i+2]])
				line = line[i+3:]
				continue
			}
			def.add(defQuoted)
			dst = append(dst, '=')
			line = line[i+1:]
		}
		if !soft {
			dst = append(dst, s[full:full+eol]...)
		}
		s = s[full+eol:]
	}
	return dst
}

// decodeUU undoes uuencode, with or without its begin line.
func decodeUU(s []byte) []byte {
	out := make([]byte, 0, len(s)/4*3)
	if i := bytes.Index(s, []byte("begin ")); i >= 0 && (i == 0 || s[i-1] == '\n') {
		_, next := lineEnd(s, i)
		s = s[next:]
	}
	for pos := 0; pos < len(s); {
		eol, next := lineEnd(s, pos)
		line := s[pos:eol]
		pos = next
		if len(line) == 0 {
			continue
		}
		if bytes.Equal(line, []byte("end")) {
			break
		}
		n := int(line[0]-' ') & 63
		line = line[1:]
		for n > 0 {
			var g [4]byte
			for k := range g {
				if k < len(line) {
					g[k] = (line[k] - ' ') & 63
				}
			}
			b := [3]byte{g[0]<<2 | g[1]>>4, g[1]<<4 | g[2]>>2, g[2]<<6 | g[3]}
			out = append(out, b[:min(n, 3)]...)
			n -= 3
			line = line[min(4, len(line)):]
		}
	}
	return out
}
