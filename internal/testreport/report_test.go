package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const passed = `{"Action":"output","Package":"kaveri/crm","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"kaveri/crm","Test":"TestA","Elapsed":2}
{"Action":"pass","Package":"kaveri/crm","Elapsed":2.5}
`
	const skipped = `{"Action":"output","Package":"kaveri/crm","Test":"TestB","Output":"    b_test.go:9: starts a server\n"}
{"Action":"skip","Package":"kaveri/crm","Test":"TestB","Elapsed":0}
`
	for name, c := range map[string]struct {
		in    string
		skips bool
		ok    bool
		want  []string
		not   []string
	}{
		"passed": {in: passed, ok: true,
			want: []string{"ok    kaveri/crm", "1 tests", "slow  kaveri/crm.TestA", "1 tests ran in 1 packages: 0 failed, 0 skipped"},
			not:  []string{"=== RUN"}},
		"nothing ran":     {in: `{"Action":"skip","Package":"kaveri/crm","Elapsed":0}`, want: []string{"no test ran"}},
		"empty":           {want: []string{"no test ran"}},
		"skipped":         {in: skipped + passed, want: []string{"skip  kaveri/crm.TestB: b_test.go:9: starts a server", "1 skipped"}},
		"skipped allowed": {in: skipped + passed, skips: true, ok: true, want: []string{"1 skipped"}},
		"failed": {
			in: passed + `{"Action":"output","Package":"kaveri/store","Test":"TestC/sub","Output":"    c_test.go:1: lost a mail\n"}
{"Action":"fail","Package":"kaveri/store","Test":"TestC/sub","Elapsed":0}
{"Action":"fail","Package":"kaveri/store","Elapsed":1}
`,
			want: []string{"lost a mail", "FAIL  kaveri/store", "fail  kaveri/store.TestC/sub", "1 failed"}},
		"panicked": {
			in: passed + `{"Action":"output","Package":"kaveri/store","Test":"TestD","Output":"panic: oh\n"}
{"Action":"fail","Package":"kaveri/store","Elapsed":1}
`,
			want: []string{"panic: oh", "fail  kaveri/store\n"}},
		"build broken": {
			in: passed + `{"ImportPath":"kaveri/web","Action":"build-output","Output":"web.go:1: undefined: x\n"}
{"ImportPath":"kaveri/web","Action":"build-fail"}
{"Action":"fail","Package":"kaveri/web","Elapsed":0,"FailedBuild":"kaveri/web"}
`,
			want: []string{"undefined: x", "fail  kaveri/web\n"}},
		"plain words": {in: "go: cannot find module\n", want: []string{"go: cannot find module\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			ok, err := run(strings.NewReader(c.in), &out, c.skips)
			if err != nil {
				t.Fatal(err)
			}
			if ok != c.ok {
				t.Errorf("counts as passed: %v, want %v", ok, c.ok)
			}
			for _, w := range c.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("the report lacks %q", w)
				}
			}
			for _, n := range c.not {
				if strings.Contains(out.String(), n) {
					t.Errorf("the report should not have %q", n)
				}
			}
			if t.Failed() {
				t.Logf("the report:\n%s", out.String())
			}
		})
	}
}
