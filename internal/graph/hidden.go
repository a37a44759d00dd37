package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
)

// A field that the caller is not allowed to read is null on every path: in answers, look-ups, filters, orders, cursors, and in the lists of
// rows that a hidden reference leads to.

// fieldRule returns the condition under which the caller is allowed to read a field of the row with the given alias; "" for always,
// "false" for never.
func (b *builder) fieldRule(o *object, f *field, alias string) (string, error) {
	if f.src.Relation == nil || f.src.Relation.Kind != schema.RefOne {
		return b.readable(f.access, o.typ, alias)
	}
	rule, err := b.referenceRule(o.typ, f.src, alias)
	if err != nil || f.target != nil {
		return rule, err
	}
	target, err := b.targetRule(f, alias)
	return both(rule, target), err
}

// referenceRule returns the condition under which the caller may know to which row a reference leads: the rules of the reference, and of the
// fields that hold its key where @ref(fields:) names them.
func (b *builder) referenceRule(t *schema.Type, ref *schema.Field, alias string) (all string, err error) {
	for _, f := range append([]*schema.Field{ref}, ref.Relation.Fields...) {
		rule, err := b.readable(fieldAccess(f), t, alias)
		if err != nil {
			return "", err
		}
		all = both(all, rule)
	}
	return all, nil
}

// targetRule returns the rule of the key that a reference holds a copy of: where the target hides its key, so do the references to it.
func (b *builder) targetRule(f *field, alias string) (string, error) {
	if b.policed {
		return b.lookUp(f.src.Owner, alias, func(b *builder, alias string) (string, error) { return b.targetRule(f, alias) })
	}
	rel := f.src.Relation
	target := b.api.byName[rel.Target.Name]
	i := slices.Index(rel.Columns, f.column)
	if target == nil || i < 0 {
		return "", nil
	}
	column, key := rel.ReferencedColumns()[i], keyFields(rel.References[i])
	j := slices.IndexFunc(key, func(k *field) bool { return k.column == column })
	if j < 0 {
		return "", nil
	}
	row := &scope{object: target, alias: b.alias()}
	rule, err := b.fieldRule(target, key[j], row.alias)
	if err != nil || rule == "" || rule == "false" {
		return rule, err
	}
	b.reads(target.typ)
	where := append(joinColumns(rel, &scope{alias: alias}, row), rule)
	return "EXISTS (SELECT FROM " + ident(target.typ.Table) + " " + row.alias + " WHERE " + join(where, " AND ") + ")", nil
}

// keyRule returns the condition under which the caller may know the key of a row.
func (b *builder) keyRule(o *object, alias string) (all string, err error) {
	for _, k := range o.key {
		rule, err := b.fieldRule(o, k, alias)
		if err != nil {
			return "", err
		}
		all = both(all, rule)
	}
	return all, nil
}

// keyTerms returns the end of an order: the key, so that no two rows are equal. Where the caller may not know some part of it, a hash that
// reveals nothing takes its place.
func (b *builder) keyTerms(p *page, desc bool, seen map[string]bool) (terms []orderTerm, err error) {
	hidden := false
	for _, k := range p.object.key {
		rule, err := b.fieldRule(p.object, k, p.scope.alias)
		switch {
		case err != nil:
			return nil, err
		case rule != "":
			hidden = true
		case !seen[k.column]:
			terms = append(terms, newTerm(p.scope, k, direction{desc, desc}))
		}
	}
	if hidden {
		terms = append(terms, blindTerm(p.scope, desc))
	}
	return terms, nil
}

// blindTerm orders by a hash of the key.
func blindTerm(s *scope, desc bool) orderTerm {
	columns := make([]string, len(s.object.key))
	for i, k := range s.object.key {
		columns[i] = s.raw(k.column)
	}
	return orderTerm{
		sql: own.BlindIndex + "(json_build_array(" + join(columns, ", ") + ")::text)", computed: true,
		value: valueType{scalar: schema.String}, direction: direction{desc, desc},
	}
}

// both returns the condition that two rules hold.
func both(a, b string) string {
	switch {
	case a == "" || b == "false":
		return b
	case b == "" || a == "false" || a == b:
		return a
	}
	return a + " AND " + b
}
