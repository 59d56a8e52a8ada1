package segment

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// slot is a place of a pattern that takes a value: how it is read and written.
// read gives how many tokens it took, 0 when none fits; what would fit it says
// to the parser.
type slot struct {
	read  func(p *parser, f *Field, c *Condition, at int) (n int)
	write func(c *Condition) string // "": nothing stands there
}

var slots map[string]slot

func init() {
	slots = map[string]slot{
		"value":     {readValue, func(c *Condition) string { return c.Words[0] }},
		"values":    {listOf(readValue), writeList(plain)},
		"text":      {readText, func(c *Condition) string { return quoted(c.Words[0]) }},
		"language":  {readLanguage, func(c *Condition) string { return c.Words[0] }},
		"languages": {listOf(readLanguage), writeList(plain)},
		"address":   {readAddress, func(c *Condition) string { return c.Words[0] }},
		"addresses": {listOf(readAddress), writeList(plain)},
		"number":    {readNumber, func(c *Condition) string { return written(c, c.Number) }},
		"to":        {readTo, func(c *Condition) string { return written(c, c.To) }},
		"day":       {readDay, func(c *Condition) string { return c.Day.String() }},
		"span":      {readSpan, func(c *Condition) string { return c.Span.String() }},
		"last":      {readLast, writeLast},
		"full":      {readFull, func(c *Condition) string { return map[bool]string{true: "at full price"}[c.Full] }},
		"about":     {readAbout, writeAbout},
		"state":     {readState, func(c *Condition) string { return c.State }},
	}
}

func plain(s string) string { return s }

// listOf reads values apart by commas.
func listOf(one func(*parser, *Field, *Condition, int) int) func(*parser, *Field, *Condition, int) int {
	return func(p *parser, f *Field, c *Condition, at int) int {
		n := one(p, f, c, at)
		for n > 0 {
			if !p.is(at+n, ",") {
				p.want(at+n, expectation{what: `","`})
				break
			}
			more := one(p, f, c, at+n+1)
			if more == 0 {
				return 0
			}
			n += 1 + more
		}
		return n
	}
}

func writeList(write func(string) string) func(*Condition) string {
	return func(c *Condition) string {
		var out []string
		for _, w := range c.Words {
			out = append(out, write(w))
		}
		return strings.Join(out, ", ")
	}
}

// readValue reads a word of the field's vocabulary. Blanks may stand for its
// hyphens.
func readValue(p *parser, f *Field, c *Condition, at int) int {
	for n := 3; n > 0; n-- {
		word, ok := p.words(at, n)
		if ok && slices.Contains(f.Values, word) {
			c.Words = append(c.Words, word)
			return n
		}
	}
	p.want(at, expectation{what: "a " + f.Name, words: f.Values, closed: true})
	return 0
}

// readText reads a name in quotation marks, or one word without.
func readText(p *parser, _ *Field, c *Condition, at int) int {
	t := p.tokens[at]
	if t.kind == tokenText || t.kind == tokenWord && !reserved[t.word] && len(t.raw) <= MaxName && !strings.ContainsFunc(t.raw, isControl) {
		c.Words = append(c.Words, t.name())
		if t.kind == tokenWord {
			p.want(at+1, expectation{what: "quotation marks around a name of several words", loose: true})
		}
		return 1
	}
	p.want(at, expectation{what: "a name in quotation marks"})
	return 0
}

// reserved are words that are no name unless they stand in quotation marks.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "a": true, "an": true, "any": true, "anything": true, "the": true,
	"after": true, "group": true, "from": true, "in": true, "within": true, "at": true, "about": true, "open": true, "fulfilled": true, "told": true}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

var languageCode = regexp.MustCompile(`^[a-z]{2}$`)

func readLanguage(p *parser, _ *Field, c *Condition, at int) int {
	t := p.tokens[at]
	if t.kind == tokenWord && languageCode.MatchString(t.word) {
		c.Words = append(c.Words, t.word)
		return 1
	}
	p.want(at, expectation{what: "a language of two letters, like fi"})
	return 0
}

func readAddress(p *parser, _ *Field, c *Condition, at int) int {
	t := p.tokens[at]
	if t.kind == tokenWord || t.kind == tokenText {
		if a, err := crm.ParseAddress(t.raw); err == nil && t.kind == tokenWord && oneToken(string(a)) {
			c.Words = append(c.Words, string(a))
			return 1
		}
	}
	p.want(at, expectation{what: "the address of a colleague"})
	return 0
}

// oneToken reports that a word is read again as it is written.
func oneToken(s string) bool {
	tokens, err := lex(s)
	return err == nil && len(tokens) == 2 && tokens[0].kind == tokenWord && tokens[0].raw == s
}

// readNumber reads a count, an amount or a share, as the field has it.
func readNumber(p *parser, f *Field, c *Condition, at int) (n int) {
	c.Number, n = p.number(f, at)
	return n
}

func readTo(p *parser, f *Field, c *Condition, at int) (n int) {
	if c.To, n = p.number(f, at); n > 0 && c.To < c.Number {
		p.want(at, expectation{what: "a number that is not below the first one"})
		return 0
	}
	return n
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

func (p *parser) number(f *Field, at int) (value int64, n int) {
	t := p.tokens[at]
	n = 1
	switch {
	case t.kind != tokenWord:
	case f.Kind == KindMoney:
		if m, err := crm.ParseMoney(f.Name, t.raw); err == nil && m >= 0 && t.raw[0] >= '0' && t.raw[0] <= '9' {
			return int64(m), n
		}
	case digits.MatchString(t.raw):
		value, _ = strconv.ParseInt(t.raw, 10, 64)
		if f.Kind != KindPercent {
			return value, n
		}
		if p.is(at+1, "%") || p.is(at+1, "percent") {
			n++
		}
		if value <= 100 {
			return value, n
		}
	}
	p.want(at, expectation{what: map[Kind]string{KindMoney: "an amount of your currency, like 250 or 19.90", KindPercent: "a share from 0 to 100 %"}[f.Kind], or: "a whole number"})
	return 0, 0
}

// written gives a number as it is read again.
func written(c *Condition, n int64) string {
	f, _ := FieldNamed(c.Field)
	switch f.Kind {
	case KindMoney:
		return strings.TrimSuffix(crm.Money(n).String(), ".00")
	case KindPercent:
		return strconv.FormatInt(n, 10) + " %"
	}
	return strconv.FormatInt(n, 10)
}

func readDay(p *parser, _ *Field, c *Condition, at int) int {
	t := p.tokens[at]
	if day, err := time.Parse(time.DateOnly, t.word); t.kind == tokenWord && err == nil && day.Year() >= 1971 && day.Year() < 2200 {
		c.Day = crm.DayOf(day)
		return 1
	}
	p.want(at, expectation{what: "a day like 2026-03-01"})
	return 0
}

var units = []Unit{Days, Weeks, Months, Years}

// String gives the span: "14 days", "1 week".
func (s Span) String() string {
	if s.N == 1 {
		return "1 " + string(s.Unit)
	}
	return strconv.Itoa(s.N) + " " + string(s.Unit) + "s"
}

func readSpan(p *parser, _ *Field, c *Condition, at int) (n int) {
	c.Span, n = p.span(at)
	return n
}

func (p *parser) span(at int) (Span, int) {
	t := p.tokens[at]
	if t.kind != tokenWord || !digits.MatchString(t.raw) {
		p.want(at, expectation{what: "a number of days, like 14 days"})
		return Span{}, 0
	}
	n, _ := strconv.Atoi(t.raw)
	unit := p.tokens[at+1]
	for _, u := range units {
		if unit.kind != tokenWord || unit.word != string(u) && unit.word != string(u)+"s" {
			continue
		}
		s := Span{n, u}
		if n <= MaxDays && s.Days() <= MaxDays {
			return s, 2
		}
		p.want(at, expectation{what: "at most 100 years"})
		return Span{}, 0
	}
	p.want(at+1, expectation{what: "days, weeks, months or years", words: []string{"days", "weeks", "months", "years"}})
	return Span{}, 0
}

func readLast(p *parser, _ *Field, c *Condition, at int) (n int) {
	head := 0
	switch {
	case p.phrase(at, "in the last"), p.phrase(at, "within the last"):
		head = 3
	case p.phrase(at, "within"):
		head = 1
	default:
		return 0
	}
	if c.Last, n = p.span(at + head); n == 0 {
		return 0
	}
	return head + n
}

func writeLast(c *Condition) string {
	if c.Last.IsZero() {
		return ""
	}
	return "in the last " + c.Last.String()
}

func readFull(p *parser, _ *Field, c *Condition, at int) int {
	if c.Full = p.phrase(at, "at full price"); c.Full {
		return 3
	}
	return 0
}

func readAbout(p *parser, f *Field, c *Condition, at int) int {
	if !p.phrase(at, "about") {
		return 0
	}
	n := readText(p, f, c, at+1)
	if n > 0 && len(crm.Tokens(c.Words[0])) == 0 {
		c.Words = nil
		p.want(at+1, expectation{what: "at least one word that is written with letters or digits"})
		return 0
	}
	if n == 0 {
		return 0
	}
	return 1 + n
}

func writeAbout(c *Condition) string {
	if len(c.Words) == 0 {
		return ""
	}
	return "about " + quoted(c.Words[0])
}

func readState(p *parser, _ *Field, c *Condition, at int) int {
	if t := p.tokens[at]; t.kind == tokenWord && slices.Contains(wishStates, t.word) {
		c.State = t.word
		return 1
	}
	p.want(at, expectation{what: "open, fulfilled or told", words: wishStates})
	return 0
}
