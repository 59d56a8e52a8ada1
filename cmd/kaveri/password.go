package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"kaveri/crm"
)

// maxPassword bounds what is read as a password, in bytes.
const maxPassword = 1024

// readPassword asks on the terminal without echo; when standard input is not a
// terminal its first line is the password. Never an argument: those are seen
// by everybody on the machine. again asks twice on a terminal.
func (p *program) readPassword(ctx context.Context, what string, again bool) (string, error) {
	if !isTerminal(p.stdin) {
		line, err := bufio.NewReader(io.LimitReader(p.stdin, maxPassword+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return checked(strings.TrimRight(line, "\r\n"))
	}
	f := p.stdin.(*os.File)
	first, err := p.ask(ctx, f, what+": ")
	if err != nil || !again {
		return first, err
	}
	second, err := p.ask(ctx, f, "The same again: ")
	if err == nil && first != second {
		err = crm.Invalid("password", "the two passwords differ; nothing was changed")
	}
	return first, err
}

// ask reads one line without echo, and gives the terminal back as it was. The
// terminal is raw before the prompt appears, so that nothing typed ahead shows.
func (p *program) ask(ctx context.Context, f *os.File, prompt string) (string, error) {
	fd := int(f.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, before)
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.NewTerminal(terminal{f, p.stderr}, "").ReadPassword(prompt)
		got <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		p.notef("\r\n")
		return "", ctx.Err()
	case a := <-got:
		if errors.Is(a.err, io.EOF) { // Ctrl-C or Ctrl-D
			p.notef("\r\n")
			return "", context.Canceled
		}
		if a.err != nil {
			return "", a.err
		}
		return checked(a.text)
	}
}

// terminal reads keys from standard input and writes to standard error, since
// standard output is for data.
type terminal struct {
	io.Reader
	io.Writer
}

func checked(password string) (string, error) {
	switch {
	case password == "":
		return "", crm.Invalid("password", "the password is empty; type it on the terminal or pipe it in as one line")
	case len(password) > maxPassword:
		return "", crm.Invalid("password", "the password is longer than %d bytes", maxPassword)
	}
	return password, nil
}
