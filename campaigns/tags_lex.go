package campaigns

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// piece is a stretch of literal text, or a tag.
type piece struct {
	start, end int // offsets in the source
	tag        bool
	broken     bool // a tag that could not be read to its end
	tokens     []token
}

type tokenKind int

const (
	tokenWord tokenKind = iota
	tokenString
	tokenNumber
	tokenSign // | : , . ( ) == != < > <= >=
)

type token struct {
	kind tokenKind
	text string // of a word, folded as [FieldName] does; of a string, without quotes
	at   int
}

// FieldName gives the name under which a text names a column: lower case, NFC,
// with one _ for each run of what is neither letter nor digit. "First name" is
// first_name, "Viimeisin tilaus" is viimeisin_tilaus.
func FieldName(column string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFC.String(strings.ToLower(norm.NFC.String(column))) {
		if !wordRune(r) || r == '_' || r == '-' {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

func wordRune(r rune) bool {
	return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// split cuts the source into literal text and tags.
func (c *compiler) split() []piece {
	var out []piece
	literal := 0
	for at := 0; ; {
		i := strings.Index(c.source[at:], "{{")
		if i < 0 {
			break
		}
		at += i
		if at > literal {
			out = append(out, piece{start: literal, end: at})
		}
		p := c.readTag(at)
		out = append(out, p)
		at, literal = p.end, p.end
	}
	if literal < len(c.source) {
		out = append(out, piece{start: literal, end: len(c.source)})
	}
	return out
}

// readTag reads the tag that begins at start. What cannot be read is told, and
// the tag ends at the next brackets, so that one slip is one error.
func (c *compiler) readTag(start int) piece {
	p := piece{start: start, tag: true}
	for at := start + 2; ; {
		rest := c.source[at:]
		trimmed := strings.TrimLeft(rest, " \t\r\n\u00a0")
		at += len(rest) - len(trimmed)
		switch {
		case strings.HasPrefix(trimmed, "}}"):
			p.end = at + 2
			return p
		case trimmed == "" || strings.HasPrefix(trimmed, "{{"):
			c.fail(start, "this {{ is not closed: write }} after it")
			p.end, p.broken = at, true
			return p
		}
		t, n, problem := readToken(trimmed)
		if problem != "" {
			c.fail(at, "%s", problem)
			p.end, p.broken = at+tagEnd(trimmed), true
			return p
		}
		t.at = at
		p.tokens = append(p.tokens, t)
		at += n
	}
}

// tagEnd gives where reading goes on after a slip: behind the next }}, or
// before the next {{.
func tagEnd(s string) int {
	closed, open := strings.Index(s, "}}"), strings.Index(s, "{{")
	switch {
	case closed >= 0 && (open < 0 || closed < open):
		return closed + 2
	case open >= 0:
		return open
	}
	return len(s)
}

// quotes are what a text in quotes may begin with, and what ends it then. Word
// processors put typographic ones, of which each language has its own pair.
var quotes = map[rune]string{'"': `"`, '\'': `'`, '“': "”“", '”': "”", '„': "“”", '‘': "’", '’': "’", '«': "»", '»': "»«"}

// readToken reads the token that s begins with and gives its length, or what is
// wrong.
func readToken(s string) (t token, n int, problem string) {
	r, size := utf8.DecodeRuneInString(s)
	if ends, ok := quotes[r]; ok {
		n := strings.IndexAny(s[size:], ends+"\n")
		if n < 0 || s[size+n] == '\n' {
			return t, 0, "the text in quotes is not closed on its line"
		}
		_, last := utf8.DecodeRuneInString(s[size+n:])
		return token{kind: tokenString, text: s[size : size+n]}, size + n + last, ""
	}
	for _, sign := range []string{"==", "!=", "<=", ">=", "<", ">", "|", ":", ",", ".", "(", ")"} {
		if strings.HasPrefix(s, sign) {
			return token{kind: tokenSign, text: sign}, len(sign), ""
		}
	}
	if n := numberLength(s); n > 0 {
		return token{kind: tokenNumber, text: s[:n]}, n, ""
	}
	n = strings.IndexFunc(s, func(r rune) bool { return !wordRune(r) })
	if n < 0 {
		n = len(s)
	}
	if name := FieldName(s[:n]); name != "" {
		return token{kind: tokenWord, text: name}, n, ""
	}
	return t, 0, unreadable(s, r)
}

// unreadable says what a sign that begins nothing may have been meant for.
func unreadable(s string, r rune) string {
	switch {
	case strings.HasPrefix(s, "&quot;"), strings.HasPrefix(s, "&#34;"), strings.HasPrefix(s, "&amp;"), strings.HasPrefix(s, "&gt;"), strings.HasPrefix(s, "&lt;"):
		return "an editor has replaced a sign here; write quotes and signs as they are, not as " + s[:strings.IndexByte(s, ';')+1]
	case r == '=':
		return "to compare, write =="
	case r == '}':
		return "a tag ends with two brackets, }}"
	case r == '%':
		return "there is one kind of tag: write {{ if ... }}"
	}
	return "the sign " + string(r) + " has no meaning here"
}

// numberLength gives the length of the number that s begins with, 0 when it
// begins none: 12, -3, 0.5; 2024_total is a name.
func numberLength(s string) int {
	i := 0
	if strings.HasPrefix(s, "-") {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0
	}
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
	}
	if r, _ := utf8.DecodeRuneInString(s[i:]); i < len(s) && wordRune(r) {
		return 0
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
