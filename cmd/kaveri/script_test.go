package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kaveri": func() {
			os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
		},
	})
}

// TestScript runs testdata/script: the command line as its users see it. Each
// script has a data folder of its own ($WORK/data) and no network.
func TestScript(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("KAVERI_DATA", e.Getenv("WORK")+"/data")
			e.Setenv("KAVERI_DATABASE", "")
			e.Setenv("TZ", "UTC")
			e.Setenv("BUSY_PORT", port)
			return startZone(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"keys":    keys,
			"lines":   lines,
			"take":    take,
			"sqlite":  sqlite,
			"publish": publish,
			"zeros":   zeros,
			"large":   large,
			"unended": unended,
		},
	})
}

// exits runs a command that must end with a code: exits 2 kaveri firm.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if got == exitDone {
		return
	}
	// Every failure is said in one line that begins with the program's name.
	last := strings.Split(strings.TrimRight(ts.ReadFile("stderr"), "\n"), "\n")
	if !strings.HasPrefix(last[len(last)-1], "kaveri: ") {
		ts.Fatalf("the last line of standard error is %q", last[len(last)-1])
	}
}

// keys checks that each line of standard output is a JSON object with exactly
// these keys, in this order: keys id name; inside a list, keys contacts/id.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	var path []string
	for strings.HasSuffix(args[0], "/") {
		path, args = append(path, strings.TrimSuffix(args[0], "/")), args[1:]
	}
	for _, line := range strings.Split(strings.TrimRight(ts.ReadFile("stdout"), "\n"), "\n") {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
		for _, p := range path {
			v = v.(map[string]any)[p]
			if list, ok := v.([]any); ok {
				if len(list) == 0 {
					ts.Fatalf("%s is empty", p)
				}
				v = list[0]
			}
		}
		got := slices.Sorted(maps.Keys(v.(map[string]any)))
		want := slices.Sorted(slices.Values(args))
		if slices.Equal(got, want) == neg {
			ts.Fatalf("keys %v, want %v", got, want)
		}
	}
}

// take keeps a value of the first line of standard output for later: take DORA
// contacts/id; of a list, the first.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: take VARIABLE path/to/key")
	}
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var v any
	ts.Check(d.Decode(&v))
	for _, key := range strings.Split(args[1], "/") {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		m, ok := v.(map[string]any)
		if !ok || m[key] == nil {
			ts.Fatalf("%s: there is no %s", line, args[1])
		}
		v = m[key]
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// lines checks the number of lines of standard output.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile("stdout"), "\n"); (got == want) == neg {
		ts.Fatalf("%d lines, want %d", got, want)
	}
}

// zeros writes a file that no text is: zeros FILE.
func zeros(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), make([]byte, 1000), 0o600))
}

// large writes a file that is larger than a template may be: large FILE.
func large(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), make([]byte, maxTemplate+1), 0o600))
}

// unended copies a file without its last bytes, which a script cannot write:
// unended FROM TO.
func unended(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimRight(ts.ReadFile(args[0]), "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text[:len(text)-1]), 0o600))
}

// sqlite runs a statement: sqlite FILE STATEMENT.
func sqlite(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite3", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}
