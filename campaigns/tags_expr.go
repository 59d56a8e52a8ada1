package campaigns

import (
	"slices"
	"strconv"
)

// operand is what a value comes from: a text in the tag, a field, or the item
// of an enclosing for.
type operand struct {
	text string
	slot int    // of a field, -1 when it is none
	loop int    // which for, from the outermost, -1 when none
	item string // of an item: the part that is asked for, "" its own value
	name string // for people; "" of a text
}

func (o operand) literal() bool { return o.slot < 0 && o.loop < 0 }

// expression reads the tokens of one tag.
type expression struct {
	c      *compiler
	tokens []token
	at     int
	end    int // where the tag closes
	depth  int
}

// here gives the offset of the next token.
func (e *expression) here() int {
	if e.at < len(e.tokens) {
		return e.tokens[e.at].at
	}
	return e.end
}

func (e *expression) fail(format string, args ...any) { e.c.fail(e.here(), format, args...) }

// sign takes the next token when it is this sign or reserved word.
func (e *expression) sign(s string) bool {
	if e.peek() == s {
		e.at++
		return true
	}
	return false
}

// peek gives the next sign or reserved word, "" when something else is next.
func (e *expression) peek() string {
	if e.at < len(e.tokens) {
		if t := e.tokens[e.at]; t.kind == tokenSign || t.kind == tokenWord && reserved[t.text] {
			return t.text
		}
	}
	return ""
}

// operand reads a text, a number or a field.
func (e *expression) operand() (operand, bool) {
	if e.at >= len(e.tokens) {
		e.fail("here a field's name is missing")
		return operand{}, false
	}
	t := e.tokens[e.at]
	switch {
	case t.kind == tokenString, t.kind == tokenNumber:
		e.at++
		return operand{text: t.text, slot: -1, loop: -1}, true
	case t.kind == tokenSign:
		e.fail("%s stands where a field's name is expected", t.text)
		return operand{}, false
	case reserved[t.text]:
		e.fail("%q is a word of the language and no field; rename the column", t.text)
		return operand{}, false
	}
	e.at++
	part := ""
	if e.sign(".") {
		if e.at >= len(e.tokens) || e.tokens[e.at].kind != tokenWord {
			e.fail("behind the dot the name of a part is missing")
			return operand{}, false
		}
		part = e.tokens[e.at].text
		e.at++
	}
	return e.c.field(t, part)
}

// field resolves a name: the item of the innermost for of that name, or a field.
func (c *compiler) field(t token, part string) (operand, bool) {
	for i, l := range slices.Backward(c.loops) {
		if l.item == t.text {
			name := l.list
			if part != "" {
				name += "." + part
			}
			return operand{slot: -1, loop: i, item: part, name: name}, true
		}
	}
	if part != "" {
		c.fail(t.at, "only the item of a for has parts; %s is none", t.text)
		return operand{}, false
	}
	return operand{slot: c.slot(t), loop: -1, name: t.text}, true
}

// slot gives a field's slot, and notes its use.
func (c *compiler) slot(t token) int {
	if i, ok := c.slots[t.text]; ok {
		return i
	}
	line, col := c.position(t.at)
	c.fields = append(c.fields, Field{Name: t.text, Line: line, Col: col})
	c.names = append(c.names, t.text)
	c.slots[t.text] = len(c.names) - 1
	return len(c.names) - 1
}

// filters reads "| name: argument, argument" to the end of the tag.
func (e *expression) filters() ([]filterCall, bool) {
	var out []filterCall
	for e.at < len(e.tokens) {
		if !e.sign("|") {
			e.fail("%q is not expected here; a filter begins with |", e.tokens[e.at].text)
			return nil, false
		}
		f, ok := e.filter()
		if !ok {
			return nil, false
		}
		out = append(out, f)
	}
	return out, checkDefaults(e, out)
}

func (e *expression) filter() (f filterCall, ok bool) {
	if e.at >= len(e.tokens) || e.tokens[e.at].kind != tokenWord {
		e.fail("behind | the name of a filter is missing: %s", filterNames())
		return f, false
	}
	t := e.tokens[e.at]
	if f.filter = filters[t.text]; f.filter == nil {
		e.fail("there is no filter %s; there are %s", t.text, filterNames())
		return f, false
	}
	f.at = t.at
	e.at++
	for more := e.sign(":"); more; more = e.sign(",") {
		a, ok := e.operand()
		if !ok {
			return f, false
		}
		f.args = append(f.args, a)
	}
	if problem := f.filter.check(t.text, f.args); problem != "" {
		e.c.fail(t.at, "%s", problem)
		return f, false
	}
	return f, true
}

// fallback notes whether an output needs its field.
func (c *compiler) fallback(out *output, at int) {
	out.fallback = out.value.literal()
	name := out.value.name
	ownValue := out.value.loop >= 0 && out.value.item == "" // no list has empty items
	known := c.knows(name) || always(name) || ownValue
	for _, f := range out.filters {
		if f.filter == filterDefault {
			a := f.args[0]
			out.fallback = out.fallback || a.literal()
			known = known || always(a.name) || c.knows(a.name)
		}
	}
	if !out.fallback && !known {
		c.require(name, at)
	}
}

// require notes that a field must have a value.
func (c *compiler) require(name string, at int) {
	line, col := c.position(at)
	for i := range c.fields {
		if f := &c.fields[i]; f.Name == name {
			if !f.Required {
				*f = Field{name, line, col, true}
			}
			return
		}
	}
	c.fields = append(c.fields, Field{name, line, col, true}) // a part of an item
}

// knows reports whether an enclosing if says that a field has a value.
func (c *compiler) knows(name string) bool {
	return slices.ContainsFunc(c.known, func(k map[string]bool) bool { return k[name] })
}

// loopHead reads "for x in list limit: 5".
func (c *compiler) loopHead(p *piece, l *loop) loopName {
	if p.broken {
		return loopName{}
	}
	e := &expression{c: c, tokens: p.tokens, at: 1, end: p.end - 2}
	const shape = "write {{ for x in list limit: 5 }}"
	if len(e.tokens) < 4 || e.tokens[1].kind != tokenWord || e.tokens[2].text != "in" || e.tokens[3].kind != tokenWord {
		e.fail(shape)
		return loopName{}
	}
	item, list := e.tokens[1], e.tokens[3]
	for _, t := range []token{item, list} {
		if reserved[t.text] {
			c.fail(t.at, "%q is a word of the language and no name", t.text)
			return loopName{}
		}
	}
	if slices.ContainsFunc(c.loops, func(n loopName) bool { return n.item == item.text || n.item == list.text }) {
		c.fail(item.at, "an enclosing for has that name already; a for goes over a field's list")
		return loopName{}
	}
	l.list = c.slot(list)
	if e.at = 4; e.sign("limit") {
		l.limit = e.limit()
	}
	if e.at < len(e.tokens) {
		e.fail(shape)
	}
	return loopName{item.text, list.text}
}

// limit reads ": 5".
func (e *expression) limit() int {
	e.sign(":")
	if e.at < len(e.tokens) && e.tokens[e.at].kind == tokenNumber {
		n, err := strconv.Atoi(e.tokens[e.at].text)
		if err == nil && n >= 1 && n <= maxItems {
			e.at++
			return n
		}
	}
	e.fail("the limit is a number from 1 to %d", maxItems)
	e.at = len(e.tokens)
	return 1
}
