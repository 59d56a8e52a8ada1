package housetest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is our module path; its packages are the folders of the tree.
const module = "kaveri"

// Tree is the files under version control (or about to be): path with slashes, relative to the root, and content.
type Tree struct {
	Files map[string][]byte

	fset   *token.FileSet
	parsed map[string]*ast.File
}

// NewTree parses the Go files among files; one that does not parse is an error.
func NewTree(files map[string][]byte) (*Tree, error) {
	t := &Tree{Files: files, fset: token.NewFileSet(), parsed: map[string]*ast.File{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		f, err := parser.ParseFile(t.fset, name, files[name], parser.ParseComments)
		if err != nil {
			return nil, err
		}
		t.parsed[name] = f
	}
	return t, nil
}

// ReadTree reads the tree at root: what git tracks or would track; without git everything that is not built.
func ReadTree(root string) (*Tree, error) {
	names, err := list(root)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // deleted, and git has not been told yet
		}
		if err != nil {
			return nil, err
		}
		files[name] = b
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no files in %s", root)
	}
	return NewTree(files)
}

func list(root string) ([]string, error) {
	// safe.directory: the checkout may belong to another user than the one who tests it.
	git := exec.Command("git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if out, err := git.Output(); err == nil {
		names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		slices.Sort(names)
		return slices.Compact(names), nil
	}
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "node_modules", "web/static/vendor"}, name):
			return fs.SkipDir
		case d.Type().IsRegular():
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// goFiles gives the parsed Go files in order of name.
func (t *Tree) goFiles(yield func(name string, f *ast.File) bool) {
	for _, name := range slices.Sorted(maps.Keys(t.parsed)) {
		if !yield(name, t.parsed[name]) {
			return
		}
	}
}

// at is the place of a node, as "file:line".
func (t *Tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// isText is false for images and other files in which a search for words makes no sense.
func isText(content []byte) bool { return !slices.Contains(content[:min(len(content), 8000)], 0) }

// packages gives the folders that hold a Go package (tests do not count), with the names of their files.
func (t *Tree) packages() map[string][]string {
	dirs := map[string][]string{}
	for name := range t.goFiles {
		if !isTest(name) {
			dirs[path.Dir(name)] = append(dirs[path.Dir(name)], name)
		}
	}
	return dirs
}
