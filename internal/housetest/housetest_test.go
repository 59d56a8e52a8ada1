package housetest

import (
	"strings"
	"testing"
)

var rules = map[string]func(*Tree) []string{
	"Imports": Imports, "Names": Names, "Embeds": Embeds, "Essays": Essays, "Documented": Documented, "FileLength": FileLength,
	"Leaks": Leaks, "Skips": Skips, "NotesStay": NotesStay, "Standards": Standards,
}

// The tree of this checkout follows the house rules.
func TestHouse(t *testing.T) {
	tree, err := ReadTree("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			for _, complaint := range rule(tree) {
				t.Error(complaint)
			}
		})
	}
}

// Each rule complains about what it forbids, and only about that.
func TestRulesComplain(t *testing.T) {
	for name, c := range map[string]struct {
		rule  string
		files map[string]string
		want  []string // one part of each complaint, in order; none: the tree is good
	}{
		"crm imports store": {"Imports", map[string]string{
			"crm/a.go": "package crm\nimport _ \"kaveri/store\"\n"},
			[]string{"crm/a.go:2: crm must not import kaveri/store"}},
		"crm imports a library": {"Imports", map[string]string{
			"crm/a.go": "package crm\nimport (\n_ \"net/mail\"\n_ \"golang.org/x/text/unicode/norm\"\n_ \"golang.org/x/textual\"\n)\n"},
			[]string{"golang.org/x/textual"}},
		"insight imports a library": {"Imports", map[string]string{
			"insight/a.go": "package insight\nimport (\n_ \"math\"\n_ \"kaveri/crm\"\n_ \"golang.org/x/text/width\"\n_ \"gonum.org/v1/gonum/stat\"\n)\n"},
			[]string{"insight must not import golang.org/x/text/width", "insight must not import gonum.org/v1/gonum/stat"}},
		"neighbours": {"Imports", map[string]string{
			"web/a.go":             "package web\nimport _ \"kaveri/ingest\"\n",
			"campaigns/a.go":       "package campaigns\nimport _ \"kaveri/insight\"\nimport _ \"kaveri/templates\"\n",
			"ingest/a.go":          "package ingest\nimport _ \"kaveri/ingest/parse\"\nimport _ \"kaveri/crm\"\nimport _ \"example.com/imap\"\n",
			"ingest/parse/a.go":    "package parse\nimport _ \"kaveri/ingest\"\n",
			"cmd/kaveri/a.go":      "package main\nimport _ \"kaveri/store\"\nimport _ \"kaveri/internal/sample\"\n",
			"store/a.go":           "package store\nimport _ \"kaveri/internal/buildtags\"\nimport _ \"kaveri/internal/testpg\"\n",
			"store/a_test.go":      "package store\nimport _ \"kaveri/internal/testpg\"\n",
			"store/storetest/a.go": "package storetest\nimport _ \"kaveri/store\"\nimport _ \"kaveri/internal/testpg\"\n"},
			[]string{
				"ingest/parse/a.go:2: ingest/parse must not import kaveri/ingest",
				"store/a.go:3: store must not import kaveri/internal/testpg",
				"web/a.go:2: web must not import kaveri/ingest"}},
		"unknown part": {"Imports", map[string]string{"billing/a.go": "package billing\n"}, []string{"the package billing has no row"}},
		"folder names": {"Names", map[string]string{
			"web/helpers/a.txt": "", "ingest/types/deep/a.txt": "", "crm/testdata/core/a.txt": "", "crm/score.go": "package crm\n"},
			[]string{`ingest/types: no folder is called "types"`, `web/helpers: no folder is called "helpers"`}},
		"package names": {"Names", map[string]string{
			"web/mail/a.go": "package mail\n", "web/b/a.go": "package http_test\n", "templates/mail/a.html": ""},
			[]string{`web/b: no package is called "http"`, `web/mail: no package is called "mail"`}},
		"embeds": {"Embeds", map[string]string{
			"web/a.go":                          "package web\nimport _ \"embed\"\n//go:embed static pages/*.html all:hidden\nvar a int\n//go:embed vendor dots\nvar b int\n",
			"web/static/vendor/placeholder.txt": "", "web/pages/a.html": "", "web/hidden/.a": "", "web/dots/.placeholder": "", "vendor/a": ""},
			[]string{`a.go:5: no file of the tree matches "vendor"`, `a.go:5: no file of the tree matches "dots"`}},
		"essays": {"Essays", map[string]string{
			"crm/doc.go": "// Package crm is the domain.\npackage crm\n", "web/a.go": "// Package web is here.\npackage web\n",
			"store/doc.go": "package store\n", "cmd/kaveri/doc.go": "// Command kaveri is it.\npackage main\n",
			"insight/doc.go": "// Insight is.\npackage insight\n", "onlytests/a_test.go": "package onlytests\n"},
			[]string{"insight: the package comment must begin with \"Package insight \"", "store: no package comment", "web: no package comment"}},
		"documented": {"Documented", map[string]string{"crm/a.go": `package crm
// A is documented.
type A struct{ Field int }
func (A) B() {}
func (a *A) String() string { return "" }
type c struct{}
func (c) D() {}
// The group.
const ( E = 1; F = 2 )
const ( G = 1 // is one
	H = 2
)
var ( I, j int )
type ( K int
	// L is documented.
	L int )
func M() {}
func n() {}
type R[T any] struct{}
func (R[T]) S() {}
`, "crm/a_test.go": "package crm\nfunc T() {}\n"},
			[]string{"a.go:4: B ", "a.go:11: H ", "a.go:13: I ", "a.go:14: K ", "a.go:17: M ", "a.go:19: R ", "a.go:20: S "}},
		"long file": {"FileLength", map[string]string{
			"crm/a.go": "package crm\n" + strings.Repeat("\n", 799), "crm/b.go": "package crm\n" + strings.Repeat("\n", 800)},
			[]string{"crm/b.go: 801 lines"}},
		"leaks": {"Leaks", map[string]string{
			"package-lock.json": `"resolved": "https://REGISTRY/htmx"`,
			"a.md":              "see SLASHtmp/kaveri or SLASHhome/x\nhttps://example.com/home/x and ~/Maildir\n(SLASHwork)\n",
			"b.md":              "the work/life balance, /var/lib/kaveri, /working, a SLASHworks",
			"c.png":             "\x00SLASHtmp/x"},
			[]string{"a.md:1: names a path of one machine", "a.md:3: names a path", "package-lock.json:1: names the package registry"}},
		"skips": {"Skips", map[string]string{"crm/a_test.go": `package crm
func TestA(t *testing.T) {
	if testing.Short() { t.Skip("fine") }
	if testing.Short() && x { t.Skipf("fine") }
	if testing.Short() || x { t.Skip("not") }
	if x { t.SkipNow() }
	if testing.Short() { return } else { t.Skip("not") }
	s.Skip(1)
}
`}, []string{"a_test.go:5: Skip", "a_test.go:6: SkipNow", "a_test.go:7: Skip"}},
		"notes": {"NotesStay", map[string]string{
			"outbound/a.go":      "package outbound\nimport \"kaveri/crm\"\nfunc Send(n crm.Note) {}\n",
			"store/drafts.go":    "package store\nconst q = `SELECT body FROM notes`\nconst fine = `denotes nothing`\n",
			"store/notes.go":     "package store\nimport \"kaveri/crm\"\nvar _ crm.NoteID\nconst q = `SELECT body FROM notes`\n",
			"web/draft.go":       "package web\nfunc f(s S) { s.Store.Timeline() }\n",
			"outbound/a_test.go": "package outbound\nimport \"kaveri/crm\"\nvar _ crm.Note\n"},
			[]string{"outbound/a.go:3: Note where mail is made", "store/drafts.go:2: reads notes", "web/draft.go:2: Timeline where mail is made"}},
		"standards": {"Standards", map[string]string{
			"docs/standards.md": "| RFC | title | status | package | note |\n|---|---|---|---|---|\n" +
				"| 1 | a | yes | crm | |\n| 2 | b | yes | crm | only a test cites it |\n| 3 | c | no | | |\n" +
				"| 4 | d | maybe | crm | |\n| 5 | e | partial | | |\n| 6 | f |\n| 001 | again | no | | |\n",
			"crm/a.go":        "// Package crm follows R_F_C 0001 and R_F_C-7777.\npackage crm\n",
			"crm/a_test.go":   "// R_F_C 0002\npackage crm\n",
			"internal/x/x.go": "// R_F_C 888\npackage x\n"},
			[]string{
				"standards.md:6: the status of RFC 4", "standards.md:7: RFC 5 is followed", "standards.md:8: 2 columns", "standards.md:9: RFC 1 has a row already",
				" 888, which is cited in internal/x/x.go", " 7777, which is cited in crm/a.go",
				"standards.md:4: RFC 2 has the status yes"}},
		"no standards": {"Standards", map[string]string{"crm/a.go": "package crm\n"}, []string{"docs/standards.md is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := rules[c.rule](tree(t, c.files))
			for i := range max(len(got), len(c.want)) {
				switch {
				case i >= len(c.want):
					t.Errorf("complains without reason: %s", got[i])
				case i >= len(got):
					t.Errorf("does not complain: %s", c.want[i])
				case !strings.Contains(got[i], c.want[i]):
					t.Errorf("complains %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

// tree makes a Tree. What this file must not contain itself is written with place holders.
func tree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	r := strings.NewReplacer("SLASH", "/", "REGISTRY", "registry.npmjs"+".org", "R_F_C", "RFC")
	m := map[string][]byte{}
	for name, content := range files {
		m[name] = []byte(r.Replace(content))
	}
	tr, err := NewTree(m)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// ReadTree sees new files before they are committed, and not what is ignored.
func TestReadTree(t *testing.T) {
	tr, err := ReadTree("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "Makefile", "internal/housetest/housetest_test.go"} {
		if len(tr.Files[name]) == 0 {
			t.Errorf("the tree lacks %s", name)
		}
	}
	for name := range tr.Files {
		if strings.HasPrefix(name, "node_modules/") || strings.HasPrefix(name, "bin/") {
			t.Fatalf("the tree has %s", name)
		}
	}
}
