package campaigns

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// filter changes a value before it is printed.
type filter struct {
	least, most int      // arguments
	words       []string // that the first argument may be; nil: anything
	number      bool     // the first argument is a whole number
	apply       func(r *rendering, v string, args []operand) (string, Problem)
}

// filterCall is a filter with its arguments.
type filterCall struct {
	filter *filter
	args   []operand
	at     int
}

// filterDefault is the fallback of an empty value.
var filterDefault = &filter{least: 1, most: 1, apply: func(r *rendering, v string, args []operand) (string, Problem) {
	if blank(v) {
		return r.value(args[0]), ""
	}
	return v, ""
}}

var filters = map[string]*filter{
	"default":    filterDefault,
	"upper":      plain(strings.ToUpper),
	"lower":      plain(strings.ToLower),
	"capitalize": plain(capitalize),
	"first_word": plain(firstWord),
	"truncate":   {least: 1, most: 1, number: true, apply: truncate},
	"date":       {most: 2, words: []string{"long", "short", "iso"}, apply: date},
	"number":     {most: 2, number: true, apply: number},
}

func plain(change func(string) string) *filter {
	return &filter{apply: func(_ *rendering, v string, _ []operand) (string, Problem) { return change(v), "" }}
}

func filterNames() string { return strings.Join(slices.Sorted(maps.Keys(filters)), ", ") }

// check says what is wrong with a filter's arguments.
func (f *filter) check(name string, args []operand) string {
	switch {
	case len(args) < f.least:
		return fmt.Sprintf(`%s needs an argument, such as %s`, name, map[string]string{"default": `default: "there"`, "truncate": "truncate: 40"}[name])
	case len(args) > f.most && f.most == 0:
		return name + " takes no argument"
	case len(args) > f.most:
		return fmt.Sprintf("%s takes no more than %d arguments", name, f.most)
	case len(args) == 0:
		return ""
	}
	first := args[0]
	if f.words != nil && (!first.literal() || !slices.Contains(f.words, first.text)) {
		return fmt.Sprintf("%s can be %s, in quotes", name, strings.Join(f.words, ", "))
	}
	if n, err := strconv.Atoi(first.text); f.number && (!first.literal() || err != nil || n < 0 || n > 1000) {
		return name + " needs a whole number as its argument"
	}
	if len(args) == 2 && (!args[1].literal() || !knownLanguage(args[1].text)) {
		return name + ` can be told a language as its second argument: "en", "fi", "sv" or "de"`
	}
	return ""
}

// checkDefaults tries fallbacks that a later filter has to read: what fails
// for everybody is a mistake in the text.
func checkDefaults(e *expression, calls []filterCall) bool {
	for i, f := range calls {
		if f.filter != filterDefault || !f.args[0].literal() {
			continue
		}
		r, v := &rendering{data: &Data{}}, f.args[0].text
		for _, next := range calls[i+1:] {
			var problem Problem
			if v != "" && next.filter != filterDefault {
				v, problem = next.filter.apply(r, v, next.args)
			}
			if problem != "" {
				e.c.fail(next.at, "the fallback %q is no %s; give the fallback last", v, problem)
				return false
			}
		}
	}
	return true
}

// capitalize makes the first letter a capital.
func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToTitle(r)) + s[n:]
}

// firstWord is what people are called by when a name holds all of it.
func firstWord(s string) string {
	for w := range strings.FieldsSeq(s) {
		return w
	}
	return ""
}

// truncate cuts to so many characters, at a blank where there is one.
func truncate(_ *rendering, v string, args []operand) (string, Problem) {
	n, _ := strconv.Atoi(args[0].text)
	if utf8.RuneCountInString(v) <= n {
		return v, ""
	}
	if n == 0 {
		return "", ""
	}
	cut := string([]rune(v)[:n-1])
	if i := strings.LastIndexAny(cut, " \t\n"); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " \t\n,;") + "…", ""
}

// date writes a day in the recipient's language.
func date(r *rendering, v string, args []operand) (string, Problem) {
	day, ok := parseDay(strings.TrimSpace(v))
	if !ok {
		return v, NoDate
	}
	form := "long"
	if len(args) > 0 {
		form = args[0].text
	}
	return r.language(args).day(day, form), ""
}

// number writes a number in the recipient's language, with so many decimals;
// without an argument, with those it has.
func number(r *rendering, v string, args []operand) (string, Problem) {
	l := r.language(args)
	n, ok := parseNumber(strings.TrimSpace(v), r.data.Language)
	if !ok {
		return v, NoNumber
	}
	decimals := -1
	if len(args) > 0 {
		decimals, _ = strconv.Atoi(args[0].text)
	}
	return l.number(n, min(decimals, 12)), ""
}

// language is that of the second argument, else the recipient's.
func (r *rendering) language(args []operand) *language {
	if len(args) == 2 {
		return languageOf(args[1].text)
	}
	return languageOf(r.data.Language)
}
