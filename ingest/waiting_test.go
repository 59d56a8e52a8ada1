package ingest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"kaveri/ingest"
)

// pipe makes a named pipe.
func pipe(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestPipeOpensUntilDone: nobody ever writes, so opening would wait for ever.
func TestPipeOpensUntilDone(t *testing.T) {
	name := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() {
		_, err := ingest.OpenFile(ctx, name)
		cancelled <- err
	}()
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
}

// TestPipeIsReadUntilDone: the writer keeps silent after its first words.
func TestPipeIsReadUntilDone(t *testing.T) {
	name := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := os.OpenFile(name, os.O_RDWR, 0) // Linux opens a pipe of its own both ways without waiting
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.WriteString(w, "Subject: a\n\n"); err != nil {
		t.Fatal(err)
	}
	f, err := ingest.OpenFile(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 100)
	if n, err := f.Read(b); err != nil || string(b[:n]) != "Subject: a\n\n" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	ended := make(chan error)
	go func() {
		_, err := f.Read(b)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
}

// TestHeaderReaderEndsAtPipe: a pipe without a writer ends with the context, and
// is not said to be bad.
func TestHeaderReaderEndsAtPipe(t *testing.T) {
	name := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	h := ingest.HeaderReader{Found: func(ingest.FoundMail) error { return nil }, Bad: func(err error) { t.Error(err) }}
	ended := make(chan error)
	go func() { ended <- h.Read(ctx, name) }()
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("%v, want that of the context", err)
	}
}
