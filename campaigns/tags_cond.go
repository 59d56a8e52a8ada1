package campaigns

import (
	"maps"
	"strings"
)

// condition is a compiled condition.
type condition struct {
	op          string // and, or, not, == != contains < > <= >=, "" has a value
	left, right *condition
	a, b        operand
}

// condition reads the condition of an if or elsif. What it gives besides are
// the fields that have a value when it holds, and when it does not.
func (c *compiler) condition(p *piece) (when *condition, ifTrue, ifFalse map[string]bool) {
	if p.broken {
		return nil, nil, nil
	}
	e := &expression{c: c, tokens: p.tokens, at: 1, end: p.end - 2}
	when, ok := e.or()
	if ok && e.at < len(e.tokens) {
		e.fail("%q is not expected here; join conditions with and, or", e.tokens[e.at].text)
		ok = false
	}
	if !ok {
		return nil, nil, nil
	}
	return when, when.values(true), when.values(false)
}

func (e *expression) or() (*condition, bool)  { return e.joined("or", e.and) }
func (e *expression) and() (*condition, bool) { return e.joined("and", e.not) }

// joined reads parts with the same word between them.
func (e *expression) joined(word string, part func() (*condition, bool)) (*condition, bool) {
	left, ok := part()
	for ok && e.sign(word) {
		var right *condition
		right, ok = part()
		left = &condition{op: word, left: left, right: right}
	}
	return left, ok
}

func (e *expression) not() (*condition, bool) {
	if e.depth++; e.depth > maxNesting {
		e.fail("more than %d parentheses or nots stand within each other", maxNesting)
		return nil, false
	}
	defer func() { e.depth-- }()
	if e.sign("not") {
		inner, ok := e.not()
		return &condition{op: "not", left: inner}, ok
	}
	if e.sign("(") {
		inner, ok := e.or()
		if ok && !e.sign(")") {
			e.fail("here a closing parenthesis is missing")
			ok = false
		}
		return inner, ok
	}
	return e.comparison()
}

func (e *expression) comparison() (*condition, bool) {
	a, ok := e.operand()
	if !ok {
		return nil, false
	}
	switch op := e.peek(); op {
	case "==", "!=", "contains", "<", ">", "<=", ">=":
		e.at++
		b, ok := e.operand()
		return &condition{op: op, a: a, b: b}, ok
	}
	return &condition{a: a}, true
}

// values gives the fields that certainly have a value when the condition is
// holds.
func (w *condition) values(holds bool) map[string]bool {
	switch w.op {
	case "not":
		return w.left.values(!holds)
	case "and", "or":
		l, r := w.left.values(holds), w.right.values(holds)
		if (w.op == "and") == holds {
			all := maps.Clone(l)
			maps.Copy(all, r)
			return all
		}
		maps.DeleteFunc(l, func(name string, _ bool) bool { return !r[name] })
		return l
	}
	out := map[string]bool{}
	if w.a.name != "" && w.showsValue(holds) {
		out[w.a.name] = true
	}
	return out
}

// showsValue reports a comparison that no empty value passes.
func (w *condition) showsValue(holds bool) bool {
	text := w.b.literal() && strings.TrimSpace(w.b.text) != ""
	switch w.op {
	case "", "<", ">", "<=", ">=":
		return holds
	case "==", "contains":
		return holds && text
	case "!=":
		return !holds && text
	}
	return false
}

// holds decides a condition for a recipient.
func (r *rendering) holds(w *condition) bool {
	switch w.op {
	case "and":
		return r.holds(w.left) && r.holds(w.right)
	case "or":
		return r.holds(w.left) || r.holds(w.right)
	case "not":
		return !r.holds(w.left)
	}
	a := r.value(w.a)
	if w.op == "" {
		return yes(a)
	}
	b := r.value(w.b)
	switch w.op {
	case "==":
		return r.order(a, b) == 0
	case "!=":
		return r.order(a, b) != 0
	case "contains":
		return strings.TrimSpace(a) != "" && strings.Contains(strings.ToLower(a), strings.ToLower(strings.TrimSpace(b)))
	}
	if strings.TrimSpace(a) == "" || strings.TrimSpace(b) == "" {
		return false
	}
	switch o := r.order(a, b); w.op {
	case "<":
		return o < 0
	case ">":
		return o > 0
	case "<=":
		return o <= 0
	}
	return r.order(a, b) >= 0
}

// yes is what a field alone means as a condition: it has a value, and not one
// that says no.
func yes(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "0", "false", "no", "ei", "nej", "nein":
		return false
	}
	return true
}

// order compares two values: as numbers when both are, as days when both are,
// else as words without regard to case.
func (r *rendering) order(a, b string) int {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if x, ok := parseNumber(a, r.data.Language); ok {
		if y, ok := parseNumber(b, r.data.Language); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	if x, ok := parseDay(a); ok {
		if y, ok := parseDay(b); ok {
			return x.Compare(y)
		}
	}
	if strings.EqualFold(a, b) {
		return 0
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
