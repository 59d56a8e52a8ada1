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
	var all, last evidence // of all lines, of the last one
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
		if j < i && t.lines[j+1].kind != lineBlank && sentenceEnds(t.str(j), t.str(j+1)) {
			break
		}
		n++
		ev := evidenceOf(t.str(j))
		if j == i {
			if last = ev; l.kind == lineQuote && strings.Trim(t.str(j), "> :：") == "" {
				last = evEnd
			}
		}
		ended := best <= i && !blank && !t.continues(j+1, ev, all)
		all |= ev &^ evEnd
		ok, sure := all.attribution(ev, last)
		if ended && (!ok || ev&evOpening == 0 || all&(evVerb|evWeak) == 0) {
			break
		}
		switch {
		case ok && ev&evOpening != 0 && (ended || ev&evDigit != 0):
			return t.firstOpening(j), sure
		case ok:
			best, strong = j, sure
		case best <= i:
			best = j
		}
	}
	return best, strong
}

// continues reports whether line j needs the line above it, which has some
// evidence: mail programs break an introduction wherever a line gets long.
// below is the evidence of line j and of those under it.
func (t *trimmer) continues(j int, above, below evidence) bool {
	a, s := t.str(j-1), t.str(j)
	switch {
	case len(a) > maxBroken || sentenceEnds(a, s):
		return false
	case strings.IndexByte("<(>),", s[0]) >= 0 || strings.IndexByte("<(", a[len(a)-1]) >= 0:
		return true
	case strings.HasPrefix(a, "In article ") || strings.HasPrefix(a, "In message "):
		return above&evAddress != 0
	case below&evAddress == 0 && endsNearAddress(a):
		return true
	case digitFirst(s):
		return above&(evOpening|evDigit|evDate|evTime) != 0 && below&evOpening == 0 || above&(evDate|evTime) != 0
	case lowerFirst(s) && !weekdayFirst(s):
		return true
	}
	return above&(evDate|evTime) != 0 && below&evOpening == 0 && a[len(a)-1] != ':'
}

// endsNearAddress reports a line that ends with an address in brackets or a
// short word behind it.
func endsNearAddress(s string) bool {
	i := strings.LastIndexByte(s, '>')
	return i > 0 && i >= len(s)-8 && strings.IndexByte(s, '@') >= 0
}

// maxBroken bounds the bytes of a line that a mail program has broken.
const maxBroken = 160

// sentenceEnds reports that line a ends a sentence, when s comes next. A dot
// behind a few letters or before a number is one of "mar." or "5. 3. 2024".
func sentenceEnds(a, s string) bool {
	switch a[len(a)-1] {
	case '!', '?', ':', ';':
		return true
	case '.':
		word := a[strings.LastIndexByte(a, ' ')+1 : len(a)-1]
		return upperFirst(s) && len(word) > 4
	}
	return false
}

// weekdayFirst reports a line like "ti 5. maaliskuuta" or "wt., 5 mar": an
// introduction that begins with the name of a day in lower case.
func weekdayFirst(s string) bool {
	word, rest, _ := strings.Cut(s, " ")
	return rest != "" && digitFirst(rest) && len(word) <= 12
}

// isSentence reports a line that says much before it comes to the first
// number, and names no address: "One more thing, which Anna wrote in 2024:".
func isSentence(s string) bool {
	i := strings.IndexAny(s, "0123456789@")
	return i > 0 && strings.Count(s[:i], " ") > 3 && strings.IndexByte(s, '@') < 0 && evidenceOf(s)&evOpening == 0 && evidenceOf(s[:i])&evVerb == 0
}

// firstOpening gives the first line of an introduction of which line i opens:
// "at 10:11," may stand below "On 5 Mar 2024,".
func (t *trimmer) firstOpening(i int) int {
	for n := 0; i > 0 && n < 2; n++ {
		if l := &t.lines[i-1]; l.kind != lineText || l.to-l.from > maxBroken {
			break
		}
		s := t.str(i - 1)
		ev := evidenceOf(s)
		if s[len(s)-1] != ',' && !lowerFirst(t.str(i)) || ev&(evOpening|evDigit) != evOpening|evDigit && ev&evDate == 0 && !endsNearAddress(s) || sentenceEnds(s, t.str(i)) {
			break
		}
		i--
	}
	return i
}

func lowerFirst(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

func upperFirst(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) || r == '"'
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
	case last&evEnd != 0 && all&evAddress != 0 && all&evDate != 0:
		return true, all&evTime != 0
	case all&evWeak != 0 && all&evDate != 0 && all&evTime != 0:
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
				if w&evOpening != 0 && (!first || s[k:k+n] == "AM") { // German: am
					w &^= evOpening
				}
				ev |= w
			}
			if c >= 0x80 {
				ev |= unspaced(s[k : k+n])
				if m, number := otherDigits(s[k:]); m > 0 {
					n, ev = m, ev|number
				}
			}
			k += n
			first = false
			continue
		}
		k++
	}
	if endsWithParty(strings.TrimRight(s, ": *-_：")) {
		ev |= evEnd
	}
	return ev
}

// endsWithParty reports a line that ends with a bracket, of an address or behind
// one, or with "by anna@berg.example".
func endsWithParty(s string) bool {
	if strings.HasSuffix(s, ">") || strings.HasSuffix(s, ")") {
		return true
	}
	i := strings.LastIndexByte(s, ' ')
	if i < 0 || strings.IndexByte(s[i:], '@') < 0 || len(s) > maxBroken {
		return i < 0 && strings.IndexByte(s, '@') > 0
	}
	return by[s[strings.LastIndexByte(s[:i], ' ')+1:i]]
}

// otherDigits judges a number in the digits of Arabic, Persian and Hindi.
func otherDigits(s string) (n int, ev evidence) {
	digits := 0
	for i, r := range s {
		if r < 0x80 || !unicode.IsDigit(r) {
			if digits > 0 && r == ':' {
				ev = evTime
			}
			break
		}
		digits, n = digits+1, i+utf8.RuneLen(r)
	}
	switch {
	case digits == 4:
		ev |= evDate
	case digits == 0:
		return 0, 0
	}
	return n, ev | evDigit
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
		if i := strings.IndexByte(s[k+n+1:min(len(s), k+n+4)], next); i > 0 && !partOfIP(s, k) {
			ev |= evDate
		}
	}
	return ev
}

// partOfIP reports that the number at k is one of the four of an internet
// address.
func partOfIP(s string, k int) bool {
	from, to := k, k
	for from > 0 && (s[from-1] == '.' || s[from-1] >= '0' && s[from-1] <= '9') && k-from < 16 {
		from--
	}
	for to < len(s) && (s[to] == '.' || s[to] >= '0' && s[to] <= '9') && to-k < 16 {
		to++
	}
	return strings.Count(strings.Trim(s[from:to], "."), ".") == 3
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
