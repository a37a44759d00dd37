package graph

import (
	"fmt"
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Aliases is how many fields of an operation have an alias. Those of a fragment count each time that it is spread.
type Aliases struct {
	Count int

	most     int       // of one root field, with those in it
	location *Location // of that field
}

// Check refuses more than most aliases, at the root field with most of them.
func (a Aliases) Check(most int) error {
	if a.Count <= most {
		return nil
	}
	message := fmt.Sprintf("the operation has %d aliases; at most %d are allowed", a.Count, most)
	if a.most > 1 {
		message += fmt.Sprintf(". %d of them are in %s", a.most, strings.Join(a.location.Path(), "."))
	}
	return a.location.Wrap(invalid(message, "select fewer fields twice, or send several operations"))
}

// aliasCounter counts the aliases of an operation of a document without cycles.
type aliasCounter struct {
	document  *ast.QueryDocument
	fragments map[string]int
	found     Aliases
}

func aliasesOf(doc *ast.QueryDocument, op *ast.OperationDefinition) Aliases {
	c := aliasCounter{document: doc, fragments: map[string]int{}}
	c.roots(op.SelectionSet)
	return c.found
}

// roots counts the aliases of root fields, also of those in fragments.
func (c *aliasCounter) roots(set ast.SelectionSet) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			n := c.field(s)
			c.found.Count = min(c.found.Count+n, math.MaxInt32)
			if n > c.found.most {
				c.found.most, c.found.location = n, &Location{Key: s.Alias, Line: s.Position.Line, Column: s.Position.Column}
			}
		case *ast.InlineFragment:
			c.roots(s.SelectionSet)
		case *ast.FragmentSpread:
			if f := c.document.Fragments.ForName(s.Name); f != nil {
				c.roots(f.SelectionSet)
			}
		}
	}
}

func (c *aliasCounter) field(f *ast.Field) int {
	n := c.set(f.SelectionSet)
	if f.Alias != f.Name {
		n++
	}
	return n
}

func (c *aliasCounter) set(set ast.SelectionSet) (n int) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			n += c.field(s)
		case *ast.InlineFragment:
			n += c.set(s.SelectionSet)
		case *ast.FragmentSpread:
			n += c.spread(s.Name)
		}
		n = min(n, math.MaxInt32)
	}
	return n
}

// spread counts each fragment once, however often it is spread.
func (c *aliasCounter) spread(name string) int {
	n, known := c.fragments[name]
	if f := c.document.Fragments.ForName(name); !known && f != nil {
		n = c.set(f.SelectionSet)
		c.fragments[name] = n
	}
	return n
}
