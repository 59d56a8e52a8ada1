package compose

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// The limits of a line, without its CRLF.
const (
	foldAt     = 78  // RFC 5322 §2.1.1: should not be longer
	foldCodeAt = 76  // RFC 2047 §2: a line with an encoded word must not be longer
	longestBit = 900 // of what cannot be folded, so that with its field name it stays below the 998 of RFC 5322 §2.1.1
)

// header writes header fields: the only place where one is written. It folds
// at spaces that the text has, so unfolding gives the text back (RFC 5322
// §2.2.3).
type header struct {
	b     []byte
	col   int  // length of the present line
	coded bool // the line has an encoded word
	first bool // nothing stands yet behind the field's name
}

// begin starts a field.
func (h *header) begin(name string) {
	h.b = append(h.b, name...)
	h.b = append(h.b, ':')
	h.col, h.coded, h.first = len(name)+1, false, true
}

// end ends it.
func (h *header) end() { h.b = append(h.b, '\r', '\n') }

// bit writes what must not be broken, behind a space or on a new line.
func (h *header) bit(s string) {
	limit := foldAt
	if h.coded {
		limit = foldCodeAt
	}
	// Behind the name a bit that is too long for any line may as well stay.
	if h.col+1+len(s) > limit && (!h.first || len(s) < foldAt) {
		h.fold()
	} else {
		h.b = append(h.b, ' ')
		h.col++
	}
	h.b = append(h.b, s...)
	h.col += len(s)
	h.first = false
}

func (h *header) fold() {
	h.b = append(h.b, "\r\n "...)
	h.col, h.coded = 1, false
}

// simple writes a field of one bit.
func (h *header) simple(name, value string) {
	h.begin(name)
	h.bit(value)
	h.end()
}

// text writes a field of unstructured text (RFC 5322 §3.6.5).
func (h *header) text(name, value string) {
	h.begin(name)
	switch {
	case value == "":
	case plain(value):
		h.words(value)
	default:
		h.encoded(value)
	}
	h.end()
}

// words writes plain text, folded at its spaces.
func (h *header) words(s string) {
	for w := range strings.SplitSeq(s, " ") {
		h.bit(w)
	}
}

// longestWord is the longest word that is written as it is: it fits on a line
// of its own.
const longestWord = foldAt - 2

// plain reports text that comes back from unfolding as it was: printable ASCII,
// single spaces between words, and nothing that looks like an encoded word.
func plain(s string) bool {
	word := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			if word == 0 {
				return false
			}
			word = 0
		case c < '!' || c > '~' || c == '?' && i > 0 && s[i-1] == '=':
			return false
		default:
			if word++; word > longestWord {
				return false
			}
		}
	}
	return word > 0
}

const (
	codeQ, codeB = "=?utf-8?q?", "=?utf-8?b?"
	codeEnd      = "?="
	codeFrame    = len(codeQ) + len(codeEnd)
	longestCode  = 75 // RFC 2047 §2
)

// encoded writes any text as encoded words (RFC 2047), each of whole runes
// (§5), in whichever encoding is shorter. What is not UTF-8 is U+FFFD.
func (h *header) encoded(s string) {
	s = validText(s)
	open, room := codeB, base64Room
	if escaped := countEscaped(s); len(s)+2*escaped <= base64.StdEncoding.EncodedLen(len(s)) {
		open, room = codeQ, quotedRoom
	}
	for s != "" {
		n := room(s, min(longestCode, foldCodeAt-h.col-1)-codeFrame)
		if n == 0 {
			h.fold()
			h.col = 0 // the space that begins the line is written
			n = room(s, longestCode-codeFrame)
		} else {
			h.b = append(h.b, ' ')
		}
		at := len(h.b)
		h.b = append(h.b, open...)
		if open == codeQ {
			h.b = appendQ(h.b, s[:n])
		} else {
			h.b = base64.StdEncoding.AppendEncode(h.b, []byte(s[:n]))
		}
		h.b = append(h.b, codeEnd...)
		h.col += 1 + len(h.b) - at
		h.coded, h.first = true, false
		s = s[n:]
	}
}

// base64Room gives how much of s, in whole runes, fits into that many letters
// of base64.
func base64Room(s string, letters int) int {
	n := min(letters/4*3, len(s))
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return max(n, 0)
}

// quotedRoom is base64Room for the encoding Q.
func quotedRoom(s string, letters int) int {
	used := 0
	for i, r := range s {
		cost := 1
		if r >= utf8.RuneSelf {
			cost = 3 * utf8.RuneLen(r)
		} else if !bare[r] && r != ' ' {
			cost = 3
		}
		if used += cost; used > letters {
			return i
		}
	}
	return len(s)
}

func countEscaped(s string) int {
	n := 0
	for i := range len(s) {
		if !bare[s[i]] && s[i] != ' ' {
			n++
		}
	}
	return n
}

const hexDigits = "0123456789ABCDEF"

func appendQ(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b = append(b, '_')
		case bare[c]:
			b = append(b, c)
		default:
			b = append(b, '=', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

// bare are the bytes that stand for themselves in an encoded word within a
// phrase, the narrowest set (RFC 2047 §5 (3)).
var bare = setOf("!*+-/")

// setOf is a set of letters, digits and others.
func setOf(others string) (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + others) {
		set[c] = true
	}
	return set
}
