package housetest

import (
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// hosts are the package registries and file mirrors; what is fetched, and from where, is the machine's business, not the
// tree's. They stand in pieces so that this file passes its own rule.
var hosts = join([][2]string{
	{"registry.npmjs", ".org"}, {"npmjs", ".com"}, {"registry.yarnpkg", ".com"}, {"npm.pkg.github", ".com"}, {"unpkg", ".com"}, {"jsdelivr", ".net"},
	{"cdnjs.cloudflare", ".com"}, {"proxy.golang", ".org"}, {"sum.golang", ".org"}, {"goproxy", ".io"}, {"goproxy", ".cn"},
	{"pypi", ".org"}, {"pythonhosted", ".org"}, {"crates", ".io"}, {"rubygems", ".org"}, {"deb.debian", ".org"},
	{"archive.ubuntu", ".com"}, {"docker", ".io"}, {"ghcr", ".io"}, {"artifactory", "."},
})

func join(pieces [][2]string) *regexp.Regexp {
	var quoted []string
	for _, p := range pieces {
		quoted = append(quoted, regexp.QuoteMeta(p[0]+p[1]))
	}
	return regexp.MustCompile(strings.Join(quoted, "|"))
}

// machinePath is a path that exists on one machine: somebody's home, a workspace, a temporary folder. It must begin a
// word, so that a URL such as example.com/home/x is none.
var machinePath = regexp.MustCompile("(?:^|[\\s\"'`(=:,\\[<>])((?:file://)?/" + `(?:work|workspace|tmp|root|home|Users)/[\w.-]+|/` + "work)(?:$|[^\\w-])")

// Leaks checks text files for registry hosts and machine paths.
func Leaks(t *Tree) []string {
	var complaints []string
	for _, name := range slices.Sorted(maps.Keys(t.Files)) {
		content := t.Files[name]
		// A fuzzer's finds are arbitrary bytes.
		if !isText(content) || strings.Contains("/"+name, "/testdata/fuzz/") {
			continue
		}
		for i, line := range strings.Split(string(content), "\n") {
			if h := hosts.FindString(line); h != "" {
				complaints = append(complaints, fmt.Sprintf("%s:%d: names the package registry %s", name, i+1, h))
			}
			if m := machinePath.FindStringSubmatch(line); m != nil {
				complaints = append(complaints, fmt.Sprintf("%s:%d: names a path of one machine, %s", name, i+1, m[1]))
			}
		}
	}
	return complaints
}

// Skips checks that tests are skipped only in the short run: what is missing on the machine makes a test fail.
func Skips(t *Tree) []string {
	var complaints []string
	for _, f := range t.goFiles {
		ast.PreorderStack(f, nil, func(n ast.Node, stack []ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if ok && strings.HasPrefix(sel.Sel.Name, "Skip") && isTesting(sel.X) && !inShort(stack) {
				complaints = append(complaints, fmt.Sprintf("%s: %s outside of \"if testing.Short()\": a test runs or fails", t.at(n), sel.Sel.Name))
			}
			return true
		})
	}
	return complaints
}

// isTesting is true for the names that a *testing.T, B, F or TB usually has.
func isTesting(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && slices.Contains([]string{"t", "b", "f", "tb"}, id.Name)
}

// inShort is true when the body of an enclosing "if" runs only if testing.Short() does.
func inShort(stack []ast.Node) bool {
	for i, n := range stack {
		if cond, ok := n.(*ast.IfStmt); ok && i+1 < len(stack) && stack[i+1] == ast.Node(cond.Body) && impliesShort(cond.Cond) {
			return true
		}
	}
	return false
}

func impliesShort(cond ast.Expr) bool {
	switch c := cond.(type) {
	case *ast.BinaryExpr:
		return c.Op.String() == "&&" && (impliesShort(c.X) || impliesShort(c.Y))
	case *ast.ParenExpr:
		return impliesShort(c.X)
	case *ast.CallExpr:
		sel, ok := c.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Short" {
			return false
		}
		id, ok := sel.X.(*ast.Ident)
		return ok && id.Name == "testing"
	}
	return false
}
