package bounce

import (
	"iter"
	"strings"

	"kaveri/crm"
)

// Bounds of what counts as near, in bytes, and of how often a state is looked
// at that a text repeats.
const (
	nameBefore   = 70
	nameBehind   = 24
	maxSightings = 8
)

// inFamilies gives what the first family means that speaks in a text, of those
// that are firm or of the others.
func inFamilies(text string, firm bool) (r crm.BounceReason, phrase string) {
	for i := range families {
		f := &families[i]
		if f.firm != firm {
			continue
		}
		for _, state := range f.states {
			for at := range wordAt(text, state) {
				if f.speaksAt(text, at, at+len(strings.TrimSuffix(state, "$"))) {
					return f.reason, state
				}
			}
		}
	}
	return "", ""
}

// speaksAt reports that the state between start and end is that of a name of
// the family.
func (f *family) speaksAt(text string, start, end int) bool {
	before := clauseBefore(text[max(0, start-nameBefore):start])
	if anyWord(before, f.others) {
		return false
	}
	behind := text[end:min(len(text), end+nameBehind)]
	if i := strings.IndexAny(behind, ".,;:"); i >= 0 {
		behind = behind[:i]
	}
	if next := strings.TrimLeft(behind, " "); beginsWith(next, f.others) {
		return false
	}
	return anyWord(before, f.names) || !anyWord(behind, f.others) && anyWord(behind, f.names)
}

// conjunctions part the clauses of a sentence: what stands before them is said
// of something else.
var conjunctions = [...]string{". ", "; ", " because ", " since ", " but ", " - ", " | ", "]: "}

// clauseBefore gives the last clause of what stands before a state.
func clauseBefore(s string) string {
	for _, c := range conjunctions {
		if i := strings.LastIndex(s, c); i >= 0 {
			s = s[i+len(c):]
		}
	}
	return s
}

func anyWord(text string, words []string) bool {
	for _, w := range words {
		for range wordAt(text, w) {
			return true
		}
	}
	return false
}

func beginsWith(text string, words []string) bool {
	for _, w := range words {
		w, whole := strings.CutSuffix(w, "$")
		if strings.HasPrefix(text, w) && !(whole && len(text) > len(w) && isWord(text[len(w)])) {
			return true
		}
	}
	return false
}

// wordAt gives the first places where a phrase begins a word. Where the word
// ends is open, since languages inflect and some scripts know no spaces, but a
// phrase with "$" behind it ends a word as well.
func wordAt(text, phrase string) iter.Seq[int] {
	phrase, whole := strings.CutSuffix(phrase, "$")
	return func(yield func(int) bool) {
		for from, n := 0, 0; n < maxSightings; { // what is inside of words is no sighting
			i := strings.Index(text[from:], phrase)
			if i < 0 {
				return
			}
			i += from
			from = i + 1
			if i > 0 && isWord(text[i-1]) && isWord(phrase[0]) {
				continue
			}
			if end := i + len(phrase); whole && end < len(text) && isWord(text[end]) {
				continue
			}
			if !yield(i) {
				return
			}
			n++
		}
	}
}

// units are those of time in which notices say how long was tried.
var units = [...]string{"second", "minute", "hour", "day", "week", "stunden", "tage", "heure", "jour", "hora", "dia", "días", "giorn", "ore ", "ore.", "日", "時間", "天", "小时"}

// trying are words of trying to deliver, which stand before the time it took.
var trying = []string{"deliver", "undeliver", "delever", "try", "tried", "retr", "attempt", "abort", "gave up", "given up", "giving up", "give up", "failing", "queue", "sent$", "send", "zustell", "zugestellt", "liefer", "versuch", "distribu", "remis$", "entreg", "consegn", "配信", "配送", "送信", "投递"}

// spentTrying reports that a text says for how long delivery was or will be
// tried: "could not be delivered for 5 days", "was aborted after 4.0 hour(s)".
func spentTrying(text string) bool {
	for i, n := 0, 0; i < len(text) && n < 10*maxSightings; i++ {
		if !isDigit(text[i]) || i > 0 && (isWord(text[i-1]) || text[i-1] == '.' || text[i-1] == '[') {
			continue
		}
		n++
		j := i
		for j < len(text) && (isDigit(text[j]) || text[j] == '.' || text[j] == ',') {
			j++
		}
		behind := strings.TrimPrefix(strings.TrimLeft(text[j:], " "), "more ")
		if !beginsWith(behind, units[:]) {
			continue
		}
		before := clauseBefore(text[max(0, i-nameBefore):i])
		if lasting(before) && anyWord(before, trying) {
			return true
		}
	}
	return false
}

// lasting reports the words between trying and a time that make it a span:
// "for", "for the last", "after more than". "Try again in 300 seconds" is none.
func lasting(before string) bool {
	before = strings.TrimRight(before, " ")
	for _, w := range [...]string{"more than", "at least", "the last", "the past", "up to", "a total of", "about"} {
		before = strings.TrimSuffix(strings.TrimSuffix(before, w), " ")
	}
	for _, w := range [...]string{" for", " after", " within", " seit", " nach", " innerhalb von", " pendant", " depuis", " après", " durante", " después de", " per", " dopo", " por"} {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	return strings.HasSuffix(before, " in") && anyWord(before, []string{"unable", "could not", "not be", "fail"})
}
