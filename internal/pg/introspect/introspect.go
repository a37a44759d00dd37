// Package introspect writes a GraphQL schema for an existing database. It is the reverse of pg/ddl.
package introspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
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
	Text  string // SDL
	Left  []Left
	marks []place
}

// place is where in the text something stands that InSQL can name.
type place struct {
	line, from, to int // from 1, in runes; to is the first column that is not part of it
	key            string
}

// At returns what Options.InSQL calls the part of the schema at a position, or else the parts on its line. None of them could be in
// SQL when it returns nothing.
func (r Result) At(line, column int) (keys []string) {
	for _, m := range r.marks {
		switch {
		case m.line != line:
		case m.from <= column && column < m.to:
			return []string{m.key}
		default:
			keys = append(keys, m.key)
		}
	}
	return keys
}

// Behind returns what Options.InSQL calls the parts of the schema that a statement of its SQL consists of: those whose names it contains, or
// else all.
func (r Result) Behind(statement string) (keys []string) {
	for _, m := range r.marks {
		if isIn(statement, m.key) {
			keys = append(keys, m.key)
		}
	}
	if len(keys) == 0 {
		for _, m := range r.marks {
			keys = append(keys, m.key)
		}
	}
	return keys
}

// isIn reports whether a statement contains both names of a key, such as "index orders.orders_at_idx". The names can contain dots.
func isIn(statement, key string) bool {
	_, full, _ := strings.Cut(key, " ")
	for i := range len(full) {
		if full[i] == '.' && strings.Contains(statement, sqltext.Ident(full[:i])) && strings.Contains(statement, sqltext.Ident(full[i+1:])) {
			return true
		}
	}
	return false
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
	m.takeLive()
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
	w := &writer{line: 1}
	m.write(w)
	return Result{w.text.String(), m.left, w.marks}
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
	name   string
	values []string // the name of each value
}

// nameOf returns the name of the value with a label, or the label itself if no value has it.
func (e *enum) nameOf(label string) string {
	if i := slices.Index(e.Values, label); i >= 0 {
		return e.values[i]
	}
	return label
}

// enumNamed returns the enum with a name in Postgres, or nil.
func (m *importer) enumNamed(name string) *enum {
	for _, e := range m.enums {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// table is a table that becomes a type.
type table struct {
	*catalog.Table
	name       string
	key        []string // columns
	fields     []*field
	directives []directive
}

// directive is a directive of a type or field. key is what Options.InSQL calls it, "" when it cannot be said in SQL instead.
type directive struct{ text, key string }

// field is a field of a type.
type field struct {
	name, description string
	column            *catalog.Column // nil for a field without its own column
	scalar            string          // or the name of an enum or a type
	list, required    bool
	elements          bool // the elements of a list are never null
	dataType          string
	usual             string // the column that the field has unless it says so
	directives        []directive
	hasDefault        bool
	to                *table // of a reference
	unique            bool
	has               map[string]bool // kinds of constraints that it already has
}

func (m *importer) leave(what, why string) { m.left = append(m.left, Left{what, why}) }

func (m *importer) takeTables() {
	for i := range m.catalog.Tables {
		t := &m.catalog.Tables[i]
		if why := ddl.Unmanaged(m.catalog, t); why != "" {
			if t.Bound == "" { // partitions are told with their table
				m.leave("table "+tableName(t), why)
			}
			continue
		}
		found := &table{Table: t, key: ddl.Key(t)}
		m.tables = append(m.tables, found)
		m.byTable[t.Name] = found
	}
	// The shortest names first, since the type of a table user_orders would otherwise take a name that users needs.
	byLength := slices.SortedStableFunc(slices.Values(m.tables), func(a, b *table) int { return cmp.Compare(len(schema.Words(a.Name)), len(schema.Words(b.Name))) })
	for _, t := range byLength {
		t.name = m.names.typ(t.Name)
	}
}

// takeEnums takes the enums of public; columns of others are strings.
func (m *importer) takeEnums() {
	for i := range m.catalog.Enums {
		e := &m.catalog.Enums[i]
		if why := ddl.UnmanagedEnum(e); why != "" {
			m.leave("enum "+qualified(e.Schema, e.Name), why+"; its columns are strings")
			continue
		}
		m.enums = append(m.enums, &enum{e, m.names.enum(e.Name), schema.ValueNames(e.Values)})
	}
}

// others lists the other objects, which a schema cannot contain.
func (m *importer) others() {
	count := map[string]int{}
	var kinds []string
	for _, o := range m.catalog.Others {
		if o.Kind == "schema" || o.Kind == "extension" || isNote(o) {
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
	if n != 1 && plural[what] != "" {
		return fmt.Sprintf("%d %s", n, plural[what])
	}
	return diag.Count(n, what)
}

func tableName(t *catalog.Table) string { return qualified(t.Schema, t.Name) }

func qualified(schema, name string) string {
	if schema == public {
		return sqltext.Ident(name)
	}
	return sqltext.Ident(schema) + "." + sqltext.Ident(name)
}
