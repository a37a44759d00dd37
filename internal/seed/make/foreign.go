package make

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// fields returns the fields of the type, and the references that only the database has.
func (t *blueprint) fields() []*schema.Field {
	if len(t.virtual) == 0 {
		return t.typ.Fields
	}
	return slices.Concat(t.typ.Fields, t.virtual)
}

// foreignKeys creates references for the foreign keys of the database that the schema does not have, as if it had @ref(fields:). Columns of
// foreign keys to tables that the role cannot read can only be null.
func (r *Reader) foreignKeys(t *blueprint) (nulls []*schema.Field) {
	if t.facts == nil {
		return nil
	}
	for _, k := range t.facts.keys {
		fields := columnFields(t.typ, k.columns)
		if fields == nil || t.hasReference(k) {
			continue
		}
		for _, name := range k.columns {
			t.slots[t.index[name]].refers = true
		}
		if f := r.reference(t, k, fields); f != nil {
			t.virtual = append(t.virtual, f)
			continue
		}
		for _, f := range fields {
			if !f.Type.NonNull {
				nulls = append(nulls, f)
			}
		}
	}
	slices.SortStableFunc(t.virtual, func(a, b *schema.Field) int { return hops(b) - hops(a) })
	return nulls
}

// hops returns the number of references from the key that a reference leads to. If two references share a column, the one with more hops
// comes first: a row that refers to the chief of a team also refers to the team.
func hops(f *schema.Field) (n int) {
	for key := f.Relation.References[0]; key.Relation != nil; key = key.Relation.References[0] {
		n++
	}
	return n
}

// columnFields returns the fields that hold columns, or nil if one has none of its own.
func columnFields(typ *schema.Type, columns []string) (list []*schema.Field) {
	for _, name := range columns {
		at := slices.IndexFunc(typ.Fields, func(f *schema.Field) bool { return f.Relation == nil && f.Column == name })
		if at < 0 {
			return nil
		}
		list = append(list, typ.Fields[at])
	}
	return list
}

// hasReference reports whether the schema has the foreign key.
func (t *blueprint) hasReference(k foreignKey) bool {
	return slices.ContainsFunc(t.typ.Fields, func(f *schema.Field) bool {
		if f.Relation == nil || f.Relation.Kind != schema.RefOne || f.Relation.Target.Table != k.target || len(f.Relation.Columns) != len(k.columns) {
			return false
		}
		return !slices.ContainsFunc(k.columns, func(name string) bool { return !slices.Contains(f.Relation.Columns, name) })
	})
}

// target returns the type of the table that a foreign key refers to, or nil if nobody can read it. A table outside of the schema gets a
// type with the columns of the key: rows refer to its existing rows.
func (r *Reader) target(k foreignKey, fields []*schema.Field) *schema.Type {
	if at := slices.IndexFunc(r.Schema.Tables, func(typ *schema.Type) bool { return typ.Table == k.target }); at >= 0 {
		return r.Schema.Tables[at]
	}
	if k.relation == "" {
		return nil
	}
	typ := &schema.Type{Name: k.relation, Table: k.relation}
	for i, name := range k.references {
		f := &schema.Field{Name: name, Column: name, Owner: typ, Type: fields[i].Type, DataType: fields[i].DataType}
		f.Type.NonNull = true
		typ.Fields = append(typ.Fields, f)
	}
	typ.Key = typ.Fields
	r.outside[typ] = true
	return typ
}

// inSQL returns the name of a type's table in SQL.
func (r *Reader) inSQL(typ *schema.Type) string {
	if r.outside[typ] {
		return typ.Table
	}
	return pg.QuoteIdent(typ.Table)
}

// reference returns a reference for a foreign key, or nil if the role cannot read the other table, or the schema lacks one of its columns.
func (r *Reader) reference(t *blueprint, k foreignKey, fields []*schema.Field) *schema.Field {
	target := r.target(k, fields)
	if target == nil {
		return nil
	}
	f := &schema.Field{Name: strings.Join(k.columns, ","), Owner: t.typ, Type: schema.FieldType{Object: target, NonNull: true}}
	f.Relation = &schema.Relation{Kind: schema.RefOne, Target: target, Columns: k.columns, Fields: fields}
	for i, name := range k.references {
		key := slices.IndexFunc(target.Fields, func(f *schema.Field) bool { return len(f.Columns()) == 1 && f.Columns()[0] == name })
		if key < 0 {
			return nil
		}
		f.Relation.References = append(f.Relation.References, target.Fields[key])
		f.Type.NonNull = f.Type.NonNull && fields[i].Type.NonNull
	}
	return f
}
