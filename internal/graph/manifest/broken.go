package manifest

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
)

// Broken returns what is wrong in an API with the operations in files of clients that are valid in the API as it was. What cannot be parsed was
// broken before.
func Broken(was, is *ast.Schema, files []Source) diag.List {
	c := parse(files)
	var broken diag.List
	for _, op := range c.all.Operations {
		doc := c.document(op)
		if len(c.mistakesIn(was, doc)) > 0 {
			continue
		}
		for _, m := range c.mistakesIn(is, doc) {
			if !slices.Contains(broken, m) { // in a fragment of several operations
				broken = append(broken, m)
			}
		}
	}
	broken.Sort()
	return broken
}

// mistakesIn returns what is wrong with the document of one operation.
func (c *collector) mistakesIn(api *ast.Schema, doc *ast.QueryDocument) diag.List {
	c.mistakes = nil
	c.validate(api, doc)
	return c.mistakes
}
