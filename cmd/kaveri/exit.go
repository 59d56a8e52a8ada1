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
		err = known
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
