package segment

import (
	"fmt"
	"slices"
	"strings"
)

// Parse reads a rule. Its error is an [*Error] with the place and, where
// somebody can have meant something else, what that is; it wraps one of kind
// [crm.KindInvalid].
func Parse(text string) (Rule, error) {
	tokens, bad := lex(text)
	if bad != nil {
		return Rule{}, bad
	}
	p := &parser{text: text, tokens: tokens}
	if p.tokens[0].kind == tokenEnd {
		return Rule{}, errorAt(text, 0, 1, `the rule is empty; write a condition such as "rung is one-time", or "everybody"`)
	}
	r, bad := p.rule(0)
	if bad == nil && p.tokens[p.at].kind != tokenEnd {
		bad = p.trailing()
	}
	if bad == nil && len(r.String()) > MaxText {
		bad = errorAt(text, 0, 1, "the rule is longer than %d characters once it is written out", MaxText)
	}
	if bad != nil {
		return Rule{}, bad
	}
	return r, nil
}

// parser goes over the tokens of a text. The conditions are read by the patterns
// of the fields: all that could begin here are tried, the longest counts, and
// when none fits, what was expected where the best of them ended is told.
type parser struct {
	text       string
	tokens     []token
	at         int
	conditions int

	far    int // the furthest token at which something else was expected
	wanted []expectation
	other  bool // a pattern is tried that is not the canonical one: it is not proposed beside that
}

// expectation is what would have fitted.
type expectation struct {
	what   string
	or     string   // what, when that is ""
	words  []string // that may have been meant
	closed bool     // the words are all there are
	loose  bool     // a hint, not what must follow
}

// want notes what would have fitted at a token.
func (p *parser) want(at int, e expectation) {
	if e.what == "" {
		e.what = e.or
	}
	switch {
	case at < p.far || at == p.far && p.other && len(p.wanted) > 0:
		return
	case at > p.far:
		p.far, p.wanted = at, nil
	}
	if !slices.ContainsFunc(p.wanted, func(w expectation) bool { return w.what == e.what }) {
		p.wanted = append(p.wanted, e)
	}
}

// keyword reports a word that joins conditions.
func keyword(word string) bool { return word == "and" || word == "or" || word == "not" }

// is reports whether a token is this word or mark.
func (p *parser) is(at int, word string) bool {
	t := p.tokens[min(at, len(p.tokens)-1)]
	return t.kind != tokenText && t.kind != tokenEnd && t.word == word
}

// phrase reports whether these words stand here, and notes where they break off.
func (p *parser) phrase(at int, words string) bool {
	for i, w := range strings.Fields(words) {
		if !p.is(at+i, w) {
			p.want(at+i, expectation{what: `"` + w + `"`, words: []string{w}})
			return false
		}
	}
	return true
}

// words gives n tokens as one word with hyphens.
func (p *parser) words(at, n int) (string, bool) {
	var out []string
	for i := at; i < at+n; i++ {
		if i >= len(p.tokens) || p.tokens[i].kind != tokenWord && (n > 1 || p.tokens[i].kind != tokenText) {
			return "", false
		}
		out = append(out, strings.ReplaceAll(strings.ToLower(p.tokens[i].word), " ", "-"))
	}
	return strings.Join(out, "-"), true
}

// name gives a token as a name.
func (t token) name() string {
	if t.kind == tokenText {
		return t.word
	}
	return t.raw
}

// rule reads conditions joined by or.
func (p *parser) rule(depth int) (Rule, *Error) { return p.joined(depth, "or", Any, p.all) }

func (p *parser) all(depth int) (Rule, *Error) { return p.joined(depth, "and", All, p.single) }

func (p *parser) joined(depth int, by string, join func(...Rule) Rule, next func(int) (Rule, *Error)) (Rule, *Error) {
	var of []Rule
	for {
		r, err := next(depth)
		if err != nil {
			return r, err
		}
		if of = append(of, r); !p.is(p.at, by) {
			return join(of...), nil
		}
		p.at++
	}
}

// single reads a condition, its negation, or a rule in brackets.
func (p *parser) single(depth int) (Rule, *Error) {
	t := p.tokens[p.at]
	switch {
	case depth > MaxDepth:
		return Rule{}, errorAt(p.text, t.at, 1, "brackets and nots stand more than %d deep within each other", MaxDepth)
	case p.is(p.at, "not"):
		p.at++
		r, err := p.single(depth + 1)
		return Negate(r), err
	case p.is(p.at, "("):
		p.at++
		r, err := p.rule(depth + 1)
		if err != nil {
			return r, err
		}
		if !p.is(p.at, ")") {
			if p.tokens[p.at].kind == tokenEnd {
				return r, errorAt(p.text, t.at, 1, "the bracket that is opened here is not closed")
			}
			return r, p.trailing()
		}
		p.at++
		return r, nil
	case p.is(p.at, "everybody"):
		p.at++
		return Rule{}, nil
	}
	if p.conditions++; p.conditions > MaxConditions {
		return Rule{}, errorAt(p.text, t.at, 1, "the rule has more than %d conditions", MaxConditions)
	}
	return p.condition()
}

// condition reads one by the pattern that takes the most.
func (p *parser) condition() (Rule, *Error) {
	p.far, p.wanted = p.at, nil
	var best *Condition
	long := 0
	for i := range fields {
		for j := range fields[i].forms {
			for k, pattern := range fields[i].forms[j].patterns {
				p.other = k > 0
				c := Condition{Field: fields[i].Name, Test: fields[i].forms[j].test}
				if n := p.match(&fields[i], &c, pattern); n > long {
					best, long = &c, n
				}
			}
		}
	}
	if best == nil {
		return Rule{}, p.failure()
	}
	p.at += long
	return Rule{Op: Is, Is: best}, nil
}

// match reads a pattern and gives how many tokens it took, 0 when it does not
// fit.
func (p *parser) match(f *Field, c *Condition, pattern pattern) int {
	at := p.at
	for _, part := range pattern.parts {
		if part.slot == "" {
			if !p.is(at, part.word) {
				p.want(at, expectation{what: `"` + part.word + `"`, words: []string{part.word}})
				return 0
			}
			at++
			continue
		}
		n := slots[part.slot].read(p, f, c, at)
		if n == 0 && !part.optional {
			return 0
		}
		at += n
	}
	return at - p.at
}

// failure says what would have been a condition here.
func (p *parser) failure() *Error {
	t := p.tokens[p.far]
	if p.far == p.at {
		return p.noCondition(t)
	}
	return errorAt(p.text, t.at, t.length(), "%s", p.expected(t))
}

// noCondition says that no condition begins so.
func (p *parser) noCondition(t token) *Error {
	var names []string
	for i := range fields {
		names = append(names, fields[i].Name)
	}
	all := "; conditions begin with " + strings.Join(names, ", ")
	switch {
	case t.kind == tokenEnd:
		return errorAt(p.text, t.at, 1, "a condition is missing at the end%s", all)
	case keyword(t.word) || t.kind == tokenMark:
		return errorAt(p.text, t.at, t.length(), "a condition is missing before %s%s", t.shown(), all)
	}
	var firsts []string
	for _, n := range names {
		firsts = append(firsts, strings.Fields(n)[0])
	}
	return errorAt(p.text, t.at, t.length(), "no condition begins with %s%s%s", t.shown(), meant(nearest(t.word, append(firsts, names...))), all)
}

// trailing says why a rule does not end, or go on, here.
func (p *parser) trailing() *Error {
	t := p.tokens[p.at]
	switch {
	case p.is(p.at, ")"):
		return errorAt(p.text, t.at, 1, "this bracket closes none")
	case p.far > p.at:
		late := p.tokens[p.far]
		return errorAt(p.text, late.at, late.length(), "%s", p.expected(late))
	case p.far < p.at:
		p.wanted = nil
	}
	p.wanted = append(p.wanted, expectation{what: `"and"`, words: []string{"and"}}, expectation{what: `"or"`, words: []string{"or"}}, expectation{what: "the end"})
	return errorAt(p.text, t.at, t.length(), "%s", p.expected(t))
}

// expected says what was found and what was expected.
func (p *parser) expected(t token) string {
	var what, words []string
	hint := ""
	for _, e := range p.wanted {
		words = append(words, e.words...)
		if e.closed && t.kind != tokenEnd && len(p.wanted) == 1 {
			return fmt.Sprintf("%s is not %s%s; choose of %s", t.shown(), e.what, meant(nearest(t.word, e.words)), strings.Join(e.words, ", "))
		}
		if e.loose {
			hint = "; put " + e.what
			continue
		}
		if e.closed {
			e.what += " (" + strings.Join(e.words, ", ") + ")"
		}
		what = append(what, e.what)
	}
	list := strings.Join(what, ", ")
	if n := len(what); n > 1 {
		list = strings.Join(what[:n-1], ", ") + " or " + what[n-1]
	}
	near := ""
	if t.kind == tokenWord {
		near = meant(nearest(t.word, words))
	}
	return fmt.Sprintf("expected %s; %s stands here%s%s", list, t.shown(), near, hint)
}

func meant(word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + word + "?"
}

// shown gives a token for people.
func (t token) shown() string {
	switch {
	case t.kind == tokenEnd:
		return "the end"
	case t.kind == tokenText:
		return t.raw
	case len(t.raw) > 60:
		return fmt.Sprintf("%.60q", t.raw)
	}
	return fmt.Sprintf("%q", t.raw)
}

func (t token) length() int { return len([]rune(t.raw)) }
