package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/krowoc/krowoc/internal/diag"
)

// Collect returns the operations in files of clients, each with the fragments that it uses, whichever file they are in. All mistakes are reported at
// once: those of syntax, and those against the schema of the API. The ID of an operation is the SHA-256 hash of its body.
func Collect(api *ast.Schema, files []Source) ([]Operation, diag.List) {
	c := parse(files)
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	c.checkNames()
	var list []Operation
	for _, op := range c.all.Operations {
		list = append(list, c.operation(api, op))
	}
	slices.SortFunc(list, func(a, b Operation) int { return strings.Compare(a.Name, b.Name) })
	return list, c.mistakes
}

type collector struct {
	all      ast.QueryDocument // of all files
	texts    map[string]string // of the files
	mistakes diag.List
}

func parse(files []Source) *collector {
	c := &collector{texts: map[string]string{}}
	for _, f := range files {
		c.parse(f)
	}
	return c
}

func (c *collector) parse(f Source) {
	text := f.documents()
	c.texts[f.Name] = f.Text
	if strings.TrimSpace(text) == "" {
		return
	}
	doc, err := parser.ParseQuery(&ast.Source{Name: f.Name, Input: text})
	if err != nil {
		c.report(f.Name, err)
		return
	}
	c.all.Operations = append(c.all.Operations, doc.Operations...)
	c.all.Fragments = append(c.all.Fragments, doc.Fragments...)
}

// checkNames reports operations and fragments that cannot be told apart.
func (c *collector) checkNames() {
	operations, fragments := map[string]*ast.Position{}, map[string]*ast.Position{}
	for _, op := range c.all.Operations {
		if op.Name == "" {
			c.mistake(op.Position, "the operation has no name", "name it: query Feed { … }")
			continue
		}
		c.claim(operations, "operation", op.Name, op.Position)
	}
	for _, f := range c.all.Fragments {
		c.claim(fragments, "fragment", f.Name, f.Position)
	}
}

func (c *collector) claim(taken map[string]*ast.Position, kind, name string, at *ast.Position) {
	if first := taken[name]; first != nil {
		c.mistake(at, fmt.Sprintf("the %s %s exists already, at %s:%d", kind, name, first.Src.Name, first.Line), "rename one of them")
		return
	}
	taken[name] = at
}

// operation returns one operation with its fragments, and reports what is wrong with them.
func (c *collector) operation(api *ast.Schema, op *ast.OperationDefinition) Operation {
	doc := c.document(op)
	c.validate(api, doc)
	var body bytes.Buffer
	formatter.NewFormatter(&body, formatter.WithIndent("  ")).FormatQueryDocument(doc)
	sum := sha256.Sum256(body.Bytes())
	return Operation{ID: hex.EncodeToString(sum[:]), Name: op.Name, Type: string(op.Operation), Body: body.String()}
}

// document returns the document of one operation with its fragments.
func (c *collector) document(op *ast.OperationDefinition) *ast.QueryDocument {
	doc := &ast.QueryDocument{Operations: ast.OperationList{op}}
	used := map[string]bool{}
	c.fragments(op.SelectionSet, used)
	for _, f := range c.all.Fragments {
		if used[f.Name] {
			doc.Fragments = append(doc.Fragments, f)
		}
	}
	slices.SortFunc(doc.Fragments, func(a, b *ast.FragmentDefinition) int { return strings.Compare(a.Name, b.Name) })
	return doc
}

// validate reports what is wrong with the document of one operation.
func (c *collector) validate(api *ast.Schema, doc *ast.QueryDocument) {
	for _, e := range validator.ValidateWithRules(api, doc, nil) {
		c.report(doc.Operations[0].Position.Src.Name, e)
	}
}

// fragments adds the names of the fragments that a selection uses, also through others.
func (c *collector) fragments(set ast.SelectionSet, used map[string]bool) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			c.fragments(s.SelectionSet, used)
		case *ast.InlineFragment:
			c.fragments(s.SelectionSet, used)
		case *ast.FragmentSpread:
			f := c.all.Fragments.ForName(s.Name)
			if f == nil || used[s.Name] {
				continue // validation says that it does not exist
			}
			used[s.Name] = true
			c.fragments(f.SelectionSet, used)
		}
	}
}

// report adds what gqlparser finds. Positions in a fragment are those of its file.
func (c *collector) report(file string, err error) {
	e := gqlerror.WrapIfUnwrapped(err)
	if name, ok := e.Extensions["file"].(string); ok && name != "" {
		file = name
	}
	at := &ast.Position{Src: &ast.Source{Name: file}, Line: 1, Column: 1}
	if len(e.Locations) > 0 {
		at.Line, at.Column = e.Locations[0].Line, e.Locations[0].Column
	}
	c.mistake(at, e.Message, "")
}

func (c *collector) mistake(at *ast.Position, message, remedy string) {
	c.mistakes = append(c.mistakes, diag.Diagnostic{
		Severity: diag.Error, Code: "invalid-operation", Message: message, Remedy: remedy,
		Position: diag.Position{File: at.Src.Name, Line: at.Line, Column: at.Column}, Source: c.line(at.Src.Name, at.Line),
	})
}

// line returns a line of a file.
func (c *collector) line(file string, n int) string {
	lines := strings.Split(c.texts[file], "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}
