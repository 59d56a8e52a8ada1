package absence

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kaveri/crm"
)

// Limits on what is looked at and kept.
const (
	maxText    = 8 << 10 // bytes
	maxWords   = 1500
	maxInstead = 5
	maxLine    = 200 // bytes
)

// Read gives what an automatic answer says about its author; nil for other mail
// and when it says nothing of the kind.
func Read(m *crm.Message) *crm.Absence {
	if m.Class != crm.ClassAutoReply {
		return nil
	}
	t := newText(cmp.Or(m.NewText, m.Text), m.Subject)
	a := &crm.Absence{}
	at := t.until(m.Date, &a.Until)
	for _, phrase := range left {
		if i := t.says(0, len(t.words), phrase); i >= 0 {
			a.Left, at = true, i
			break
		}
	}
	if i := t.insteadOf(m, &a.Instead); at < 0 {
		at = i
	}
	if at < 0 {
		return nil
	}
	a.Line = t.line(at)
	return a
}

// word is a word in lower case without the punctuation around it.
type word struct {
	text  string
	at    int  // where it stands in the text
	ends  bool // a sentence ends behind it
	block int  // the paragraph
}

type text struct {
	raw     string
	subject string
	words   []word
}

func newText(raw, subject string) *text {
	t := &text{raw: crm.Cut(raw, maxText), subject: strings.ToLower(crm.Cut(subject, crm.MaxSubject))}
	t.subject = " " + t.subject + " "
	block, at := 0, 0
	for l := range strings.Lines(t.raw) {
		if strings.TrimSpace(l) == "" {
			block++
			if n := len(t.words); n > 0 {
				t.words[n-1].ends = true
			}
		}
		t.split(l, at, block)
		at += len(l)
	}
	return t
}

// split takes the words of a line. The dash of a range is a word of its own:
// between spaces, or between digits unless it is within a day of ISO 8601.
func (t *text) split(l string, at, block int) {
	for i := 0; i < len(l) && len(t.words) < maxWords; {
		from := i + strings.IndexFunc(l[i:], notSpace)
		if from < i {
			return
		}
		to := from
		for to < len(l) {
			r, n := utf8.DecodeRuneInString(l[to:])
			if unicode.IsSpace(r) {
				break
			}
			if isDash(r) && (to == from || isDay(l[to-1]) && !isISO(l[from:])) {
				if to == from {
					to += n
				}
				break
			}
			to += n
		}
		t.add(l[from:to], at+from, block)
		i = to
	}
}

func notSpace(r rune) bool { return !unicode.IsSpace(r) }
func isDash(r rune) bool   { return r == '-' || r == '–' || r == '—' }
func isDay(c byte) bool    { return '0' <= c && c <= '9' || c == '.' }
func isISO(s string) bool  { return len(s) >= 10 && s[4] == '-' && s[7] == '-' }

const punctuation = "\"'“”„»«()[]*_,;:!?<>"

func (t *text) add(s string, at, block int) {
	if r, n := utf8.DecodeRuneInString(s); isDash(r) && n == len(s) {
		t.words = append(t.words, word{text: "-", at: at, block: block})
		return
	}
	w := strings.ToLower(strings.Trim(s, punctuation))
	if i := strings.IndexAny(w, "'’"); i > 0 && w[len(w)-1] >= '0' && w[len(w)-1] <= '9' {
		w = strings.TrimLeft(w[i:], "'’") // Italian: all'8 maggio
	}
	if bare := strings.TrimRight(w, "."); bare != strings.TrimRight(bare, punctuation) {
		w = strings.TrimRight(bare, punctuation) // a bracket, then the end of a sentence
	}
	end := strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?")
	if bare := strings.TrimRight(w, "."); bare != w && bare != "" && !isDay(bare[len(bare)-1]) && !strings.Contains(bare, ".") {
		w, end = bare, true // of t.o.m. and 5.5. the dots are part
	}
	if w != "" {
		t.words = append(t.words, word{text: w, at: at, ends: end, block: block})
	}
}

// until finds the day, and gives the word at which it stands; -1 without one.
func (t *text) until(sent time.Time, until *time.Time) int {
	isAway := t.away()
	lasts := -1
	for i := 0; i < len(t.words); i++ {
		d, n := readDay(t.words, i)
		if n == 0 {
			continue
		}
		on := d.on(sent)
		switch {
		case on.IsZero():
		case t.isReturn(i, i+n):
			*until = on
			return i
		case lasts < 0 && isAway && t.isLast(i, i+n):
			lasts, *until = i, on
		}
		i += n - 1
	}
	if lasts >= 0 || sent.IsZero() {
		return lasts
	}
	for i := range t.words {
		if d, ok := weekdays[t.words[i].text]; ok && t.isReturn(i, i+1) {
			*until = nextWeekday(sent, d)
			return i
		}
	}
	return -1
}

func (t *text) away() bool {
	for _, w := range away {
		if strings.Contains(t.subject, " "+w) || t.says(0, len(t.words), w) >= 0 {
			return true
		}
	}
	for _, w := range t.words {
		for _, stem := range awayWithin {
			if strings.Contains(w.text, stem) {
				return true
			}
		}
	}
	return false
}

// Words around a day in which it is said what happens then.
const (
	wordsBefore = 9
	wordsAfter  = 4
)

// isReturn reports that somebody is back on the day at words from to to.
func (t *text) isReturn(from, to int) bool {
	// The beginning of a range is no day of return.
	if to < len(t.words) && t.words[to].text == "-" {
		return false
	}
	first := from
	for first > 0 && from-first < wordsBefore && !t.words[first-1].ends {
		first--
	}
	last := to
	for last < len(t.words) && last-to < wordsAfter && !t.words[last-1].ends {
		last++
	}
	for _, phrase := range returning {
		if i := t.says(first, from, phrase); i >= 0 {
			return !t.promises(i)
		}
	}
	for _, phrase := range returningAfter {
		if t.says(to, last, phrase) >= 0 && (phrase != "alkaen" || t.says(first, from, "tavoitettavissa") >= 0) {
			return true
		}
	}
	return false
}

// promises reports that the return at word i is an answer: "get back to you".
func (t *text) promises(i int) bool {
	return i > 0 && (t.words[i-1].text == "get" || t.words[i-1].text == "come") || i+2 < len(t.words) && t.words[i+1].text == "to" && t.words[i+2].text == "you"
}

// isLast reports that something lasts to the day at words from to to.
func (t *text) isLast(from, to int) bool {
	if to-from >= 4 && t.words[from+2].text == "-" {
		return true // July 10-31
	}
	if to < len(t.words) && lastingAfter[t.words[to].text] {
		return true
	}
	for i := from - 1; i >= 0 && i >= from-4 && t.words[i].block == t.words[from].block; i-- {
		w := t.words[i].text
		_, weekday := weekdays[w]
		switch {
		case closes[w]:
			// of a range only, which begins with a day
			if t.dayEnds(i) || w == "zum" && i > 0 && t.words[i-1].text == "bis" {
				return true
			}
		case lasting[w]:
			return true
		}
		if !between[w] && !weekday {
			return false
		}
	}
	return false
}

// dayEnds reports that a day, or the number of one, stands before word i.
func (t *text) dayEnds(i int) bool {
	for from := max(i-3, 0); from < i; from++ {
		if _, n := readDay(t.words, from); n > 0 && from+n == i {
			return true
		}
	}
	if i > 0 {
		n, rest := number(t.words[i-1].text)
		return n >= 1 && n <= 31 && ordinal(rest)
	}
	return false
}

// says finds a phrase among the words from to to, and gives where it begins;
// -1 when it is not there. Its last word may go on (loma, lomalla).
func (t *text) says(from, to int, phrase string) int {
	head, tail, more := strings.Cut(phrase, " * ")
	ps := strings.Split(head, " ")
	for i := from; i+len(ps) <= to; i++ {
		if !t.matches(i, ps) {
			continue
		}
		if !more || t.says(i+len(ps), min(to, i+len(ps)+8), tail) >= 0 {
			return i
		}
	}
	return -1
}

func (t *text) matches(i int, ps []string) bool {
	for k, p := range ps {
		w := t.words[i+k].text
		if w != p && (k < len(ps)-1 || len(p) < 4 || !strings.HasPrefix(w, p)) {
			return false
		}
	}
	return true
}

// insteadOf finds the addresses of others who are to be written to, and gives
// the word at which the first stands.
func (t *text) insteadOf(m *crm.Message, into *[]crm.Address) int {
	at := -1
	for i, w := range t.words {
		if !strings.Contains(w.text, "@") || len(*into) == maxInstead {
			continue
		}
		a, err := crm.ParseAddress(strings.Trim(strings.TrimPrefix(w.text, "mailto:"), "."))
		if err != nil || takesPart(m, a) || slices.Contains(*into, a) || !t.asks(i) {
			continue
		}
		if at < 0 {
			at = i
		}
		*into = append(*into, a)
	}
	return at
}

func takesPart(m *crm.Message, a crm.Address) bool {
	for _, p := range m.Participants() {
		if p.Address.Canonical() == a.Canonical() {
			return true
		}
	}
	return false
}

// asks reports that the words before an address, of its paragraph, ask to write
// to it.
func (t *text) asks(i int) bool {
	first := i
	for first > 0 && i-first < 30 && t.words[first-1].block == t.words[i].block {
		first--
	}
	last := i
	for last < len(t.words) && last-i < 6 && t.words[last].block == t.words[i].block {
		last++
	}
	for _, p := range instead {
		if t.says(first, last, p) >= 0 {
			return true
		}
	}
	return false
}

// line gives the line in which a word stands.
func (t *text) line(i int) string {
	at := t.words[i].at
	from := strings.LastIndexByte(t.raw[:at], '\n') + 1
	to := len(t.raw)
	if n := strings.IndexByte(t.raw[at:], '\n'); n >= 0 {
		to = at + n
	}
	return crm.Cut(strings.TrimSpace(t.raw[from:to]), maxLine)
}
