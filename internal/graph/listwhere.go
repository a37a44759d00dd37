package graph

import (
	"github.com/krowoc/krowoc/internal/schema"
)

var intType = valueType{scalar: schema.Int}

// length returns the condition on the number of elements of a list.
func (b *builder) length(column string, filter arg) (string, error) {
	return b.scalarFilter(&field{name: "length", value: intType}, "cardinality("+column+")", filter)
}

// listFilter prints the conditions on a list of values.
func (p *sdlPrinter) listFilter(v valueType) {
	if t := v.name(); v.scalar != schema.JSON {
		p.describe("  ", "The same elements in the same order.")
		p.line("  eq: [%s!]\n  ne: [%s!]", t, t)
		p.line("  has: %s\n  hasAny: [%s!]\n  hasAll: [%s!]", t, t, t)
		p.describe("  ", "Every element is one of these.")
		p.line("  containedIn: [%s!]", t)
	}
	p.line("  isEmpty: Boolean")
	p.describe("  ", "The number of elements.")
	p.line("  length: %s", p.use(intType))
}
