package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
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
	data, err := p.readFile(name, 2*size)
	runtime.ReadMemStats(&after)
	if err != nil || len(data) != size {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > size*5/4 {
		t.Errorf("a file of %d bytes took %d", size, took)
	}
	if _, err := p.readFile(name, size-1); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("a file over the limit: %v", err)
	}
	if data, err := p.readFile("-", 5); len(data) != 0 || err == nil {
		t.Errorf("a pipe over the limit: %q, %v", data, err)
	}
}
