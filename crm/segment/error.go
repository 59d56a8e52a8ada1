package segment

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// Error says what cannot be read in the text of a rule, and where.
type Error struct {
	Text   string `json:"text"`   // one sentence: what is wrong and how to mend it
	Offset int    `json:"offset"` // in bytes, from 0
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // in characters, from 1
	Length int    `json:"length"` // of what is wrong, in characters; at least 1
}

// Error gives the place and the sentence.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Unwrap gives the error as one of kind [crm.KindInvalid] of the field segment.
func (e *Error) Unwrap() error { return crm.Invalid("segment", "%s", e.Error()) }

// errorAt makes an error at a place of a text.
func errorAt(text string, offset, length int, format string, args ...any) *Error {
	offset = min(max(offset, 0), len(text))
	before := strings.ToValidUTF8(text[:offset], "?")
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &Error{Text: fmt.Sprintf(format, args...), Offset: offset, Line: line, Column: column, Length: max(length, 1)}
}

// Caret gives the line of the text at fault with carets beneath the place, for a
// terminal of fixed width. Control characters become blanks.
func (e *Error) Caret(text string) string {
	lines := strings.Split(strings.ToValidUTF8(text, "?"), "\n")
	line := []rune(lines[min(e.Line, len(lines))-1])
	for i, r := range line {
		if r < ' ' || r == 0x7f {
			line[i] = ' '
		}
	}
	from := min(e.Column-1, len(line))
	long := max(1, min(e.Length, len(line)-from))
	return string(line) + "\n" + strings.Repeat(" ", from) + strings.Repeat("^", long)
}
