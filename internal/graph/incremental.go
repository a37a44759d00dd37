package graph

import "github.com/vektah/gqlparser/v2/ast"

// withoutIncremental removes what gqlparser declares for answers in several parts. An answer here is one statement, whose parts are all there at
// once, so that clients must not think that they could ask for some later.
func withoutIncremental(s *ast.Schema) {
	delete(s.Directives, "defer")
	delete(s.Directives, "stream")
}
