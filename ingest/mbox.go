package ingest

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"time"
)

// mboxMail is one mail of an mbox as it is read from beginning to end.
type mboxMail struct {
	offset, size int64     // of its bytes, without the From line
	at           time.Time // of the From line
	head         []byte    // its header, as much as was asked for; valid until the next mail
}

// mboxEnd says how an mbox ended.
type mboxEnd struct {
	size  int64
	mails int
	cut   bool // in the middle of a line: who wrote it did not come to its end
}

// readMbox reads an mbox in one pass (RFC 4155 appendix A), of any length in
// little memory. Of each header it keeps at most keep bytes.
func readMbox(r *bufio.Reader, fallback time.Time, keep int, found func(mboxMail) error) (mboxEnd, error) {
	m := mboxReader{r: r, fallback: fallback, keep: keep, found: found, empty: true}
	for {
		err := m.line()
		if err == io.EOF {
			break
		}
		if err != nil {
			return m.end, err
		}
	}
	m.end.size = m.pos
	return m.end, m.finish()
}

type mboxReader struct {
	r        *bufio.Reader
	fallback time.Time
	keep     int
	found    func(mboxMail) error

	pos    int64
	empty  bool // the line before was empty
	within bool // a mail has begun
	header bool // its header has not ended
	mail   mboxMail
	end    mboxEnd
}

// line reads one line. It gives io.EOF behind the last.
func (m *mboxReader) line() error {
	line, err := m.r.ReadSlice('\n')
	start, whole := m.pos, err != bufio.ErrBufferFull
	m.pos += int64(len(line))
	if m.empty && bytes.HasPrefix(line, []byte("From ")) && whole {
		at, dated := fromLineDate(line, m.fallback)
		if dated || !m.within || headerFollows(m.r) {
			m.empty = false
			return m.begin(start, at)
		}
		// The peek has moved the line: it is body, and not empty.
		m.empty = false
		return nil
	}
	m.keepHeader(line)
	blank := whole && len(bytes.TrimRight(line, "\r\n")) == 0 && len(line) > 0
	if blank {
		m.header = false
	}
	m.empty = blank
	ended := bytes.HasSuffix(line, []byte("\n"))
	for !whole { // a line longer than the buffer
		line, err = m.r.ReadSlice('\n')
		m.pos += int64(len(line))
		m.keepHeader(line)
		whole = err != bufio.ErrBufferFull
		ended = bytes.HasSuffix(line, []byte("\n"))
	}
	if err == io.EOF {
		m.end.cut = m.pos > start && !ended
	}
	return err
}

func (m *mboxReader) keepHeader(line []byte) {
	if m.within && m.header {
		m.mail.head = append(m.mail.head, line[:min(len(line), m.keep-len(m.mail.head))]...)
	}
}

// begin ends the mail before and begins one whose From line is at start.
func (m *mboxReader) begin(start int64, at time.Time) error {
	before := m.pos
	m.pos = start
	err := m.finish()
	m.pos = before
	m.within, m.header = true, true
	m.mail = mboxMail{offset: m.pos, at: at, head: m.mail.head[:0]}
	return err
}

func (m *mboxReader) finish() error {
	if !m.within {
		return nil
	}
	m.mail.size = m.pos - m.mail.offset
	m.end.mails++
	return m.found(m.mail)
}

// headerFollows reports that the next line is a header field. A paragraph may
// begin with "From " after an empty line, and not every program quotes it.
func headerFollows(r *bufio.Reader) bool {
	next, _ := r.Peek(80)
	name, _, ok := bytes.Cut(next, []byte(":"))
	return ok && len(name) > 0 && !bytes.ContainsAny(name, " \t\r\n")
}

// fromDates are the dates of From lines: that of asctime, and what others made
// of it. The last words of the line are read.
var fromDates = []string{
	"Mon Jan 2 15:04:05 2006",
	"Mon Jan 2 15:04:05 2006 -0700",
	"Mon Jan 2 15:04:05 -0700 2006",
	"Mon Jan 2 15:04:05 MST 2006",
	"Mon Jan 2 15:04 2006",
	"Mon Jan 2 15:04 MST 2006",
}

// fromLineDate reads the date of a From line: "From a@b Tue Nov  3 10:00:00 2026".
func fromLineDate(line []byte, fallback time.Time) (t time.Time, ok bool) {
	words := strings.Fields(string(line[:min(len(line), 1000)]))
	for _, layout := range fromDates {
		n := strings.Count(layout, " ") + 1
		if len(words) <= n {
			continue
		}
		if t, err := time.Parse(layout, strings.Join(words[len(words)-n:], " ")); err == nil {
			return t, true
		}
	}
	return fallback, false
}
