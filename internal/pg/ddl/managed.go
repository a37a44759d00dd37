package ddl

import (
	"slices"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Objects that the schema language cannot describe are not managed by Krowoc: an import leaves them out of the schema, and no plan changes,
// drops or mentions them. Both use the functions of this file.

// Unmanaged returns the reason why no type can describe a table, or "".
func Unmanaged(c *catalog.Catalog, t *catalog.Table) string {
	switch {
	case t.Schema != public:
		return "it is not in the schema public"
	case t.Kind == "foreign table":
		return "it is a foreign table"
	case t.Bound != "":
		return "it is a partition"
	case len(t.Parents) > 0:
		return "it inherits from " + t.Parents[0]
	}
	key := Key(t)
	if key == nil {
		return "it has no primary key, and no unique constraint on required columns"
	}
	for _, name := range key {
		if typ := t.Column(name).Type; !mayBeKey(c.BaseType(typ)) {
			return "no key can have a " + typ + ", as " + name + " is"
		}
	}
	return ""
}

// Key returns the columns of a table's primary key, or of the first unique constraint that can serve as a key. It returns nil if the table
// has neither.
func Key(t *catalog.Table) []string {
	var key []string
	for i := range t.Constraints {
		switch c := &t.Constraints[i]; {
		case c.Kind == "primary key":
			return c.Columns
		case key == nil && isKey(t, c):
			key = c.Columns
		}
	}
	return key
}

// isKey reports whether a unique constraint identifies a row, and a foreign key can refer to it.
func isKey(t *catalog.Table, c *catalog.Constraint) bool {
	optional := func(column string) bool { return !t.Column(column).NotNull }
	return c.Kind == "unique" && !strings.Contains(c.Definition, "DEFERRABLE") && !slices.ContainsFunc(c.Columns, optional)
}

// mayBeKey reports whether a field of a key can have a type.
func mayBeKey(typ string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(typ, public+"."), "(")
	return !strings.HasSuffix(typ, "[]") && !slices.Contains([]string{"json", "jsonb", "real", "double precision", "vector"}, name)
}

// MayBeUnique reports whether @unique is allowed on a field with a type. If not, a schema cannot contain a unique constraint over it alone.
func MayBeUnique(typ string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(typ, public+"."), "(")
	return !slices.Contains([]string{"json", "jsonb", "vector"}, name)
}

// UnmanagedEnum returns the reason why no enum of the schema language can describe an enum of a database, or "".
func UnmanagedEnum(e *catalog.Enum) string {
	switch {
	case e.Schema != public:
		return "it is not in the schema public"
	case len(e.Values) == 0:
		return "it has no values"
	case sdl.IsPostgresType(e.Name):
		return "Postgres has a type of that name"
	case strings.ContainsFunc(e.Name, unicode.IsControl):
		return "its name contains control characters"
	}
	return ""
}

// IsManagedEnum reports whether an enum of the schema language can describe an enum of a database.
func IsManagedEnum(e *catalog.Enum) bool { return UnmanagedEnum(e) == "" }

// isManaged reports whether a constraint of a table that has a type is one that a schema can contain. kept are those that the
// schema contains.
func (p *planner) isManaged(t *catalog.Table, c *catalog.Constraint, kept map[*catalog.Constraint]bool) bool {
	switch {
	case slices.Contains([]string{"not null", "primary key", "exclusion"}, c.Kind), c.Kind == "foreign key" && p.foreign(t, c):
		return false
	case c.Kind == "unique" && slices.Equal(c.Columns, Key(p.want.Table(t.Schema, t.Name))): // it serves as the primary key
		return false
	case c.Kind == "unique" && len(c.Columns) == 1 && !MayBeUnique(p.cur.BaseType(t.Column(c.Columns[0]).Type)):
		return false
	}
	for other := range kept { // a schema contains it once
		if other.Kind == c.Kind && c.Kind != "check" && other.References == c.References && slices.Equal(other.Columns, c.Columns) {
			return false
		}
	}
	return c.Validated
}
