// Package introspect writes a GraphQL schema for an existing database. It is the reverse of pg/ddl.
package introspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Options configure an import.
type Options struct {
	Parser *sqltext.Parser
	// InSQL contains the parts to write in SQL, because the schema language gave a different result:
	// "check films.films_year_check", "index films.films_open_idx", "default films.price".
	InSQL map[string]bool
}

// Result is a schema, and the parts of the database that it does not contain.
type Result struct {
	Text string // SDL
	Left []Left
}

// Left is a part of a database that only the migrations contain.
type Left struct {
	What string `json:"what"` // table audit_log
	Why  string `json:"why"`
}

// public is the Postgres schema to import.
const public = "public"

// Schema writes the schema of the tables in the Postgres schema public.
func Schema(c *catalog.Catalog, o Options) Result {
	m := &importer{Options: o, catalog: c, names: newNames(), byTable: map[string]*table{}}
	m.takeTables()
	m.takeEnums()
	for _, t := range m.tables {
		m.takeColumns(t)
	}
	for _, t := range m.tables {
		m.takeReferences(t)
	}
	for _, t := range m.tables {
		m.inverses(t)
	}
	for _, t := range m.tables {
		m.takeConstraints(t)
		m.takeIndexes(t)
	}
	m.others()
	return Result{m.write(), m.left}
}

// importer collects a schema.
type importer struct {
	Options
	catalog *catalog.Catalog
	names   *names
	enums   []*enum
	tables  []*table
	byTable map[string]*table // by the table's name
	left    []Left
}

type enum struct {
	*catalog.Enum
	name string
}

// table is a table that becomes a type.
type table struct {
	*catalog.Table
	name       string
	key        []string // columns
	fields     []*field
	directives []string
}

// field is a field of a type.
type field struct {
	name, description string
	column            *catalog.Column // nil for a field without its own column
	scalar            string          // or the name of an enum or a type
	list, required    bool
	elements          bool // the elements of a list are never null
	dataType          string
	usual             string // the default column of the field
	directives        []string
	hasDefault        bool
	to                *table // of a reference
	unique            bool
	has               map[string]bool // kinds of constraints that it already has
}

func (m *importer) leave(what, why string) { m.left = append(m.left, Left{what, why}) }

func (m *importer) takeTables() {
	for i := range m.catalog.Tables {
		t := &m.catalog.Tables[i]
		if why := m.unfit(t); why != "" {
			if t.Bound == "" { // partitions are covered by their table
				m.leave("table "+tableName(t), why)
			}
			continue
		}
		found := &table{Table: t, key: primaryKey(t).Columns}
		m.tables = append(m.tables, found)
		m.byTable[t.Name] = found
	}
	// The shortest names first, since the type of a table user_orders would otherwise take a name that users needs.
	byLength := slices.SortedStableFunc(slices.Values(m.tables), func(a, b *table) int { return cmp.Compare(len(words(a.Name)), len(words(b.Name))) })
	for _, t := range byLength {
		t.name = m.names.typ(t.Name)
	}
}

// unfit returns why a table cannot become a type, or "".
func (m *importer) unfit(t *catalog.Table) string {
	key := primaryKey(t)
	switch {
	case t.Schema != public:
		return "it is not in the Postgres schema public"
	case t.Kind == "foreign table":
		return "it is a foreign table"
	case t.Bound != "":
		return "it is a partition"
	case len(t.Parents) > 0:
		return "it inherits from " + t.Parents[0]
	case key == nil:
		return "it has no primary key"
	}
	for _, name := range key.Columns {
		if kind := m.kindOf(t.Column(name).Type); kind.list || slices.Contains([]string{"JSON", "Float", "Vector"}, kind.scalar) {
			return "its key column " + name + " has the type " + t.Column(name).Type + ", which a key cannot have"
		}
	}
	return ""
}

func primaryKey(t *catalog.Table) *catalog.Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Kind == "primary key" {
			return &t.Constraints[i]
		}
	}
	return nil
}

// takeEnums imports the enums whose values are valid GraphQL names. Columns of other enums become strings.
func (m *importer) takeEnums() {
	for i := range m.catalog.Enums {
		e := &m.catalog.Enums[i]
		name, ok := m.names.enum(e)
		if !ok {
			m.leave("enum "+qualified(e.Schema, e.Name), "its name or one of its values is not a valid GraphQL name; its columns are strings")
			continue
		}
		m.enums = append(m.enums, &enum{e, name})
	}
}

// others lists the other objects, which a schema cannot contain.
func (m *importer) others() {
	count := map[string]int{}
	var kinds []string
	for _, o := range m.catalog.Others {
		if o.Kind == "schema" || o.Kind == "extension" {
			continue
		}
		if count[o.Kind] == 0 {
			kinds = append(kinds, o.Kind)
		}
		count[o.Kind]++
	}
	for _, kind := range kinds {
		m.leave(counted(count[kind], kind), "the schema language does not support it; the migrations keep it")
	}
}

func counted(n int, what string) string {
	plural := map[string]string{"policy": "policies", "default privileges": "default privileges", "statistics": "statistics"}
	switch {
	case n == 1:
		return "1 " + what
	case plural[what] != "":
		return fmt.Sprintf("%d %s", n, plural[what])
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func tableName(t *catalog.Table) string { return qualified(t.Schema, t.Name) }

func qualified(schema, name string) string {
	if schema == public {
		return sqltext.Ident(name)
	}
	return sqltext.Ident(schema) + "." + sqltext.Ident(name)
}

// write writes the whole schema.
func (m *importer) write() string {
	var b strings.Builder
	for _, e := range m.enums {
		fmt.Fprintf(&b, "%senum %s {\n", described(e.Comment, ""), e.name)
		for _, v := range e.Values {
			b.WriteString("  " + v + "\n")
		}
		b.WriteString("}\n\n")
	}
	for _, t := range m.tables {
		fmt.Fprintf(&b, "%stype %s %s {\n", described(t.Comment, ""), t.name, strings.Join(t.directives, " "))
		for _, f := range t.fields {
			fmt.Fprintf(&b, "%s  %s: %s %s\n", described(f.description, "  "), f.name, f.typ(), strings.Join(f.written(), " "))
		}
		b.WriteString("}\n\n")
	}
	return b.String()
}

// described writes a database comment as a description.
func described(comment, indent string) string {
	if comment == "" {
		return ""
	}
	return indent + sdl.Quote(comment) + "\n"
}

// typ writes the type of a field.
func (f *field) typ() string {
	text := f.scalar
	if f.list {
		text = "[" + text + mark(f.elements) + "]"
	}
	return text + mark(f.required)
}

// mark returns the mark of a type that cannot be null.
func mark(required bool) string {
	if required {
		return "!"
	}
	return ""
}

// written writes the directives of a field.
func (f *field) written() []string {
	var args []string
	if f.column != nil && f.column.Name != f.usual {
		args = append(args, "name: "+sdl.Quote(f.column.Name))
	}
	if f.dataType != "" {
		args = append(args, "dataType: "+sdl.Quote(f.dataType))
	}
	var out []string
	if len(args) > 0 {
		out = append(out, "@col("+strings.Join(args, ", ")+")")
	}
	if f.unique {
		out = append(out, "@unique")
	}
	return append(out, f.directives...)
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = sdl.Quote(n)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
