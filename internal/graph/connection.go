package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// source is where the rows of a list come from: the whole table, or the rows related to one row.
type source struct {
	object *object
	parent *scope // nil for the whole table
	field  *field // of the parent
	depth  int
}

// page is one page of a list, as its arguments describe it.
type page struct {
	source
	scope    *scope
	base     []string // conditions on every row of the list
	cursors  []string // conditions of after and before
	order    []orderTerm
	backward bool // last, rather than first
	after    bool // an after is given
	before   bool
	limit    string // SQL of first or last
	offset   string // SQL of offset; "" for none
	skips    string // SQL of whether offset skips rows
	distinct int    // how many terms of the order no two rows share; see distinctOn
	size     pageSize
	numbered bool // the rows need their number: pageInfo asks for it
	needed   bool // an aggregate over the rows is selected; without one, the SELECT would return a row for each
}

// connection returns SQL for the JSON of a Relay connection.
// See https://relay.dev/graphql/connections.htm.
func (b *builder) connection(src source, f selected, c *Cost) (string, error) {
	if err := b.deepen(src.depth); err != nil {
		return "", err
	}
	p, err := b.page(src, f.Field)
	if err != nil {
		return "", err
	}
	fields, err := b.collect(f.selections...)
	if err != nil {
		return "", err
	}
	p.numbered = slices.ContainsFunc(fields, func(f selected) bool { return f.Name == "pageInfo" })
	each := c.child(p.size)
	each.location = b.location
	c.fields += len(fields)
	var t text
	t.constant("{")
	for i, field := range fields {
		t.member(i, field)
		if err := b.within(field, func() error { return b.connectionField(&t, p, field, c, each) }); err != nil {
			return "", err
		}
	}
	t.constant("}")
	if !p.needed {
		return "(SELECT " + t.sql() + ")", nil
	}
	content := t.sql() // before the page, which yields the columns that the content uses
	return "(SELECT " + content + " FROM " + b.pageSQL(p) + ")", nil
}

// connectionField appends the JSON of one field of a connection. Its cost is that of the list, or of each of its rows.
func (b *builder) connectionField(t *text, p *page, f selected, whole, each *Cost) error {
	switch f.Name {
	case "__typename":
		t.constant(`"` + p.object.typ.APIName() + `Connection"`)
		return nil
	case "totalCount":
		t.expr(b.totalCount(p))
		return nil
	case "aggregate":
		sql, err := b.aggregateJSON(p, f, whole)
		t.expr(sql)
		return err
	case "groups":
		sql, err := b.groupsJSON(p, f, whole)
		t.expr(sql)
		return err
	}
	switch f.Name {
	case "nodes":
		return b.elements(t, p, func() (string, error) { return b.objectJSON(p.scope, f.selections, each, p.depth+1) })
	case "edges":
		return b.elements(t, p, func() (string, error) { return b.edge(p, f, each) })
	}
	return b.pageInfo(t, p, f)
}

// page reads the arguments of a list.
func (b *builder) page(src source, f *ast.Field) (*page, error) {
	s := &scope{object: src.object, alias: b.alias(), paged: true}
	b.reads(src.object.typ)
	p := &page{source: src, scope: s}
	if src.parent != nil {
		related, err := b.related(src, s)
		if err != nil {
			return nil, err
		}
		p.base = related
	}
	rule, err := b.predicate(src.object.access, src.object.typ, s.alias)
	if err != nil {
		return nil, err
	}
	if rule != "" {
		p.base = append(p.base, rule)
	}
	if where, ok := b.argument(f, "where"); ok {
		condition, err := b.where(src.object, s.alias, where)
		if err != nil {
			return nil, err
		}
		p.base = append(p.base, condition)
	}
	if err := b.pageSize(p, f); err != nil {
		return nil, err
	}
	if err := b.nearest(p, f); err != nil {
		return nil, err
	}
	if err := b.orderBy(p, f); err != nil {
		return nil, err
	}
	p.keepDistinct()
	b.bounds(p, f)
	return p, nil
}

// related returns the conditions under which the rows of s belong to the parent's row.
func (b *builder) related(src source, s *scope) ([]string, error) {
	rel := src.field.src.Relation
	if rel.Through != nil {
		return b.through(rel, src.parent, s)
	}
	where := joinColumns(rel, src.parent, s)
	if rel.Kind == schema.RefOne {
		return where, nil
	}
	rule, err := b.referenceRule(src.object.typ, rel.Inverse, s.alias)
	if rule != "" {
		where = append(where, rule)
	}
	return where, err
}

// pageSQL returns the subquery of the page's rows, under the alias of its scope.
func (b *builder) pageSQL(p *page) string {
	s := p.scope
	for _, o := range p.order {
		if !o.computed {
			s.column(o.column)
		} else {
			s.computed(o.sql)
		}
	}
	var columns []string
	for _, c := range s.columns {
		columns = append(columns, s.raw(c))
	}
	for i, sql := range s.extra {
		columns = append(columns, "("+sql+") AS "+computedName(i))
	}
	where := slices.Concat(p.base, p.cursors)
	sql := "SELECT " + join(columns, ", ") + " FROM " + ident(s.object.typ.Table) + " " + s.alias
	if len(where) > 0 {
		sql += " WHERE " + join(where, " AND ")
	}
	sql += " ORDER BY " + orderSQL(p.order, p.backward, func(o orderTerm) string { return o.sql })
	if !p.numbered {
		return "(" + sql + " LIMIT " + p.limit + p.offset + ") " + s.alias
	}
	// One row more than asked for tells whether there is another page.
	return "(SELECT " + s.alias + ".*, row_number() OVER (ORDER BY " + p.outerOrder(p.backward) + ") AS \"row\" FROM (" +
		sql + " LIMIT " + p.limit + " + 1" + p.offset + ") " + s.alias + ") " + s.alias
}

// outerOrder orders the rows of the page outside of it.
func (p *page) outerOrder(reverse bool) string {
	return orderSQL(p.order, reverse, func(o orderTerm) string {
		if o.computed {
			return p.scope.computed(o.sql)
		}
		return p.scope.column(o.column)
	})
}

// elements appends a JSON array with an element for each row of the page.
func (b *builder) elements(t *text, p *page, element func() (string, error)) error {
	sql, err := element()
	if err != nil {
		return err
	}
	p.needed = true
	t.constant("[")
	t.expr("coalesce(string_agg(" + sql + ", ',' ORDER BY " + p.outerOrder(false) + ")" + p.filter() + ", '')")
	t.constant("]")
	return nil
}

// edge returns SQL for the JSON of one edge.
func (b *builder) edge(p *page, f selected, c *Cost) (string, error) {
	fields, err := b.collect(f.selections...)
	if err != nil {
		return "", err
	}
	c.fields += len(fields)
	var t text
	t.constant("{")
	for i, field := range fields {
		t.member(i, field)
		switch field.Name {
		case "__typename":
			t.constant(`"` + p.object.typ.APIName() + `Edge"`)
		case "cursor":
			t.constant(`"`)
			t.expr(p.cursorSQL())
			t.constant(`"`)
		case "node":
			err := b.within(field, func() error {
				sql, err := b.objectJSON(p.scope, field.selections, c, p.depth+1)
				t.expr("(" + sql + ")")
				return err
			})
			if err != nil {
				return "", err
			}
		default:
			if err := b.within(field, func() error { return b.edgeField(&t, p, field) }); err != nil {
				return "", err
			}
		}
	}
	t.constant("}")
	return t.sql(), nil
}
