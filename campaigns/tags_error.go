package campaigns

import (
	"fmt"
	"strings"

	"kaveri/crm"
)

// maxErrors is how many errors of one text are told: the rest follows from them.
const maxErrors = 20

// SyntaxError is something in a text that cannot be compiled.
type SyntaxError struct {
	Line, Col int    // from 1; Col in characters
	Text      string // what is wrong and how to mend it
	Source    string // the line
}

// Error gives place and sentence.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Col, e.Text)
}

// Caret gives the line with a caret under the place, as two lines.
func (e *SyntaxError) Caret() string {
	const before, after = 60, 40
	line := []rune(e.Source)
	at := min(max(e.Col-1, 0), len(line))
	from, to := max(0, at-before), min(len(line), at+after)
	var b, under strings.Builder
	for i, r := range line[from:to] {
		if r < ' ' {
			r = ' ' // a tab would move the caret
		}
		b.WriteRune(r)
		if from+i < at {
			under.WriteByte(' ')
		}
	}
	return b.String() + "\n" + under.String() + "^"
}

// SyntaxErrors are all that were found in a text, in its order. Never empty. It
// is of kind [crm.KindInvalid].
type SyntaxErrors []*SyntaxError

// Error gives the first, and how many there are.
func (es SyntaxErrors) Error() string {
	if len(es) == 1 {
		return es[0].Error()
	}
	return fmt.Sprintf("%s (the first of %d errors)", es[0], len(es))
}

// Unwrap gives the error as the rest of the program sorts it.
func (es SyntaxErrors) Unwrap() error { return crm.Invalid("template", "%s", es.Error()) }

// Problem is why a recipient's value cannot be used.
type Problem string

// The problems.
const (
	Missing   Problem = "missing"    // no value, and the text has no fallback
	LineBreak Problem = "line-break" // in a header field, where a line break would begin another
	NoLink    Problem = "link"       // not an http, https or mailto address where a link stands
	NoDate    Problem = "date"       // the filter date cannot read it
	NoNumber  Problem = "number"     // the filter number cannot read it
	TooLong   Problem = "size"       // the mail would pass a cap
)

// ValueError is a field that one recipient's mail cannot be made with.
type ValueError struct {
	Field   string
	Problem Problem
	Value   string // as it is, "" when missing
}

// Error gives the sentence.
func (e *ValueError) Error() string {
	switch e.Problem {
	case Missing:
		return e.Field + " has no value, and the text has no fallback for it"
	case LineBreak:
		return e.Field + " has a line break or NUL, which cannot stand in the subject"
	case NoLink:
		return fmt.Sprintf("%s, %q, is not an address that begins with http://, https:// or mailto:", e.Field, clip(e.Value))
	case NoDate:
		return fmt.Sprintf("%s, %q, is not a date like 2026-11-14 or 14.11.2026", e.Field, clip(e.Value))
	case NoNumber:
		return fmt.Sprintf("%s, %q, is not a number", e.Field, clip(e.Value))
	}
	return e.Field + " makes the mail too large"
}

// clip keeps a value short enough for a sentence.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return crm.Cut(s, most) + "..."
}

// ValueErrors are all fields of one recipient that cannot be used, each once.
// Never empty. It is of kind [crm.KindInvalid]: the recipient's own, and final.
type ValueErrors []*ValueError

// Error gives all of them.
func (es ValueErrors) Error() string {
	var all []string
	for _, e := range es {
		all = append(all, e.Error())
	}
	return strings.Join(all, "; ")
}

// Unwrap gives the error as the rest of the program sorts it.
func (es ValueErrors) Unwrap() error { return crm.Invalid(es[0].Field, "%s", es.Error()) }
