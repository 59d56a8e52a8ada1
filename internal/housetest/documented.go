package housetest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxLines is where a file is no longer one thing.
const maxLines = 800

// FileLength checks the length of Go files.
func FileLength(t *Tree) []string {
	var complaints []string
	for name := range t.goFiles {
		if n := bytes.Count(t.Files[name], []byte("\n")); n > maxLines {
			complaints = append(complaints, fmt.Sprintf("%s: %d lines, %d at most: it is two things", name, n, maxLines))
		}
	}
	return complaints
}

// Essays checks that each package opens with its doc.go.
func Essays(t *Tree) []string {
	var complaints []string
	packages := t.packages()
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		f := t.parsed[path.Join(dir, "doc.go")]
		if f == nil || f.Doc == nil {
			complaints = append(complaints, fmt.Sprintf("%s: no package comment in %s/doc.go", dir, dir))
			continue
		}
		want := "Package " + f.Name.Name + " "
		if f.Name.Name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(f.Doc.Text(), want) {
			complaints = append(complaints, fmt.Sprintf("%s: the package comment must begin with %q", dir, want))
		}
	}
	return complaints
}

// wellKnown methods say what they do by the interface of the standard library that they satisfy.
var wellKnown = []string{"Error", "String", "Unwrap", "Is", "Read", "Write", "Close", "ServeHTTP", "Len", "Less", "Swap"}

// Documented checks that each exported name has a comment. One comment is enough for a group of constants or variables.
func Documented(t *Tree) []string {
	var complaints []string
	for name, f := range t.goFiles {
		if isTest(name) {
			continue
		}
		for _, d := range f.Decls {
			for _, id := range undocumented(d) {
				complaints = append(complaints, fmt.Sprintf("%s: %s is exported and has no comment", t.at(id), id.Name))
			}
		}
	}
	return complaints
}

func undocumented(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		method := d.Recv != nil
		if d.Doc != nil || !d.Name.IsExported() || method && (!exportedReceiver(d.Recv) || slices.Contains(wellKnown, d.Name.Name)) {
			return nil
		}
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		var ids []*ast.Ident
		for _, spec := range d.Specs {
			ids = append(ids, undocumentedSpec(d, spec)...)
		}
		return ids
	}
	return nil
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		// "type X" alone carries its comment on the declaration; in a group each type has its own.
		if spec.Name.IsExported() && spec.Doc == nil && spec.Comment == nil && (d.Doc == nil || d.Lparen.IsValid()) {
			return []*ast.Ident{spec.Name}
		}
	case *ast.ValueSpec:
		if d.Tok == token.IMPORT || d.Doc != nil || spec.Doc != nil || spec.Comment != nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(spec.Names), func(id *ast.Ident) bool { return !id.IsExported() })
	}
	return nil
}

// exportedReceiver is false for the methods of an unexported type.
func exportedReceiver(recv *ast.FieldList) bool {
	typ := recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr: // a generic type, R[T]
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}
