package fachwerk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every exported identifier has a doc comment, and every package one of its own.
func TestExportedIdentifiersHaveDocs(t *testing.T) {
	packages, missing := map[string]bool{}, []string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		packages[dir] = packages[dir] || f.Doc != nil
		for _, name := range undocumented(f) {
			missing = append(missing, path+": "+name)
		}
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Greater(t, len(packages), 30)
	for dir, ok := range packages {
		require.True(t, ok, "package in %s has no comment", dir)
	}
}

// undocumented lists exported declarations without comment. A comment on a group
// of constants or variables speaks for the group.
func undocumented(f *ast.File) []string {
	var out []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !implementsWellKnown(d) {
				out = append(out, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
						out = append(out, s.Name.Name)
					}
				case *ast.ValueSpec:
					for _, n := range s.Names {
						if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
							out = append(out, n.Name)
						}
					}
				}
			}
		}
	}
	return out
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	if x, ok := t.(*ast.IndexExpr); ok {
		t = x.X
	}
	i, ok := t.(*ast.Ident)
	return ok && i.IsExported()
}

// implementsWellKnown: methods whose meaning the standard library fixes.
func implementsWellKnown(d *ast.FuncDecl) bool {
	switch d.Name.Name {
	case "Error", "String", "Unwrap", "Is", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText":
		return d.Recv != nil
	}
	return false
}

// The check can fail.
func TestUndocumentedIsFound(t *testing.T) {
	const source = `package p
type A struct{}
func (A) B() {}
func C() {}
const D = 1
// E is fine.
func E() {}
func (a) F() {}
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	require.NoError(t, err)
	require.Equal(t, []string{"A", "B", "C", "D"}, undocumented(f))
}
