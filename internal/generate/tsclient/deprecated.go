package tsclient

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate/shape"
)

// about returns what a comment says about a field.
func about(f *ast.FieldDefinition) string {
	d := f.Directives.ForName("deprecated")
	if d == nil {
		return f.Description
	}
	reason := "No longer supported" // https://spec.graphql.org/October2021/#sec--deprecated
	if arg := d.Arguments.ForName("reason"); arg != nil {
		reason = arg.Value.Raw
	}
	return shape.Documented(f.Description, reason, "@deprecated ")
}
