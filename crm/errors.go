package crm

import (
	"errors"
	"fmt"
	"strings"
)

// Kind sorts errors into the few classes that callers treat differently.
// web maps them to an HTTP status, cmd to an exit code, each in one table.
type Kind int

// The kinds of error.
const (
	KindInternal    Kind = iota // a fault of ours or of the machine; shown only as a request id
	KindNotFound                // no such thing, or not for this viewer
	KindConflict                // somebody else changed it, or it exists already
	KindInvalid                 // bad input; Field says which
	KindForbidden               // the viewer may not do this
	KindUnavailable             // try again later
)

// Error is an error whose text may be shown to people.
type Error struct {
	Kind  Kind
	Field string // the input at fault, as the user knows it; "" if none
	Text  string // one sentence: what is wrong and how to mend it
	Err   error  // the cause, logged and never shown
}

// Error gives the field and the sentence.
func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Text
	}
	return e.Text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalid makes an error of kind [KindInvalid] that names the field and the mend.
func Invalid(field, format string, args ...any) error {
	return &Error{Kind: KindInvalid, Field: field, Text: fmt.Sprintf(format, args...)}
}

// NotFound makes an error of kind [KindNotFound].
func NotFound(format string, args ...any) error {
	return &Error{Kind: KindNotFound, Text: fmt.Sprintf(format, args...)}
}

// Conflict makes an error of kind [KindConflict].
func Conflict(format string, args ...any) error {
	return &Error{Kind: KindConflict, Text: fmt.Sprintf(format, args...)}
}

// Forbidden makes an error of kind [KindForbidden].
func Forbidden(format string, args ...any) error {
	return &Error{Kind: KindForbidden, Text: fmt.Sprintf(format, args...)}
}

// Unavailable makes an error of kind [KindUnavailable] with its cause.
func Unavailable(err error, format string, args ...any) error {
	return &Error{Kind: KindUnavailable, Text: fmt.Sprintf(format, args...), Err: err}
}

// Of gives err with the input at fault named. An error that names one, or is
// not ours, stays as it is.
func Of(field string, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Field != "" {
		return err
	}
	return &Error{Kind: e.Kind, Field: field, Text: e.Text, Err: e.Err}
}

// KindOf gives the kind of the first [Error] in err's chain, [KindInternal]
// when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// FieldOf gives the input at fault, "" when the error names none.
func FieldOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// choices names them: "a, b, c". The empty one has no name to give.
func choices[T ~string](of []T) string {
	var b strings.Builder
	for _, c := range of {
		if c == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(c))
	}
	return b.String()
}
