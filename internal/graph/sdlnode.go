package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// checkNodeNames refuses a schema that has the names of the API for nodes.
func (a *API) checkNodeNames() error {
	if !a.options.Relay {
		return nil
	}
	taken := func(name string) error {
		return fault.New(fault.Invalid, "derive the API", name+" is a name of the API for global IDs, which graphql.relay turns on",
			`give it another name in the API: @api(name: "…"), or remove graphql.relay from krowoc.yaml`)
	}
	for _, o := range a.objects {
		isNamed := o.typ.APIName() == nodeType || a.isNode(o.single, ast.Query) || a.isNode(o.plural, ast.Query)
		hasBoth := o.typ.APIField(globalID) != nil && o.typ.APIField(rowID) != nil
		switch {
		case isNamed:
			return taken(o.typ.APIName())
		case hasBoth:
			return taken(o.typ.APIName() + "." + rowID)
		}
	}
	for _, c := range a.model.Customs {
		if !c.Mutation && a.isNode(c.Name, ast.Query) {
			return taken(c.Name)
		}
	}
	isPlain := slices.ContainsFunc(a.model.Plain, func(t *schema.Type) bool { return t.Name == nodeType })
	if isPlain || a.model.Enum(nodeType) != nil {
		return taken(nodeType)
	}
	return nil
}

// nodeQuery prints the root fields that read rows by their global IDs.
func (p *sdlPrinter) nodeQuery(a *API) {
	if !a.options.Relay {
		return
	}
	p.describe("  ", "The row with this global ID, or null if no such row exists that the caller is allowed to read.")
	p.line("  node(id: ID!): Node")
	p.describe("  ", "The rows with these global IDs, in their order, with null for each that does not exist or that the caller is not allowed to read.")
	p.line("  nodes(ids: [ID!]!): [Node]!")
}

// nodeType prints the interface of rows with global IDs.
func (p *sdlPrinter) nodeType(a *API) {
	if !a.options.Relay {
		return
	}
	p.describe("", "A row that can be read by its global ID.")
	p.line("interface Node {")
	p.describe("  ", "The global ID: no row of another type has the same.")
	p.line("  id: ID!\n}\n")
}

// typeHead prints the beginning of a type, up to its fields.
func (p *sdlPrinter) typeHead(o *object) {
	if !o.global {
		p.line("type %s {", o.typ.APIName())
		return
	}
	p.line("type %s implements Node {", o.typ.APIName())
	p.describe("  ", "The global ID.")
	p.line("  id: ID!")
}
