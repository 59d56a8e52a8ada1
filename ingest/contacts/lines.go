package contacts

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxLine is how much of a logical line is kept, in bytes. Only pictures and
// the like are longer, and those are passed over.
const maxLine = 1 << 20

// lines gives the logical lines of a file of cards: folded ones joined.
type lines struct {
	r      *bufio.Reader
	end    byte
	number int // of the physical line that was read last

	next   []byte // the physical line ahead, when read
	hasOne bool
	held   []byte // memory of the logical line
	ahead  []byte // memory of the line ahead
}

func newLines(r *bufio.Reader, head []byte) *lines {
	l := &lines{r: r, end: '\n'}
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		l.end = '\r' // as old Macintoshes end lines
	}
	if b, _ := r.Peek(3); string(b) == "\ufeff" {
		r.Discard(3)
	}
	return l
}

// logical is a logical line.
type logical struct {
	text   []byte // valid until the next is asked for
	line   int    // where it begins
	cut    bool   // it is longer than is kept
	passed bool   // folded lines behind the first are left out: nobody asks for them
}

// read gives the next logical line; [io.EOF] behind the last.
//
// RFC 6350 §3.2: a line that begins with a blank continues the one before, and
// the blank is not part of it. vCard 2.1 keeps the blank, but the programs that
// write 2.1 fold like the others. Quoted-printable continues behind a "=" at
// the end.
func (l *lines) read() (logical, error) {
	first, err := l.take()
	if err != nil {
		return logical{}, err
	}
	out := logical{line: l.number, cut: len(first) > maxLine, passed: !wanted(first)}
	l.held = append(l.held[:0], first...)
	quoted := quotedPrintable(l.held)
	soft := quoted && softBreak(first)
	for {
		next, err := l.peek()
		if err != nil {
			break // told by the next read
		}
		if soft && !bounds(next) {
			l.held = bytes.TrimSuffix(bytes.TrimRight(l.held, " \t"), []byte("="))
		} else if folded(next) && len(l.held) > 0 {
			next = next[1:]
		} else {
			break
		}
		l.take()
		soft = quoted && softBreak(next)
		switch {
		case out.passed:
		case len(l.held)+len(next) > maxLine:
			out.cut = true
		default:
			l.held = append(l.held, next...)
			if !quoted { // the parameters may be folded
				quoted = quotedPrintable(l.held)
				soft = quoted && softBreak(next)
			}
		}
	}
	out.text = l.held
	return out, nil
}

func folded(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

// softBreak reports a line of quoted-printable that goes on in the next
// (RFC 2045 §6.7, rule 5).
func softBreak(line []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(line, " \t"), []byte("="))
}

// bounds reports a line that begins or ends a card.
func bounds(line []byte) bool {
	return hasPrefixFold(line, "END:VCARD") || hasPrefixFold(line, "BEGIN:VCARD")
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// peek gives the next physical line without taking it.
func (l *lines) peek() ([]byte, error) {
	if l.hasOne {
		return l.next, nil
	}
	var err error
	if l.next, err = l.physical(); err == nil {
		l.hasOne = true
	}
	return l.next, err
}

// take gives the next physical line.
func (l *lines) take() ([]byte, error) {
	line, err := l.peek()
	l.hasOne = false
	if err == nil {
		l.number++
	}
	return line, err
}

// physical reads a line without its end, and without zeros, which no text has.
// Of one that is too long the beginning is given, one byte more than is kept.
func (l *lines) physical() ([]byte, error) {
	l.ahead = l.ahead[:0]
	for {
		b, err := l.r.ReadSlice(l.end)
		if room := maxLine + 1 - len(l.ahead); len(b) > room && err != nil {
			b = b[:max(room, 0)]
		}
		l.ahead = append(l.ahead, b...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(l.ahead) == 0):
			return nil, err
		}
		line := bytes.TrimSuffix(bytes.TrimSuffix(l.ahead, []byte{l.end}), []byte{'\r'})
		if bytes.IndexByte(line, 0) >= 0 {
			line = bytes.ReplaceAll(line, []byte{0}, nil)
		}
		return line, nil
	}
}
