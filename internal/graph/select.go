package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

func ident(name string) string { return pg.QuoteIdent(name) }

func literalText(s string) string { return pg.QuoteLiteral(s) }

func computedName(i int) string { return fmt.Sprintf(`"computed %d"`, i+1) }

// row returns SQL for the JSON of the row of s that meets the conditions and that the caller may read, or
// for null.
func (b *builder) row(s *scope, where []string, f selected, c *Cost, depth int) (string, error) {
	rule, err := b.predicate(s.object.access, s.object.typ, s.alias)
	if err != nil {
		return "", err
	}
	if rule != "" {
		where = append(where, rule)
	}
	b.reads(s.object.typ)
	content, err := b.objectJSON(s, f.selections, c.child(pageSize{}), depth)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("coalesce((SELECT %s FROM %s %s WHERE %s), 'null')", content, ident(s.object.typ.Table), s.alias, join(where, " AND ")), nil
}

// objectJSON returns SQL for the JSON object of a row.
func (b *builder) objectJSON(s *scope, sets []ast.SelectionSet, c *Cost, depth int) (string, error) {
	if err := b.deepen(depth); err != nil {
		return "", err
	}
	var t text
	err := b.membersJSON(&t, s.object.typ.APIName(), sets, c, func(f selected) error { return b.fieldJSON(&t, s, f, c, depth) })
	return t.sql(), err
}

// membersJSON appends the JSON object of what is selected of a type, and counts its cost. member appends the value of a field.
func (b *builder) membersJSON(t *text, typeName string, sets []ast.SelectionSet, c *Cost, member func(selected) error) error {
	fields, err := b.collectOf(typeName, sets...)
	if err != nil {
		return err
	}
	c.fields += len(fields)
	t.constant("{")
	for i, f := range fields {
		t.member(i, f)
		if f.Name == "__typename" {
			t.constant(`"` + typeName + `"`)
			continue
		}
		if err := b.within(f, func() error { return member(f) }); err != nil {
			return err
		}
	}
	t.constant("}")
	return nil
}

// fieldJSON appends the JSON of one field of a row.
func (b *builder) fieldJSON(t *text, s *scope, f selected, c *Cost, depth int) error {
	if s.object.global && f.Name == globalID {
		return b.globalJSON(t, s)
	}
	field := s.object.byName[f.Name]
	rule, err := b.fieldRule(s.object, field, s.alias)
	if err != nil {
		return err
	}
	switch rule {
	case "":
		return b.valueJSON(t, s, field, f, c, depth)
	case "false":
		t.constant("null")
		return nil
	}
	var allowed text
	if err := b.valueJSON(&allowed, s, field, f, c, depth); err != nil {
		return err
	}
	t.expr("CASE WHEN " + s.computed(rule) + " THEN " + allowed.sql() + " ELSE 'null' END")
	return nil
}

func (b *builder) valueJSON(t *text, s *scope, field *field, f selected, c *Cost, depth int) error {
	switch {
	case field.target == nil:
		b.opaque(field)
		value, err := b.selectedValue(s, field, f)
		field.value.writeJSON(t, value)
		return err
	case field.many:
		sql, err := b.connection(source{object: field.target, parent: s, field: field, depth: depth + 1}, f, c)
		t.expr(sql)
		return err
	}
	target := &scope{object: field.target, alias: b.alias()}
	where, err := b.related(source{object: field.target, parent: s, field: field}, target)
	if err != nil {
		return err
	}
	sql, err := b.row(target, where, f, c, depth+1)
	t.expr(sql)
	return err
}

// joinColumns returns the conditions that tie the rows of target to the row of s that refers to them, or
// is referred to by them.
func joinColumns(rel *schema.Relation, s, target *scope) []string {
	var out []string
	if rel.Kind == schema.RefOne {
		for i, k := range rel.ReferencedColumns() {
			out = append(out, target.raw(k)+" = "+s.column(rel.Columns[i]))
		}
		return out
	}
	for i, k := range rel.ReferencedColumns() {
		out = append(out, target.raw(rel.Columns[i])+" = "+s.column(k))
	}
	return out
}
