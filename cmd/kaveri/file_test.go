package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// A file is read into one buffer of its size: a mail of 200 MB takes 200 MB, and
// not twice as much while a buffer grows.
func TestReadFileTakesItsSize(t *testing.T) {
	const size = 16 << 20
	name := filepath.Join(t.TempDir(), "large.eml")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{stdin: strings.NewReader("from the pipe")}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	data, err := p.readFile(t.Context(), name, 2*size)
	runtime.ReadMemStats(&after)
	if err != nil || len(data) != size {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > size*5/4 {
		t.Errorf("a file of %d bytes took %d", size, took)
	}
	if _, err := p.readFile(t.Context(), name, size-1); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("a file over the limit: %v", err)
	}
	if data, err := p.readFile(t.Context(), "-", 5); len(data) != 0 || err == nil {
		t.Errorf("a pipe over the limit: %q, %v", data, err)
	}
}

// TestSignalEndsReading: a verb that reads a pipe into which nobody writes any more
// ends when a signal ends its context.
func TestSignalEndsReading(t *testing.T) {
	for _, verb := range []string{"inspect", "threads", "contacts read", "template check", "insight baskets --min-support 0.1 --min-confidence 0.1"} {
		t.Run(verb, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, signal := context.WithCancel(t.Context())
			code := make(chan int)
			var errs bytes.Buffer
			go func() {
				code <- run(ctx, append(strings.Fields(verb), pipe), strings.NewReader(""), new(bytes.Buffer), &errs, func(string) string { return "" })
			}()
			w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until the verb reads
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			signal()
			if got := <-code; got != exitFailed || strings.Contains(errs.String(), "cannot be read") {
				t.Errorf("exit code %d: %s", got, &errs)
			}
		})
	}
}
