// Package sdl reads and writes schemas as GraphQL SDL with Krowoc's directives. Parse checks everything that can be checked
// without a database and reports every mistake with its position and a remedy. Print writes a schema in a canonical form that
// Parse reads back.
package sdl

import (
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// Source is the text of one file of a schema.
type Source struct {
	Name string // as it should appear in diagnostics, usually the path
	Text string
}

// Parse reads the sources as one schema. The list has every error and warning, in the order of the sources and their lines. The
// schema is nil when there are errors.
func Parse(sources ...Source) (*schema.Schema, diag.List) {
	b := newBuilder()
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
