package parse

import (
	"slices"
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// maxForwarded bounds how many carried mails are told apart.
const maxForwarded = 5

// forwarded gives the authors of the mails that a mail carries along: attached,
// or, when its subject says that it forwards, quoted with their header. It says
// nothing about whether that is true.
func (p *parser) forwarded() []crm.Party {
	out := p.attached
	if p.m.Class != crm.ClassHuman {
		return nil
	}
	if !crm.Forwards(p.m.Subject) {
		return out
	}
	lines := strings.SplitN(p.m.Text, "\n", 400)
	for i := 0; i < len(lines) && i < 399 && len(out) < maxForwarded; i++ {
		value, ok := labelled(lines[i], fieldFrom)
		if !ok || !slices.ContainsFunc(lines[i+1:min(i+8, len(lines))], func(l string) bool { _, ok := labelled(l, fieldSubject); return ok }) {
			continue
		}
		if a, ok := addressIn(value); ok && !slices.ContainsFunc(out, func(o crm.Party) bool { return o.Address == a }) {
			out = append(out, crm.Party{Address: a})
		}
	}
	return out[:min(len(out), maxForwarded)]
}

// labelled gives what follows the label of a field and a colon, through quote
// marks.
func labelled(line string, want field) (value string, ok bool) {
	line = strings.TrimLeft(line, "> \t|")
	if len(line) > 500 || fieldOf(line, false) != want {
		return "", false
	}
	i := strings.IndexAny(line, ":：")
	_, n := utf8.DecodeRuneInString(line[i:])
	return line[i+n:], true
}

// addressIn finds the address in "Dora Dorsey <dora@acme.example>",
// "Dora [mailto:dora@acme.example]" and the like.
func addressIn(s string) (crm.Address, bool) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t<>[]()\",;*", r) }) {
		word = strings.TrimPrefix(word, "mailto:")
		if strings.Contains(word, "@") && strings.Contains(word, ".") {
			if a, err := crm.ParseAddress(word); err == nil {
				return a, true
			}
		}
	}
	return "", false
}
