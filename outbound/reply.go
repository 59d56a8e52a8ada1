package outbound

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"

	"kaveri/crm"
)

// Limits of a reply. RFC 5321 §4.5.3.1.5 allows 512 bytes a line; servers say
// more. What people are shown is shorter still.
const (
	maxReplyLine  = 4096
	maxReplyLines = 100
	maxReplyText  = 1000
)

var (
	errReplyLong  = errors.New("a line of the reply has no end")
	errReplyFlood = errors.New("the reply has no end")
	errReplyForm  = errors.New("that is no reply of the mail protocol")
)

// replies reads SMTP replies (RFC 5321 §4.2) from a buffer of its own. An
// error of any kind means that the order of replies is lost: the connection is
// of no more use.
type replies struct {
	from io.Reader
	wait func() // called before each read: sets the deadline
	buf  [maxReplyLine]byte
	r, w int

	code  int
	lines int
	text  []byte // of all lines, joined by blanks
	enh   []byte // as the first line has it
}

// buffered reports whether the server has said more than was asked.
func (p *replies) buffered() bool { return p.r < p.w }

// next reads a reply and gives its code.
func (p *replies) next() (int, error) {
	p.code, p.lines, p.text, p.enh = 0, 0, p.text[:0], p.enh[:0]
	for {
		line, err := p.line()
		if err != nil {
			return 0, err
		}
		last, err := p.take(line)
		if err != nil || last {
			return p.code, err
		}
	}
}

// line gives the next line without its end; it is good until the next call.
func (p *replies) line() ([]byte, error) {
	for from := p.r; ; {
		if i := bytes.IndexByte(p.buf[from:p.w], '\n'); i >= 0 {
			line := p.buf[p.r : from+i]
			p.r = from + i + 1
			return bytes.TrimSuffix(line, []byte{'\r'}), nil
		}
		room := p.room()
		if len(room) == 0 {
			return nil, errReplyLong
		}
		from = p.w
		p.wait()
		n, err := p.from.Read(room)
		if p.w += n; n == 0 && err != nil {
			return nil, err
		}
	}
}

// room is the part of the buffer that is free, behind what is not read yet.
func (p *replies) room() []byte {
	if p.r > 0 {
		copy(p.buf[:], p.buf[p.r:p.w])
		p.r, p.w = 0, p.w-p.r
	}
	return p.buf[p.w:]
}

// take adds a line; last says that it ends the reply. Codes begin with 2 to 5
// and are the same in all lines.
func (p *replies) take(line []byte) (last bool, err error) {
	if p.lines++; p.lines > maxReplyLines {
		return false, errReplyFlood
	}
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !isDigit(line[1]) || !isDigit(line[2]) {
		return false, errReplyForm
	}
	code := int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if p.lines > 1 && code != p.code {
		return false, errReplyForm
	}
	p.code = code
	last = len(line) == 3 || line[3] == ' '
	if !last && line[3] != '-' {
		return false, errReplyForm
	}
	p.add(line[min(4, len(line)):])
	return last, nil
}

// add keeps the words of a line, without its enhanced code.
func (p *replies) add(text []byte) {
	if n := enhancedLen(text, p.code); n > 0 {
		if p.lines == 1 {
			p.enh = append(p.enh, text[:n]...)
		}
		text = text[n:]
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(p.text) >= 2*maxReplyText {
		return
	}
	if len(p.text) > 0 {
		p.text = append(p.text, ' ')
	}
	p.text = append(p.text, text...)
}

// reply gives the last reply for the record.
func (p *replies) reply() crm.Reply {
	return crm.Reply{Code: p.code, Enhanced: string(p.enh), Text: cleanText(string(p.text))}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// enhancedLen is the length of the enhanced code at the start of text, 0 when
// there is none. Its class is that of the reply's code (RFC 2034 §4, RFC 3463
// §2: class, subject of up to three digits, detail of up to three).
func enhancedLen(text []byte, code int) int {
	if len(text) < 5 || int(text[0]-'0') != code/100 || text[1] != '.' {
		return 0
	}
	i := 2
	for _, end := range []byte{'.', ' '} {
		from := i
		for i < len(text) && i < from+3 && isDigit(text[i]) {
			i++
		}
		switch {
		case i == from:
			return 0
		case i == len(text):
			if end == ' ' {
				return i
			}
			return 0
		case text[i] != end:
			return 0
		case end == '.':
			i++
		}
	}
	return i
}

// cleanText makes a server's words fit to be stored and shown: valid UTF-8, one
// line, nothing invisible, no longer than [maxReplyText].
func cleanText(s string) string {
	if !plainText(s) {
		s = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsControl(r) || unicode.IsSpace(r):
				return ' '
			case unicode.Is(unicode.Cf, r): // marks that turn the direction of what follows
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, "\ufffd"))
	}
	if len(s) <= maxReplyText {
		return s
	}
	return crm.Cut(s, maxReplyText-len("…")) + "…"
}

func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
