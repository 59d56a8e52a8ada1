package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of "go test -json"; see "go doc test2json" and "go help buildjson".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail, in place of Package
	Test        string // empty: about the whole package
	Elapsed     float64
	Output      string
	FailedBuild string
}

// result is one test that ended.
type result struct {
	name    string
	seconds float64
}

type report struct {
	out   io.Writer
	skips bool

	pending map[string]map[string][]string // package -> test -> output so far
	build   map[string][]string            // import path -> compiler output
	tests   map[string]int                 // package -> tests that ended

	ran, packages int
	failed        []string
	skipped       []string
	slow          []result
}

func newReport(out io.Writer, skips bool) *report {
	return &report{
		out: out, skips: skips,
		pending: map[string]map[string][]string{}, build: map[string][]string{}, tests: map[string]int{},
	}
}

func (r *report) readAll(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.read(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) read(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		fmt.Fprint(r.out, line) // the go command speaks plainly before it starts the tests
		return
	}
	switch e.Action {
	case "output":
		r.keep(e)
	case "build-output":
		r.build[e.ImportPath] = append(r.build[e.ImportPath], e.Output)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.testEnded(e)
		} else {
			r.packageEnded(e)
		}
	}
}

func (r *report) keep(e event) {
	tests := r.pending[e.Package]
	if tests == nil {
		tests = map[string][]string{}
		r.pending[e.Package] = tests
	}
	tests[e.Test] = append(tests[e.Test], e.Output)
}

func (r *report) testEnded(e event) {
	name := e.Package + "." + e.Test
	r.ran++
	r.tests[e.Package]++
	switch e.Action {
	case "fail":
		r.failed = append(r.failed, name)
		r.print(r.pending[e.Package][e.Test])
	case "skip":
		r.ran--
		r.tests[e.Package]--
		r.skipped = append(r.skipped, name+reason(r.pending[e.Package][e.Test]))
	}
	if !strings.Contains(e.Test, "/") {
		r.slow = append(r.slow, result{name, e.Elapsed})
	}
	delete(r.pending[e.Package], e.Test)
}

// reason is the text that the test gave to Skip.
func reason(output []string) string {
	for _, line := range output {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return ": " + line
		}
	}
	return ""
}

func (r *report) packageEnded(e event) {
	switch {
	case e.Action == "fail":
		if !slices.ContainsFunc(r.failed, func(f string) bool { return strings.HasPrefix(f, e.Package+".") }) {
			r.failed = append(r.failed, e.Package) // no test of its own to blame
		}
		r.print(r.build[e.FailedBuild])
		// Tests that did not come to an end (a panic, a time limit) hold the reason.
		for _, test := range slices.Sorted(maps.Keys(r.pending[e.Package])) {
			r.print(r.pending[e.Package][test])
		}
		fmt.Fprintf(r.out, "FAIL  %-44s %5d tests  %7.2fs\n", e.Package, r.tests[e.Package], e.Elapsed)
	case r.tests[e.Package] > 0:
		r.packages++
		fmt.Fprintf(r.out, "ok    %-44s %5d tests  %7.2fs\n", e.Package, r.tests[e.Package], e.Elapsed)
	}
	delete(r.pending, e.Package)
}

func (r *report) print(output []string) {
	for _, s := range output {
		fmt.Fprint(r.out, s)
	}
}

// summary prints the totals and reports whether the run counts as passed.
func (r *report) summary() bool {
	slices.SortFunc(r.slow, func(a, b result) int { return cmp.Compare(b.seconds, a.seconds) })
	for i, s := range r.slow {
		if i == 5 || s.seconds < 1 {
			break
		}
		fmt.Fprintf(r.out, "slow  %-57s %7.2fs\n", s.name, s.seconds)
	}
	if !r.skips { // where they are allowed their number is enough
		for _, s := range r.skipped {
			fmt.Fprintf(r.out, "skip  %s\n", s)
		}
	}
	for _, f := range r.failed {
		fmt.Fprintf(r.out, "fail  %s\n", f)
	}
	fmt.Fprintf(r.out, "%d tests ran in %d packages: %d failed, %d skipped\n", r.ran, r.packages, len(r.failed), len(r.skipped))
	switch {
	case len(r.failed) > 0:
		return false
	case r.ran == 0:
		fmt.Fprintln(r.out, "no test ran: that is a failure")
		return false
	case len(r.skipped) > 0 && !r.skips:
		fmt.Fprintln(r.out, "tests were skipped: here everything runs or fails")
		return false
	}
	return true
}
