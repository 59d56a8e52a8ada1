package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// evidence is what a line has of "On Monday at 9:15 Anna <a@b> wrote:".
type evidence uint16

const (
	evVerb    evidence = 1 << iota // wrote
	evWeak                         // sent: a verb only behind "On"
	evOpening                      // begins with On
	evDate                         // a year or a full date
	evTime                         // a time of day
	evDigit                        // any digit
	evAddress                      // an @
	evEnd                          // ends with an address and perhaps a colon
)

// attribution takes "On Monday Anna wrote:", which ends with line i and may
// begin some lines above. from > i says that there is none; strong, that it can
// be nothing else.
func (t *trimmer) attribution(i int) (from int, strong bool) {
	var all, last, top evidence // of all lines, of the last one, of line best
	best := i + 1
	blank := false
	for j, n := i, 0; j >= 0 && n < maxAttrLines; j-- {
		l := &t.lines[j]
		if l.kind == lineBlank {
			// QUIRK: Polymail breaks the address with blank lines around it.
			if blank || j == i || t.lines[j+1].kind > lineQuote || t.text[t.lines[j+1].from] != '<' || all&(evDate|evTime) != 0 {
				return best, strong
			}
			blank = true
			continue
		}
		if l.verbatim || l.kind > lineQuote || l.kind == lineQuote && j != i || l.to-l.from > maxAttribution {
			break
		}
		n++
		s := t.str(j)
		ev := evidenceOf(s)
		if j == i {
			last = ev
		}
		all |= ev &^ evEnd
		ok, sure := all.attribution(ev, last)
		switch {
		case ok && ev&evOpening != 0 && (best > i || ev&evDigit != 0 || top.goesOn(t.str(best))):
			return t.firstOpening(j), sure
		case ok && best > i && !blank:
			best, strong, top = j, sure, ev
		case best <= i && j == best-1 && top.goesOn(t.str(best)) && sentenceOpen(s):
			best, top = j, ev
		}
	}
	return best, strong
}

// firstOpening gives the first line of an introduction of which line i opens:
// "at 10:11," may stand below "On 5 Mar 2024,".
func (t *trimmer) firstOpening(i int) int {
	for n := 0; i > 0 && n < 2; n++ {
		s := t.str(i - 1)
		if t.lines[i-1].kind != lineText || len(s) > maxLabel || s[len(s)-1] != ',' || evidenceOf(s)&(evOpening|evDigit) != evOpening|evDigit {
			break
		}
		i--
	}
	return i
}

// goesOn reports a line that needs the one above it: an address or the rest of
// a name.
func (ev evidence) goesOn(s string) bool {
	return ev&(evDate|evTime) == 0 && !upperFirst(s) && !digitFirst(s)
}

func upperFirst(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) || r == '"'
}

// sentenceOpen reports a line that does not end like a sentence.
func sentenceOpen(s string) bool {
	return strings.IndexByte(".!?:,;", s[len(s)-1]) < 0
}

// attribution judges the evidence of some lines, the first of which gave line
// and the last last.
func (all evidence) attribution(line, last evidence) (ok, strong bool) {
	when := all&(evDate|evTime) != 0
	switch {
	case line&evOpening != 0 && all&(evVerb|evWeak) != 0 && (all&(evDigit|evAddress) != 0):
		return true, when || all&evAddress != 0
	case all&evVerb != 0 && (when || all&evAddress != 0):
		return true, true
	case last&evEnd != 0 && all&evDate != 0 && all&evTime != 0:
		return true, true
	case last&evEnd != 0 && all&evDate != 0:
		return true, false
	}
	return line&evVerb != 0, false
}

// evidenceOf looks at one line.
func evidenceOf(s string) (ev evidence) {
	var room [32]byte
	s = strings.TrimLeft(s, "-_*=~ >[(")
	first := true
	digits := 0
	for k := 0; k < len(s); {
		c := s[k]
		switch {
		case c >= '0' && c <= '9':
			ev |= evDigit
			n := 1
			for k+n < len(s) && s[k+n] >= '0' && s[k+n] <= '9' {
				n++
			}
			ev |= number(s, k, n, &digits)
			k += n
			first = false
			continue
		case c == '@':
			ev |= evAddress
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80:
			n := wordLen(s[k:])
			if n <= len(room) {
				w := words[string(lower(room[:0], s[k:k+n]))]
				if w&evOpening != 0 && !first {
					w &^= evOpening
				}
				ev |= w
			}
			if c >= 0x80 {
				ev |= unspaced(s[k : k+n])
			}
			k += n
			first = false
			continue
		}
		k++
	}
	tail := strings.TrimRight(s, ": *-_：")
	if ev&evAddress != 0 && (strings.HasSuffix(tail, ">") || strings.HasSuffix(tail, ")")) {
		ev |= evEnd
	}
	return ev
}

// number judges the digits s[k:k+n]: a year, a time of day, or parts of a date.
func number(s string, k, n int, groups *int) (ev evidence) {
	*groups++
	next := byte(0)
	if k+n+1 < len(s) && s[k+n+1] >= '0' && s[k+n+1] <= '9' {
		next = s[k+n]
	}
	switch {
	case n == 4 && (s[k] == '1' && s[k+1] == '9' || s[k] == '2' && s[k+1] == '0'):
		ev |= evDate
	case n <= 2 && (next == ':' || next == 'h'):
		ev |= evTime
	case n <= 2 && next == '.' && k+n+3 <= len(s) && (k+n+3 == len(s) || s[k+n+3] == ' '):
		ev |= evTime // 17.50
	case n <= 2 && (next == '/' || next == '.' || next == '-'):
		if i := strings.IndexByte(s[k+n+1:min(len(s), k+n+4)], next); i > 0 {
			ev |= evDate
		}
	}
	return ev
}

// wordLen gives the bytes of the word at the start of s.
func wordLen(s string) int {
	for i, r := range s {
		if i > 64 || r < 0x80 && (r|0x20 < 'a' || r|0x20 > 'z') && r != '\'' || r >= 0x80 && !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '’' {
			if i == 0 {
				_, n := utf8.DecodeRuneInString(s)
				return n
			}
			return i
		}
	}
	return len(s)
}

// unspaced looks for the verb at the end of a run of letters in a script that
// puts no space between words.
func unspaced(w string) evidence {
	for _, v := range unspacedVerbs {
		if strings.HasSuffix(w, v) {
			return evVerb
		}
	}
	return 0
}
