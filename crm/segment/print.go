package segment

import "strings"

// String gives the canonical text: [Parse] makes the same rule of it.
func (r Rule) String() string {
	var b strings.Builder
	r.write(&b)
	return b.String()
}

func (r Rule) write(b *strings.Builder) {
	switch r.Op {
	case Everybody:
		b.WriteString("everybody")
	case Is:
		b.WriteString(r.Is.String())
	case Not:
		b.WriteString("not ")
		r.Of[0].bracketed(b, r.Of[0].Op == And || r.Of[0].Op == Or)
	case And, Or:
		for i, of := range r.Of {
			if i > 0 {
				b.WriteString(" " + string(r.Op) + " ")
			}
			of.bracketed(b, r.Op == And && of.Op == Or)
		}
	}
}

func (r Rule) bracketed(b *strings.Builder, needed bool) {
	if !needed {
		r.write(b)
		return
	}
	b.WriteByte('(')
	r.write(b)
	b.WriteByte(')')
}

// String gives the canonical text of the condition.
func (c *Condition) String() string {
	f, ok := FieldNamed(c.Field)
	if !ok {
		return c.Field
	}
	for _, form := range f.forms {
		if form.test == c.Test {
			return form.patterns[0].write(c)
		}
	}
	return c.Field
}

// write fills the slots of a pattern.
func (p pattern) write(c *Condition) string {
	var out []string
	for _, part := range p.parts {
		word := part.word
		if part.slot != "" {
			word = slots[part.slot].write(c)
		}
		if word != "" {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}
