package corpora_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"kaveri/internal/corpora"
)

// shared makes a folder of corpora with these files.
func shared(t *testing.T, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("KAVERI_SHARED", dir)
	for name, content := range files {
		path := filepath.Join(dir, "data", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func compressed(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCorpora(t *testing.T) {
	rows := []byte(`{"file":"set/1.eml","expected":{"a":1}}` + "\n" + `{"file":"set/2.eml","expected":[]}` + "\n")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range []tar.Header{{Name: "box/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "box/1", Typeflag: tar.TypeReg, Size: 5, Mode: 0o644}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("A: b\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	shared(t, map[string][]byte{"labels/plain.jsonl": rows, "labels/packed.jsonl.gz": compressed(t, rows),
		"set/1.eml": []byte("Subject: one\n"), "box.tar.gz": compressed(t, archive.Bytes())})

	for _, name := range []string{"plain.jsonl", "packed.jsonl.gz"} {
		got := corpora.Labels[corpora.Row](t, name)
		if len(got) != 2 || got[0].File != "set/1.eml" || string(got[0].Expected) != `{"a":1}` {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if raw := corpora.Mail(t, "set/1.eml"); string(raw) != "Subject: one\n" {
		t.Errorf("the mail is %q", raw)
	}
	found := ""
	corpora.EachMail(t, "box.tar.gz", func(name string, raw []byte) { found += name + " " + string(raw) })
	if found != "box/1 A: b\n" {
		t.Errorf("the archive has %q", found)
	}
	out := t.TempDir()
	t.Setenv("KAVERI_SCORE_DIR", out)
	corpora.Misses(t, "m.txt", []byte("x"))
	if b, err := os.ReadFile(filepath.Join(out, "m.txt")); err != nil || string(b) != "x" {
		t.Errorf("the misses are %q, %v", b, err)
	}
	if corpora.Percent(1, 4) != 25 || corpora.Percent(0, 0) != 0 {
		t.Error("shares")
	}
}
