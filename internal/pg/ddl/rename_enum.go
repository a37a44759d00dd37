package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// enum renames the type of an enum and its values. The former name in Postgres follows from the name in the schema, or from
// @renamed.
func (r *renamer) enum(e *schema.Enum) {
	now := object{kind: "enum", table: public + "." + e.DBName}
	cur := enumOf(r.cur, public, e.DBName)
	if cur == nil {
		if cur = r.formerType(e); cur == nil {
			return
		}
		r.add("ALTER TYPE %s RENAME TO %s", ident(cur.Name), ident(e.DBName), rename{now: now, former: enumObject(cur)})
	}
	for _, v := range e.Values {
		if old, ok := formerLabel(cur, e, v); ok {
			x := rename{now: object{"value", now.table, v.Label}, former: object{"value", now.table, old}, needs: []object{now}}
			r.add("ALTER TYPE "+ident(e.DBName)+" RENAME VALUE %s TO %s", literal(old), literal(v.Label), x)
		}
	}
}

// formerType returns the enum of the database that an enum of the schema had before under another name, or nil.
func (r *renamer) formerType(e *schema.Enum) *catalog.Enum {
	var free []*catalog.Enum // that no enum of the schema has
	for i := range r.cur.Enums {
		c := &r.cur.Enums[i]
		if IsManagedEnum(c) && !declared(r.schema, *c) {
			free = append(free, c)
		}
	}
	for _, name := range []string{e.RenamedFrom, e.Name} {
		for _, is := range []func(*catalog.Enum) bool{
			func(c *catalog.Enum) bool { return c.Name == schema.SnakeCase(name) },
			func(c *catalog.Enum) bool { return c.Name == name },
			func(c *catalog.Enum) bool { return schema.TypeName(c.Name) == name },
		} {
			i := slices.IndexFunc(free, is)
			if i >= 0 && name != "" && (name == e.RenamedFrom || sharesValue(free[i], e)) {
				return free[i]
			}
		}
	}
	return r.sameValues(e, free)
}

// sharesValue reports whether an enum of the database has a value of an enum of the schema, by its label or name.
func sharesValue(c *catalog.Enum, e *schema.Enum) bool {
	return slices.ContainsFunc(e.Values, func(v schema.EnumValue) bool {
		return slices.Contains(c.Values, v.Label) || slices.Contains(c.Values, v.Name) || (v.RenamedFrom != "" && slices.Contains(c.Values, v.RenamedFrom))
	})
}

// sameValues returns the only enum of the database whose values read like those of an enum of the schema, where one of the two is
// named with @enum.
func (r *renamer) sameValues(e *schema.Enum, free []*catalog.Enum) *catalog.Enum {
	values := schema.ValueNames(e.Labels())
	same := func(other *schema.Enum) bool {
		return slices.Equal(schema.ValueNames(other.Labels()), values) && enumOf(r.cur, public, other.DBName) == nil
	}
	free = slices.DeleteFunc(free, func(c *catalog.Enum) bool {
		isUsual := e.DBName == schema.SnakeCase(e.Name) && c.Name == schema.SnakeCase(schema.TypeName(c.Name))
		return isUsual || !slices.Equal(schema.ValueNames(c.Values), values)
	})
	others := slices.DeleteFunc(slices.Clone(r.schema.Enums), func(other *schema.Enum) bool { return !same(other) })
	if len(free) != 1 || len(others) != 1 {
		return nil
	}
	return free[0]
}

// formerLabel returns the label in the database of a value that has another label in the schema, or false.
func formerLabel(cur *catalog.Enum, e *schema.Enum, v schema.EnumValue) (string, bool) {
	if slices.Contains(cur.Values, v.Label) {
		return "", false
	}
	wanted, names := e.Labels(), schema.ValueNames(cur.Values)
	for _, name := range []string{v.RenamedFrom, v.Name, schema.ValueName(v.Label)} {
		for i, old := range cur.Values {
			is := (old == name) || strings.EqualFold(names[i], name)
			if is && (name != "") && !slices.Contains(wanted, old) {
				return old, true
			}
		}
	}
	return "", false
}
