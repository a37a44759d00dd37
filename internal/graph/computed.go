package graph

import (
	"cmp"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// A computed field has no column: SQL of the team computes it wherever it is read, as a part of the statement. Its rules apply as to any other field.

// this is what expressions call the row.
const this = "this"

// addComputed shows the fields of a type that have no column.
func (o *object) addComputed(name func(*schema.Field) string) {
	for _, f := range o.typ.Computed {
		if serviceOnly(f) || f.API.Hides(schema.Read) {
			continue
		}
		o.add(scalarField(f, name(f), ""))
	}
}

// on returns SQL for the value of a scalar in the row of a table with the given alias.
func (f *field) on(alias string) string {
	if f.src.Computed == nil {
		return alias + "." + ident(f.column)
	}
	return "((" + computation(f.src.Computed, alias) + ")::" + f.value.sqlType() + ")"
}

// computation returns the SQL of a computed field of the row with the given alias.
func computation(c *schema.Computed, alias string) string {
	if c.Function == "" {
		return sqltext.RenameRow(c.Expr, this, alias)
	}
	return qualified(c.Function) + "(" + alias + ")"
}

// qualified quotes the name of a function, perhaps after that of its schema.
func qualified(function string) string {
	parts := strings.Split(function, ".")
	for i, p := range parts {
		parts[i] = ident(p)
	}
	return join(parts, ".")
}

// in returns SQL for the value of a scalar in a row, and has a page yield it.
func (f *field) in(s *scope) string {
	if f.src.Computed == nil {
		return s.column(f.column)
	}
	return s.computed(f.on(s.alias))
}

// id tells the scalars of an object apart: parts of two keys can be one column.
func (f *field) id() string {
	if f.src.Computed == nil {
		return f.column
	}
	return "computed " + f.name
}

// sqlType returns the type of Postgres that holds values of the type.
func (v valueType) sqlType() string {
	if v.enum != nil {
		return ident(v.enum.DBName) + v.brackets()
	}
	if base, ok := schema.Serial(v.dataType); ok {
		return base
	}
	return cmp.Or(v.dataType, scalar.Of(v.scalar, "").SQL) + v.brackets()
}

// opaque notes that an answer depends on a computed field, whose expression may look at anything.
func (b *builder) opaque(f *field) {
	b.plan.Opaque = b.plan.Opaque || f.src.Computed != nil
}
