package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// The root fields node and nodes read rows of any type by their global IDs. Only the types that the IDs of a request name are in its plan, so that they
// are part of the Shape.

const (
	nodeType   = "Node"
	nodeField  = "node"
	nodesField = "nodes"
)

// isNode reports whether a root field reads rows by their global IDs.
func (a *API) isNode(name string, op ast.Operation) bool {
	isNamed := name == nodeField || name == nodesField
	return a.options.Relay && isNamed && op == ast.Query
}

// nodeOf returns the object that a global ID is of.
func (a *API) nodeOf(id any) (*object, error) {
	typ, _, ok := decodeID(id)
	o := a.nodes[typ]
	if ok && o != nil {
		return o, nil
	}
	text, _ := plainText(id)
	what := "it is no global ID"
	if ok {
		what = "the API has no rows of the type " + quote(typ)
	}
	return nil, invalid(quote(text)+" is not the id of a row: "+what, "use the field id of a row")
}

// nodeField plans node or nodes.
func (b *builder) nodeField(f selected) (string, error) {
	if f.Name == nodesField {
		return b.nodesByID(f)
	}
	id, _ := b.argument(f.Field, globalID)
	o, err := b.api.nodeOf(id.input.read(b.vars))
	if err != nil {
		return "", err
	}
	return b.byKey(o, f, &b.plan.Cost)
}

// nodesByID plans nodes: for each element of ids, the row of its type with its key.
func (b *builder) nodesByID(f selected) (string, error) {
	ids, _ := b.argument(f.Field, "ids")
	size := pageSize{name: "ids", input: ids.input, most: b.api.options.MaxPageSize, counts: true}
	list := asList(ids.input.read(b.vars))
	var err error
	if size.number, err = size.check(list); err != nil {
		return "", err
	}
	objects, err := b.api.nodesOf(list)
	if err != nil {
		return "", err
	}
	if len(objects) == 0 {
		return "'[]'", nil
	}
	n := nodes{builder: b, alias: b.alias(), ids: ids.input, size: size}
	each := b.plan.Cost.child(size)
	each.location = b.location
	for _, o := range objects {
		if err := n.add(o, f, each); err != nil {
			return "", err
		}
	}
	return n.sql(), nil
}

// nodesOf returns the objects that global IDs are of, each once, in the order of the schema.
func (a *API) nodesOf(ids []any) (list []*object, err error) {
	found := map[*object]bool{}
	for _, id := range ids {
		o, err := a.nodeOf(id)
		if err != nil {
			return nil, err
		}
		found[o] = true
	}
	for _, o := range a.objects {
		if found[o] {
			list = append(list, o)
		}
	}
	return list, nil
}

// nodes is the SQL of a list of rows of several types.
type nodes struct {
	*builder
	alias           string // of the keys
	ids             input
	size            pageSize
	arrays, columns []string // of the parts of keys: an array for each, with null for IDs of other types
	cases           []string
}

// add has the list find the rows of an object.
func (n *nodes) add(o *object, f selected, c *Cost) error {
	s := &scope{object: o, alias: n.builder.alias()}
	var where []string
	for i, k := range o.key {
		p := o.keyParam(i, n.ids)
		p.form, p.size = asKeys, n.size
		value, err := n.clientValue(p)
		if err != nil {
			return err
		}
		column := fmt.Sprintf("k%d", len(n.columns)+1)
		n.arrays, n.columns = append(n.arrays, value+"::"+k.value.sqlType()+"[]"), append(n.columns, column)
		where = append(where, s.raw(k.column)+" = "+n.alias+"."+column)
	}
	if _, err := n.keyRule(o, s.alias); err != nil { // which holds, and may ask for a recent log-in
		return err
	}
	row, err := n.row(s, where, f, c, 1)
	n.cases = append(n.cases, "WHEN "+n.alias+"."+n.columns[len(n.columns)-1]+" IS NOT NULL THEN "+row)
	return err
}

func (n *nodes) sql() string {
	return fmt.Sprintf("(SELECT '[' || coalesce(string_agg(CASE %s ELSE 'null' END, ',' ORDER BY %[2]s.n), '') || ']' FROM unnest(%[3]s) WITH ORDINALITY %[2]s(%[4]s, n))",
		join(n.cases, " "), n.alias, join(n.arrays, ", "), join(n.columns, ", "))
}

// encodeKeys returns a Postgres array of a part of the keys in global IDs. Those of other types are null.
func (p *Param) encodeKeys(ids []any) (any, error) {
	if _, err := p.size.check(ids); err != nil {
		return nil, err
	}
	parts := make([]any, len(ids))
	for i, id := range ids {
		if typ, _, _ := decodeID(id); typ != p.node.typ.APIName() {
			continue
		}
		var err error
		if parts[i], err = p.part(id); err != nil {
			return nil, err
		}
	}
	list := p.value
	list.list = true
	return list.column(parts)
}

// nodeShape adds the types of the global IDs that the root fields of an operation name.
func (a *API) nodeShape(b *strings.Builder, set ast.SelectionSet, vars map[string]any) {
	if !a.options.Relay {
		return
	}
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			a.fieldShape(b, s, vars)
		case *ast.InlineFragment:
			a.nodeShape(b, s.SelectionSet, vars)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				a.nodeShape(b, s.Definition.SelectionSet, vars)
			}
		}
	}
}

// fieldShape adds the types of the arguments of node or nodes. IDs that are not valid have no type, and no plan.
func (a *API) fieldShape(b *strings.Builder, f *ast.Field, vars map[string]any) {
	if f.Name != nodeField && f.Name != nodesField {
		return
	}
	for _, argument := range f.Arguments {
		ids := asList(literal(argument.Value, vars))
		objects, err := a.nodesOf(ids)
		if err != nil {
			b.WriteString("!")
		}
		for _, o := range objects {
			b.WriteString(o.typ.APIName() + ",")
		}
		b.WriteString(";")
	}
}

// globalFilter returns the condition of a filter of global IDs.
func (b *builder) globalFilter(o *object, alias string, filter arg) (string, error) {
	if _, err := b.keyRule(o, alias); err != nil { // which holds, and may ask for a recent log-in
		return "", err
	}
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid("where: "+globalID+"."+f.name+" cannot be null", "leave it out")
		}
		if err := b.grow(); err != nil {
			return "", err
		}
		condition, err := b.globalOperator(o, alias, f)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	return conjunction(all), nil
}

func (b *builder) globalOperator(o *object, alias string, f argField) (string, error) {
	if f.name == "isNull" {
		return boolText(f.value.known == false), nil
	}
	form, same := asScalar, "(%s) = (%s)"
	if f.name == "in" || f.name == "notIn" {
		form, same = asArray, "(%s) IN (SELECT * FROM unnest(%s))"
	}
	var columns, values []string
	for i, k := range o.key {
		p := o.keyParam(i, f.value.input)
		p.form = form
		value, err := b.clientValue(p)
		if err != nil {
			return "", err
		}
		if form == asArray {
			value += "::" + k.value.sqlType() + "[]"
		}
		columns, values = append(columns, alias+"."+ident(k.column)), append(values, value)
	}
	condition := fmt.Sprintf(same, join(columns, ", "), join(values, ", "))
	if f.name == "ne" || f.name == "notIn" {
		return "NOT (" + condition + ")", nil
	}
	return condition, nil
}

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
		isNamed := slices.Contains([]string{o.typ.APIName(), o.single, o.plural}, nodeType) || a.isNode(o.single, ast.Query) || a.isNode(o.plural, ast.Query)
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
	if a.model.Enum(nodeType) != nil || slices.ContainsFunc(a.model.Plain, func(t *schema.Type) bool { return t.Name == nodeType }) {
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

// globalFilter prints the filter of global IDs.
func (p *sdlPrinter) globalFilter(o *object) {
	if o.global {
		p.line("  id: %s", p.use(valueType{scalar: schema.ID}))
	}
}
