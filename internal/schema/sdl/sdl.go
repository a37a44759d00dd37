// Package sdl reads and writes schemas as GraphQL SDL with Krowoc's directives. Parse checks everything that can be checked
// without a database and reports every mistake with its position and a remedy. Print writes a schema in a canonical form that
// Parse reads back.
package sdl

import (
	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// Source is the text of one file of a schema.
type Source struct {
	Name string // as it should appear in diagnostics, usually the path
	Text string
}

// Parser reads schemas.
type Parser struct {
	// RowUse returns the columns that an SQL expression uses of the row this; all is true if it uses others or other rows as well. Package pg/sqltext
	// knows the tokens of SQL. It is nil for a parser that does not look.
	RowUse func(sql string) (columns []string, all bool)
	// Params returns the parameters $name of an SQL statement, and whether it is a single one. It is nil like RowUse.
	Params func(sql string) (names []string, single bool)
	// Refusal returns why an expression that is well typed cannot be used, or nil if it can. Package pg/celsql knows what has no SQL.
	// It is nil for a parser that accepts all of them.
	Refusal func(checked *cel.Ast, s *schema.Schema, this *schema.Type, want expr.Kind) *expr.Issue
}

// Parse is Parser.Parse without a check of what Postgres can evaluate.
func Parse(sources ...Source) (*schema.Schema, diag.List) { return Parser{}.Parse(sources...) }

// Parse reads the sources as one schema. The list has every error and warning, in the order of the sources and their lines. The
// schema is nil when there are errors.
func (p Parser) Parse(sources ...Source) (*schema.Schema, diag.List) {
	b := newBuilder()
	b.parser = p
	for _, source := range sources {
		b.read(source)
	}
	s := b.build()
	list := b.sorted(sources)
	if list.Errors() > 0 {
		return nil, list
	}
	return s, list
}
