package wishes

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kaveri/crm"
)

// order is the order in which kinds are tried: what asks for more care first.
var order = []crm.WishKind{crm.WishSwitch, crm.WishProblem, crm.WishPlan, crm.WishPreference, crm.WishWish, crm.WishQuestion, crm.WishPraise}

// Bounds of what is read.
const (
	maxText     = 32 << 10
	fewestWords = 4
	mostWords   = 60
	maxFound    = 8 // in one mail; who writes more writes a list
)

// Find gives what the author of a text says that they want, sentence by sentence,
// as the pack of its language knows; nothing for a language without one. place is
// where the text begins in the mail's, and at the day of the mail.
func Find(text, language string, place int, at crm.Day) []crm.Saying {
	p := packs[language]
	if p == nil {
		return nil
	}
	var out []crm.Saying
	for _, s := range sentences(text[:min(len(text), maxText)]) {
		quote := strings.Join(strings.Fields(s.text), " ")
		kind, day := p.kindOf(quote, at)
		if kind == "" || len(quote) > crm.MaxQuote {
			continue
		}
		if out = append(out, crm.Saying{Kind: kind, Quote: quote, Place: place + s.at, NotBefore: day}); len(out) == maxFound {
			break
		}
	}
	return out
}

// kindOf says what a sentence is, "" for none of our matters.
func (p *pack) kindOf(quote string, at crm.Day) (crm.WishKind, crm.Day) {
	words := crm.Tokens(quote)
	if len(words) < fewestWords || len(words) > mostWords || p.has("not", words) {
		return "", 0
	}
	day, bound := crm.FirstDay(quote, at)
	asks := strings.HasSuffix(quote, "?")
	for _, kind := range order {
		switch {
		case kind == crm.WishPlan && day == 0, kind == crm.WishQuestion && !asks, kind == crm.WishPraise && asks:
			continue
		case p.has(kind, words):
			if kind != crm.WishPlan && !bound {
				day = 0
			}
			return kind, day
		}
	}
	return "", 0
}

// sentence is a piece of text and where it begins.
type sentence struct {
	text string
	at   int
}

// sentences cuts a text at its ends of sentences and at empty lines, list marks
// and headings. A dot within a number or after a short word ends none.
func sentences(text string) []sentence {
	var out []sentence
	from := 0
	add := func(to int) {
		s := text[from:to]
		lead := len(s) - len(strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("-*•–", r) }))
		if t := strings.TrimSpace(s[lead:]); t != "" {
			out = append(out, sentence{t, from + lead})
		}
		from = to
	}
	for i, r := range text {
		if i < from {
			continue
		}
		switch {
		case r == '\n' && breaks(text, i):
			add(i)
		case strings.ContainsRune(".!?", r) && ends(text, i):
			add(i + 1)
		}
	}
	add(len(text))
	return out
}

// breaks reports a line end that is an end of a sentence too: an empty line or a
// list mark follows, or the line is short.
func breaks(text string, i int) bool {
	next, _, _ := strings.Cut(text[i+1:], "\n")
	next = strings.TrimSpace(next)
	if next == "" || strings.HasPrefix(next, "-") || strings.HasPrefix(next, "*") || strings.HasPrefix(next, "•") || strings.HasPrefix(next, ">") {
		return true
	}
	line := text[strings.LastIndexByte(text[:i], '\n')+1 : i]
	return len(strings.TrimSpace(line)) < 40 // people's programs wrap behind that
}

// ends reports a mark that ends a sentence: space follows, and then no small
// letter, unless it asks or calls.
func ends(text string, i int) bool {
	rest := text[i+1:]
	if rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	if text[i] != '.' {
		return !strings.ContainsRune(".!?", r)
	}
	if !unicode.IsSpace(r) {
		return false
	}
	before := text[strings.LastIndexFunc(text[:i], unicode.IsSpace)+1 : i]
	if len(before) > 0 && before[len(before)-1] >= '0' && before[len(before)-1] <= '9' || utf8.RuneCountInString(before) == 1 || abbreviations[strings.ToLower(before)] {
		r, _ = utf8.DecodeRuneInString(strings.TrimLeftFunc(rest, unicode.IsSpace))
		return unicode.IsUpper(r) && !abbreviations[strings.ToLower(before)]
	}
	return true
}

var abbreviations = map[string]bool{"esim": true, "ym": true, "mm": true, "ns": true, "klo": true, "e.g": true, "i.e": true, "mr": true, "mrs": true, "dr": true, "no": true, "vs": true, "approx": true, "n": true, "nk": true}
