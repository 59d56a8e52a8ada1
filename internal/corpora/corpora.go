package corpora

import (
	"archive/tar"
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Row is a label: a mail, and what is expected of it in the form of its collection.
type Row struct {
	File     string          `json:"file"` // relative to [Dir]
	Expected json.RawMessage `json:"expected"`
}

// Dir gives the folder of the corpora.
func Dir(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("KAVERI_SHARED"), filepath.Join(root(t), "..", "shared")), "data")
	if _, err := os.Stat(filepath.Join(dir, "labels")); err != nil {
		t.Fatalf("the corpora are missing (%v); set KAVERI_SHARED to the folder that holds data/", err)
	}
	return dir
}

// root gives the folder of go.mod: tests run in the folder of their package.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = above
	}
}

// Mail reads a mail by its path beneath [Dir].
func Mail(t testing.TB, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(Dir(t), file))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Labels reads the rows of a file in data/labels, compressed or not.
func Labels[T any](t testing.TB, name string) []T {
	t.Helper()
	r := open(t, filepath.Join(Dir(t), "labels", name))
	defer r.Close()
	var rows []T
	for d := json.NewDecoder(r); ; {
		var row T
		err := d.Decode(&row)
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%s: row %d: %v", name, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

// EachMail calls do for each file of a .tar.gz beneath [Dir].
func EachMail(t testing.TB, archive string, do func(name string, raw []byte)) {
	t.Helper()
	f := open(t, filepath.Join(Dir(t), archive))
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", archive, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %s: %v", archive, h.Name, err)
		}
		do(h.Name, raw)
	}
}

// file closes what it was read from.
type file struct {
	io.Reader
	io.Closer
}

// open reads a file, decompressed when its name says so.
func open(t testing.TB, path string) io.ReadCloser {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return file{bufio.NewReader(f), f}
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		f.Close()
		t.Fatalf("%s: %v", path, err)
	}
	return file{z, f}
}

// Misses writes what was read otherwise than labelled to a file of KAVERI_SCORE_DIR. Without it nothing is kept.
func Misses(t testing.TB, name string, report []byte) {
	t.Helper()
	dir := os.Getenv("KAVERI_SCORE_DIR")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), report, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Percent gives a share, 0 of nothing.
func Percent(n, all int) float64 { return 100 * float64(n) / float64(max(all, 1)) }
