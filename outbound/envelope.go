package outbound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Envelope says for whom a mail is and where reports about it go. Addresses may
// have the form of [crm.Address]: their domains go over the wire as A-labels.
type Envelope struct {
	From string // the return path, "" for the null one
	To   []string
}

// Limits of RFC 5321 §4.5.3.1: a path has 256 bytes with its brackets, and a
// server takes at least 100 recipients at a time.
const (
	maxPath       = 254
	maxRecipients = 100
)

// path is an address as MAIL and RCPT name it. wide says that it needs
// SMTPUTF8 (RFC 6531 §3.3): its local part is not ASCII. What could be read as
// the end of the path, or as a parameter behind it, is refused.
func path(address string) (written string, wide bool, err error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 {
		return "", false, fmt.Errorf("%q has no name or no domain", address)
	}
	local, domain := address[:at], address[at+1:]
	if local, wide, err = pathLocal(local); err != nil {
		return "", false, err
	}
	if domain, err = pathDomain(domain); err != nil {
		return "", false, err
	}
	if len(local)+1+len(domain) > maxPath {
		return "", false, fmt.Errorf("the address is longer than %d bytes", maxPath)
	}
	if local == address[:at] && domain == address[at+1:] {
		return address, wide, nil
	}
	return local + "@" + domain, wide, nil
}

func pathLocal(local string) (string, bool, error) {
	wide, quoted := false, len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	inner := local
	if quoted {
		inner = local[1 : len(local)-1]
	}
	for _, r := range inner {
		switch {
		case r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' || r == '\\':
			return "", false, fmt.Errorf("the name before @ has a %q", r)
		case !quoted && strings.ContainsRune("()[]:;,@", r):
			return "", false, fmt.Errorf("the name before @ has a %q", r)
		case r >= utf8.RuneSelf:
			wide = true
			if r == utf8.RuneError || unicode.IsControl(r) || unicode.IsSpace(r) {
				return "", false, errors.New("the name before @ has a character that no address has")
			}
		}
	}
	return local, wide, nil
}

func pathDomain(domain string) (string, error) {
	if strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", fmt.Errorf("%q is no domain", domain)
		}
		domain = ascii
	}
	inner, extra := domain, "-_"
	if n := len(domain); n > 2 && domain[0] == '[' && domain[n-1] == ']' {
		inner, extra = domain[1:n-1], "-:" // an address literal, RFC 5321 §4.1.3
	}
	for label := range strings.SplitSeq(inner, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%q is no domain", domain)
		}
		for i := range len(label) {
			if c := label[i]; !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte(extra, c) < 0 {
				return "", fmt.Errorf("%q is no domain", domain)
			}
		}
	}
	return domain, nil
}

// content is what the look through a mail's bytes has found.
type content struct {
	size    int64 // over the wire, but for doubled dots (RFC 1870 §3)
	wide    bool  // its header is not ASCII: SMTPUTF8
	eight   bool  // its body is not ASCII: 8BITMIME
	dots    bool  // lines begin with a dot
	endless bool  // no CRLF at the end
}

// examine refuses what must not leave: a bare CR or LF, with which one mail
// becomes two at a server that reads line ends differently; NUL; and lines of
// more than 998 bytes (RFC 5321 §2.3.8, §4.5.3.1.6). It looks at every byte
// before the first one is written.
func examine(mail []byte) (content, error) {
	if len(mail) == 0 {
		return content{}, errors.New("the mail is empty")
	}
	if i := bytes.IndexByte(mail, 0); i >= 0 {
		return content{}, fmt.Errorf("there is a NUL in line %d", lineAt(mail, i))
	}
	c := content{size: int64(len(mail))}
	for from := 0; from < len(mail); {
		n := bytes.IndexByte(mail[from:], '\n')
		c.endless = n < 0
		if c.endless {
			n = len(mail) - from + 1 // as if a CRLF followed
			c.size += 2
		}
		line := mail[from:min(from+n, len(mail))]
		if !c.endless {
			if n == 0 || line[n-1] != '\r' {
				return c, fmt.Errorf("line %d ends in a bare LF", lineAt(mail, from))
			}
			line = line[:n-1]
		}
		if len(line) > 998 {
			return c, fmt.Errorf("line %d is longer than 998 bytes", lineAt(mail, from))
		}
		if bytes.IndexByte(line, '\r') >= 0 {
			return c, fmt.Errorf("line %d has a bare CR", lineAt(mail, from))
		}
		c.dots = c.dots || len(line) > 0 && line[0] == '.'
		from += n + 1
	}
	if !asciiOnly(mail) {
		header, body := mail, []byte(nil)
		if i := bytes.Index(mail, []byte("\r\n\r\n")); i >= 0 {
			header, body = mail[:i], mail[i:]
		}
		c.wide, c.eight = !asciiOnly(header), !asciiOnly(body)
	}
	return c, nil
}

func lineAt(mail []byte, at int) int { return bytes.Count(mail[:at], []byte{'\n'}) + 1 }

// transparent appends the mail with each dot that begins a line doubled
// (RFC 5321 §4.5.2), ended by CRLF.
func transparent(to, mail []byte) []byte {
	for len(mail) > 0 {
		if mail[0] == '.' {
			to = append(to, '.')
		}
		n := bytes.IndexByte(mail, '\n') + 1
		if n == 0 {
			return append(append(to, mail...), '\r', '\n')
		}
		to, mail = append(to, mail[:n]...), mail[n:]
	}
	return to
}

func asciiOnly(b []byte) bool {
	for len(b) >= 8 {
		if binary.NativeEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
