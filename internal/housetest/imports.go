package housetest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// directions says which packages of ours each part of the product may import, next to those beneath its own folder
// (ingest may import ingest/parse, not the other way round). A part's sub-packages follow its row unless they have one.
// Everything hangs on crm, and no two neighbours know each other: cmd/kaveri introduces them.
var directions = map[string][]string{
	"crm":         {},
	"insight":     {"crm"},
	ladderKeeper:  {"crm", "insight"},
	basketKeeper:  {"crm", "insight"},
	starWriter:    {"crm"},
	"store":       {"crm"},
	"ingest":      {"crm"},
	dropboxDoor:   {"crm", "ingest/parse"},
	"outbound":    {"crm"},
	bounceReader:  {"crm", "ingest/parse"},
	enricher:      {"crm", "crm/orders", "ingest/language", "ingest/parse", "ingest/signature", "ingest/wishes"},
	tableReader:   {"crm"},
	orderReader:   {"crm", "crm/sheet"},
	ruleLanguage:  {"crm"},
	"campaigns":   {"crm", "insight", "templates", blockWriter},
	"templates":   {"crm"},
	blockWriter:   {"crm", "templates"},
	"web":         {"crm", "insight", "templates", blockWriter},
	"cmd/kaveri":  {"*"},
	"internal":    {"*"}, // test support, and the sample company of "kaveri demo"
	tagGuard:      {},
	storeContract: {"crm", "store", "internal"},
}

const (
	// tagGuard is the one package under internal/ that product code imports.
	tagGuard = "internal/buildtags"
	// storeContract is a test suite that several test files run, hence not itself a test file.
	storeContract = "store/storetest"
	// dropboxDoor parses what is dropped before it is taken.
	dropboxDoor = "ingest/dropbox"
	// bounceReader reads the parts of a report, which the parser cuts out.
	bounceReader = "ingest/bounce"
	// enricher reads stored mail with the readers that capture has no time for.
	enricher = "ingest/enrich"
	// ladderKeeper brings the arithmetic and what is stored together.
	ladderKeeper = "insight/standing"
	// basketKeeper does so for what is bought together.
	basketKeeper = "insight/buying"
	// starWriter writes what happened to files, for programs that know more of figures than we do.
	starWriter = "insight/warehouse"
	// tableReader lies beside the domain, not in it: whoever reads files of people uses it.
	tableReader = "crm/sheet"
	// blockWriter makes mail of blocks, for the editor and for campaigns.
	blockWriter = "templates/block"
	// orderReader lies there too: files, shops' calls and mail all tell orders.
	orderReader = "crm/orders"
	// ruleLanguage says whom a rule means; the store makes statements of it, pages and campaigns read and write it.
	ruleLanguage = "crm/segment"
)

// libraries are the modules, besides the standard library, that a part may import whose imports are counted; the other
// parts may import any.
var libraries = map[string][]string{
	"crm":        {"golang.org/x/text", "golang.org/x/net"}, // the domain
	ruleLanguage: {},                                        // a part of it
	"insight":    {},                                        // arithmetic
}

// Imports checks the directions of import in everything but tests.
func Imports(t *Tree) []string {
	var complaints []string
	for name, f := range t.goFiles {
		if isTest(name) {
			continue
		}
		dir := path.Dir(name)
		row, known := rowOf(dir)
		if !known {
			complaints = append(complaints, fmt.Sprintf("%s: the package %s has no row in internal/housetest/imports.go: who may it import?", name, dir))
			continue
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err == nil && !allowed(dir, row, imported) {
				complaints = append(complaints, fmt.Sprintf("%s: %s must not import %s; it may import %s", t.at(spec), dir, imported, permitted(row)))
			}
		}
	}
	return complaints
}

// rowOf finds the longest row that is dir or above it.
func rowOf(dir string) (string, bool) {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := directions[d]; ok {
			return d, true
		}
	}
	return "", false
}

func allowed(dir, row, imported string) bool {
	ours, isOurs := strings.CutPrefix(imported, module+"/")
	if !isOurs {
		foreign := strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
		known, counted := libraries[row]
		return !foreign || !counted || slices.ContainsFunc(known, func(l string) bool { return within(imported, l) })
	}
	if ours == tagGuard || strings.HasPrefix(ours, dir+"/") {
		return true
	}
	return slices.ContainsFunc(directions[row], func(d string) bool { return d == "*" || within(ours, d) })
}

func permitted(row string) string {
	if len(directions[row]) == 0 {
		return "none of our packages but those beneath itself"
	}
	return strings.Join(directions[row], ", ") + " and those beneath itself"
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// forbiddenFolders say which kind of code lies there and not which part of the product it is.
var forbiddenFolders = []string{
	"pkg", "src", "util", "common", "helpers", "models", "types", "services", "repository", "handlers", "core", "manager",
	"mocks", "scripts",
}

// forbiddenPackages shadow the standard library where they are imported.
var forbiddenPackages = []string{"mail", "mime", "errors", "http", "template"}

// Names checks the names of folders and packages.
func Names(t *Tree) []string {
	complaints := map[string]bool{}
	for name := range t.Files {
		if strings.Contains("/"+name, "/testdata/") {
			continue
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if slices.Contains(forbiddenFolders, path.Base(dir)) {
				complaints[fmt.Sprintf("%s: no folder is called %q: name the part of the product", dir, path.Base(dir))] = true
			}
		}
	}
	for name, f := range t.goFiles {
		if p := strings.TrimSuffix(f.Name.Name, "_test"); slices.Contains(forbiddenPackages, p) {
			complaints[fmt.Sprintf("%s: no package is called %q: it shadows the standard library", path.Dir(name), p)] = true
		}
	}
	return slices.Sorted(maps.Keys(complaints))
}

// Embeds checks that each go:embed pattern matches a file of the tree. What make copies in later does not count: in a
// fresh checkout a missing embed would be the first thing that the go command says, before internal/buildtags.
func Embeds(t *Tree) []string {
	var complaints []string
	for name, f := range t.goFiles {
		for _, group := range f.Comments {
			for _, c := range group.List {
				patterns, ok := strings.CutPrefix(c.Text, "//go:embed ")
				if !ok {
					continue
				}
				for _, pattern := range strings.Fields(patterns) {
					if !t.embeds(path.Dir(name), pattern) {
						complaints = append(complaints, fmt.Sprintf("%s: no file of the tree matches %q: keep a placeholder.txt there", t.at(c), pattern))
					}
				}
			}
		}
	}
	return complaints
}

// embeds reports whether a file below dir matches the pattern; see the package embed for dots and underscores.
func (t *Tree) embeds(dir, pattern string) bool {
	pattern, all := strings.CutPrefix(strings.Trim(pattern, "\"`"), "all:")
	for name := range t.Files {
		rel, below := strings.CutPrefix(name, dir+"/")
		if !below {
			continue
		}
		parts := strings.Split(rel, "/")
		for n := 1; n <= len(parts); n++ {
			matched, err := path.Match(pattern, strings.Join(parts[:n], "/"))
			hidden := slices.ContainsFunc(parts[n:], func(s string) bool { return s[0] == '.' || s[0] == '_' })
			if err == nil && matched && (all || !hidden) {
				return true
			}
		}
	}
	return false
}
