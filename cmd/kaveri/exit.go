package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kaveri/crm"
)

// The exit codes, part of the public contract (docs/cli.md).
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitPartly = 3 // done in part; what failed is on standard error
)

// exitOf maps each kind of error to its exit code: the only such table.
var exitOf = map[crm.Kind]int{
	crm.KindInternal:    exitFailed,
	crm.KindNotFound:    exitFailed,
	crm.KindConflict:    exitFailed,
	crm.KindInvalid:     exitUsage,
	crm.KindForbidden:   exitFailed,
	crm.KindUnavailable: exitFailed,
}

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

// Error gives the sentence.
func (e usageError) Error() string { return e.text }

func misused(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// partlyError says that some of the work is done.
type partlyError struct{ text string }

// Error gives the sentence.
func (e partlyError) Error() string { return e.text }

func partly(format string, args ...any) error { return partlyError{fmt.Sprintf(format, args...)} }

// failure is an error whose sentence is ours and carries no kind.
func failure(format string, args ...any) error {
	return &crm.Error{Kind: crm.KindInternal, Text: fmt.Sprintf(format, args...)}
}

// listedBy are the verbs that show what there is of something, by the field
// that an error names.
var listedBy = map[string]string{
	"customer": "kaveri customer list", "contact": "kaveri customer show", "address": "kaveri customer show", "mail": "kaveri search", "question": "kaveri review list", "detail": "kaveri detail list",
	"mailing": "kaveri mailing list", "dispatch": "kaveri mailing show ID --state unknown", "sender": "kaveri sender list", "mailbox": "kaveri mailbox list", "folder": "kaveri quarantine list", "uid": "kaveri quarantine list",
	"colleague": "kaveri user list", "segment": "kaveri segment list", "import": "kaveri contacts imports", "conversation": "kaveri search",
}

// mended gives the text of an error; of something that is not there, with the
// verb that shows what is.
func mended(e *crm.Error) string {
	verb := listedBy[e.Field]
	if e.Kind != crm.KindNotFound || verb == "" || strings.Contains(e.Text, "kaveri ") || strings.Contains(e.Text, "; ") { // it says itself what mends it
		return e.Error()
	}
	return e.Error() + "; " + verb + " shows which there are"
}

// inConflict is a request that what is there stands against: the field, and a
// sentence that says what to do.
func inConflict(field, format string, args ...any) error {
	return &crm.Error{Kind: crm.KindConflict, Field: field, Text: fmt.Sprintf(format, args...)}
}

// missing is the absence of what a verb needs.
func missing(field, format string, args ...any) error {
	return &crm.Error{Kind: crm.KindNotFound, Field: field, Text: fmt.Sprintf(format, args...)}
}

// inField gives an error as one of another field.
func inField(field string, err error) error {
	var known *crm.Error
	if !errors.As(err, &known) {
		return err
	}
	return &crm.Error{Kind: known.Kind, Field: field, Text: known.Text, Err: known.Err}
}

// exitCode gives the code that an error ends the program with.
func exitCode(err error) int {
	var usage usageError
	var part partlyError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &part):
		return exitPartly
	}
	return exitOf[crm.KindOf(err)]
}

// sentence is what people read about an error: one line.
func sentence(err error) string {
	var known *crm.Error
	switch {
	case errors.As(err, &known):
		return printable(strings.Join(strings.Fields(mended(known)), " "))
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return printable(strings.Join(strings.Fields(err.Error()), " "))
}

// causeOf is what lies behind a sentence, for the log.
func causeOf(err error) string {
	var known *crm.Error
	if errors.As(err, &known) && known.Err != nil {
		return known.Err.Error()
	}
	return ""
}
