package graph

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// distinctOn keeps one row of those that are equal in some fields: the first one in the order of the list. As Postgres demands of DISTINCT ON, the
// order begins with these fields: see distinctFirst.

// distinctOn reads the fields that no two rows of a list share.
func (b *builder) distinctOn(o *object, f *ast.Field) (names []string, err error) {
	given, _ := b.argument(f, "distinctOn")
	for _, item := range given.items {
		if err := b.grow(); err != nil {
			return nil, err
		}
		name, _ := item.known.(string)
		if !o.byName[name].value.ordered() {
			return nil, invalid("distinctOn: the values of "+name+" have no order", "use groups to count them")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > maxOrder {
		return nil, invalid(fmt.Sprintf("distinctOn has more than %d fields", maxOrder), "name fewer fields")
	}
	return names, nil
}

// distinctFirst moves the fields of distinctOn to the start of an order. Those that the order does not name ascend.
func distinctFirst(order []argField, distinct []string) []argField {
	var first []argField
	for _, name := range distinct {
		i := slices.IndexFunc(order, func(f argField) bool { return f.name == name })
		if i < 0 {
			first = append(first, argField{name: name, value: arg{known: directions[0]}})
			continue
		}
		first = append(first, order[i])
		order = slices.Delete(slices.Clone(order), i, i+1)
	}
	return append(first, order...)
}

// keepDistinct leaves all but the first of equal rows out of a list, and so of its count, its aggregates and its pages. The key selects them, because
// the conditions of cursors apply to what is left.
func (p *page) keepDistinct() {
	if p.distinct == 0 {
		return
	}
	var keys, terms []string
	for _, k := range p.object.key {
		keys = append(keys, p.scope.raw(k.column))
	}
	for _, o := range p.order[:p.distinct] {
		terms = append(terms, o.sql)
	}
	sql := "SELECT DISTINCT ON (" + join(terms, ", ") + ") " + join(keys, ", ") + " FROM " + ident(p.object.typ.Table) + " " + p.scope.alias
	if len(p.base) > 0 {
		sql += " WHERE " + join(p.base, " AND ")
	}
	sql += " ORDER BY " + orderSQL(p.order, false, func(o orderTerm) string { return o.sql })
	p.base = []string{"(" + join(keys, ", ") + ") IN (" + sql + ")"}
}
