package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// The root fields node and nodes read rows of any type by their global IDs. A plan has only the types that the IDs of a request name, so that they
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
	from := fmt.Sprintf("unnest(%s) WITH ORDINALITY %s(%s, n)", join(n.arrays, ", "), n.alias, join(n.columns, ", "))
	row := "CASE " + join(n.cases, " ") + " ELSE 'null' END"
	return fmt.Sprintf("(SELECT '[' || coalesce(string_agg(%s, ',' ORDER BY %s.n), '') || ']' FROM %s)", row, n.alias, from)
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
