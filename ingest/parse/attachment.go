package parse

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"strings"
	"sync"
	"unicode/utf8"

	"kaveri/crm"
)

// hasher streams an attachment: decode into a small buffer, hash it, forget it.
type hasher struct {
	sum hash.Hash
	buf [24 << 10]byte
}

var hashers = sync.Pool{New: func() any { return &hasher{sum: sha256.New()} }}

// digest gives the decoded size of an encoded body, and its SHA-256 when sums
// are asked for.
func digest(b []byte, kind encodingKind, sums bool, def *defects) (size int64, sum [32]byte) {
	if kind != encBase64 {
		out := decodeTransfer(b, kind, def)
		if sums {
			sum = sha256.Sum256(out)
		}
		return int64(len(out)), sum
	}
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.sum.Reset()
	var d b64
	const step = len(h.buf)/3*4 - 64
	for len(b) > 0 && !d.done {
		chunk := b
		if len(chunk) > step {
			chunk = chunk[:step]
			if i := bytes.LastIndexByte(chunk, '\n'); i >= 0 {
				chunk = chunk[:i+1] // at a line, so that the fast path goes on
			}
		}
		n := d.decode(h.buf[:], chunk)
		if sums {
			h.sum.Write(h.buf[:n])
		}
		size += int64(n)
		b = b[len(chunk):]
	}
	n := d.end(h.buf[:])
	size += int64(n)
	if d.bad {
		def.add(defBase64)
	}
	if sums {
		h.sum.Write(h.buf[:n])
		h.sum.Sum(sum[:0])
	}
	return size, sum
}

// decodeBase64Text decodes a text part into buf, which has room for
// len(b)+8 bytes, and gives what follows the base64 unencoded: mailing lists append their footer so.
func decodeBase64Text(buf, b []byte, def *defects) (text, tail []byte) {
	out := buf[:len(b)/4*3+6]
	d := b64{text: true}
	n := d.decode(out, b)
	n += d.end(out[n:])
	if d.done {
		tail = bytes.TrimSpace(b[d.used:])
		if d.bad { // no footer but remains
			tail = nil
		}
	}
	if d.bad {
		def.add(defBase64)
		if !d.line && !utf8.Valid(out[:n]) { // it never was base64
			return b, nil
		}
	}
	return out[:n], tail
}

// contentID gives a Content-ID without its brackets (RFC 2045 §7).
func contentID(h *header) string {
	s := h.get("Content-Id")
	if s == "" {
		return ""
	}
	s = strings.Trim(s, "<> \t")
	return cutID(s)
}

// displayName gives the name of an attachment for people: the file name of the
// disposition, the name of the type, or for a mail its subject.
func (l *leaf) displayName() string {
	for _, name := range [2]string{l.disp["filename"], l.params["name"]} {
		if name = cleanName(name); name != "" {
			return name
		}
	}
	if l.typ == "message/rfc822" || l.typ == "message/global" {
		if s := innerSubject(l); s != "" {
			return cleanName(strings.NewReplacer("/", "-", `\`, "-").Replace(s) + ".eml")
		}
	}
	return ""
}

// innerSubject reads the subject of an attached mail.
func innerSubject(l *leaf) string { return innerHeader(l).subject() }

// innerHeader reads the header of an attached mail.
func innerHeader(l *leaf) *header {
	b := l.body[:min(len(l.body), maxField)]
	var d defects
	if l.encoding != encIdentity {
		b = decodeTransfer(b, l.encoding, &d)
	}
	var h header
	h.read(b, true, &d)
	return &h
}

// cleanName makes a foreign file name fit to be shown: no path (RFC 2183
// §2.3), no control or direction characters (U+202E makes exe.pdf of fdp.exe),
// no dots or spaces at its ends, not too long. It is never used as a path.
func cleanName(s string) string {
	if s == "" {
		return ""
	}
	s = validText(s)
	if len(s) > 2 && s[1] == ':' && isLetter(s[0]) && (s[2] == '\\' || s[2] == '/') || strings.HasPrefix(s, `\`) {
		s = s[strings.LastIndexAny(s, `\/`)+1:]
	} else if s[0] == '/' || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || s[0] == '~' {
		s = s[strings.LastIndexByte(s, '/')+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0:
			return -1
		case r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == 0x2028, r == 0x2029:
			return -1
		case r == '/', r == '\\':
			return '_'
		}
		return r
	}, s)
	s = strings.Trim(s, " ")
	if strings.Trim(s, ".") == "" {
		return ""
	}
	if len(s) > maxName {
		ext := ""
		if i := strings.LastIndexByte(s, '.'); i >= 0 && len(s)-i <= 10 && utf8.ValidString(s[i:]) {
			ext = s[i:]
		}
		s = strings.TrimRight(crm.Cut(s, maxName-len(ext)-3), " ") + "…" + ext
	}
	return s
}
