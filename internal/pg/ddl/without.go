package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// Without returns the target without the columns that a database has with another type, and without their constraints and indexes. It keeps
// the columns of the catalog kept. It returns nil if there is no such column. A plan for the result drops these columns, and a plan for the
// target then creates them again. The values are lost, but Postgres does not have to convert them.
func (t *Target) Without(cur, kept *catalog.Catalog) *Target {
	want := *t.catalog
	want.Tables = slices.Clone(want.Tables)
	found := false
	for i := range want.Tables {
		table := &want.Tables[i]
		old, stays := cur.Table(table.Schema, table.Name), kept.Table(table.Schema, table.Name)
		if old == nil {
			continue
		}
		retyped := func(name string) bool {
			before, now := old.Column(name), t.catalog.Table(table.Schema, table.Name).Column(name)
			return before != nil && now != nil && before.Type != now.Type && (stays == nil || stays.Column(name) == nil)
		}
		if !slices.ContainsFunc(table.Columns, func(c catalog.Column) bool { return retyped(c.Name) }) {
			continue
		}
		found = true
		table.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(c catalog.Column) bool { return retyped(c.Name) })
		table.Constraints = slices.DeleteFunc(slices.Clone(table.Constraints), func(c catalog.Constraint) bool { return slices.ContainsFunc(c.Columns, retyped) })
		want.Indexes = slices.DeleteFunc(slices.Clone(want.Indexes), func(x catalog.Index) bool {
			return x.Schema == table.Schema && x.Table == table.Name && slices.ContainsFunc(old.Columns, func(c catalog.Column) bool { return retyped(c.Name) && isOver(&x, c.Name) })
		})
	}
	if !found {
		return nil
	}
	return &Target{schema: t.schema, catalog: &want, written: t.written}
}
