package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asAnybody runs f without the rights of root over files, which no mode holds
// back. It ends the thread, whose rights are not given back.
func asAnybody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		var err error
		if os.Geteuid() == 0 {
			err = syscall.Setfsuid(65534)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// What may not be read is named, a line each, and the rest is answered.
func TestFilesWithoutRights(t *testing.T) {
	t.Chdir(t.TempDir()) // names are relative: the folders above need not be open to anybody
	letter := []byte("From: Dora <dora@acme.example>\nSubject: Trip\nMessage-ID: <1@acme.example>\n\nHello\n")
	if err := os.Mkdir("mails", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("mails/locked", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mails/open.eml", "mails/secret.eml", "mails/locked/in.eml"} {
		if err := os.WriteFile(filepath.FromSlash(name), letter, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"mails/secret.eml", "mails/locked"} {
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod("mails/locked", 0o755) })
	for _, verb := range []string{"inspect", "threads"} {
		for _, files := range [][]string{{"mails"}, {"mails/locked", "mails/secret.eml", "mails/open.eml"}} {
			var out, errs bytes.Buffer
			code := 0
			asAnybody(t, func() {
				code = run(t.Context(), append([]string{verb, "--json"}, files...), strings.NewReader(""), &out, &errs, os.Getenv)
			})
			want := "kaveri: file: mails/locked may not be read by you\nkaveri: file: mails/secret.eml may not be read by you\nkaveri: 2 files could not be read whole\n"
			if code != exitPartly || errs.String() != want || !strings.Contains(out.String(), "1@acme.example") {
				t.Errorf("%s %q: exit %d, %q, output %q", verb, files, code, errs.String(), out.String())
			}
		}
	}
}
