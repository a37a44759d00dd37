// Package catalog reads the structure of a database (tables, types, functions, grants and so on, but no rows) as a value that can be
// compared. Names are qualified and everything is sorted, so that two databases with the same structure have equal values.
package catalog

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Catalog is what the schemas of users hold. What belongs to an extension is left out, the extension itself is not.
type Catalog struct {
	Enums     []Enum
	Tables    []Table
	Indexes   []Index
	Sequences []Sequence
	// Others are objects of which only the definition matters: schemas, extensions, domains, composite types, views,
	// functions, triggers, policies, rules, event triggers, statistics, publications and default privileges.
	Others []Other

	Owner  string            // the default owner, with Options.Owners
	Owners map[string]string // the other owners by kind and name of the object, with Options.Owners
}

// Enum is an enum type.
type Enum struct {
	Schema, Name string
	Values       []string // in their order
	Comment      string
	Grants       []string
}

// Table is a table, partitioned table or foreign table.
type Table struct {
	Schema, Name string
	Kind         string // table, partitioned table or foreign table
	Unlogged     bool
	RowSecurity  string // "", enabled or forced
	Options      []string
	PartitionKey string // of a partitioned table: RANGE (started_at)
	Bound        string // of a partition: FOR VALUES FROM … TO …
	Parents      []string
	Replica      string // the replica identity, unless it is the primary key
	AccessMethod string // empty for heap
	Tablespace   string
	Comment      string
	Grants       []string     // SELECT TO reader
	Columns      []Column     `db:"-"` // in their order
	Constraints  []Constraint `db:"-"` // by name
}

// Column is a column of a table.
type Column struct {
	Schema, Table, Name string
	Type                string // as format_type writes it: character varying(20)
	Dimensions          int    // of an array as it was declared; Postgres enforces none, and pg_dump does not write them
	Collation           string // empty for the default of the type
	NotNull             bool
	Default             string // the default expression, or the expression of a generated column
	Generated           string // "", stored or virtual
	Identity            string // "", always or by default
	Storage             string // empty for the default of the type
	Compression         string
	Statistics          int // the target; -1 means the default
	Comment             string
	Grants              []string
}

// Constraint is a constraint of a table.
type Constraint struct {
	Schema, Table, Name string
	Kind                string   // check, foreign key, primary key, unique, exclusion or not null
	Columns             []string // in the order of the constraint
	Definition          string   // as pg_get_constraintdef writes it
	Validated           bool
	Inherited           bool
	References          string // the other table of a foreign key
	Comment             string
}

// Target returns the table that a foreign key refers to.
func (c *Constraint) Target() (schema, table string) {
	if n, _ := sqltext.Token(c.References); strings.HasPrefix(c.References[n:], ".") {
		return sqltext.Unquote(c.References[:n]), sqltext.Unquote(c.References[n+1:])
	}
	return c.Schema, sqltext.Unquote(c.References)
}

// Index is an index, including indexes of constraints.
type Index struct {
	Schema, Table, Name string
	Definition          string // as pg_get_indexdef writes it
	Method              string
	Unique, Valid       bool
	Constraint          bool // it belongs to a constraint
	Columns             []string
	Predicate           string
	Clustered           bool
	Comment             string
}

// Sequence is a sequence.
type Sequence struct {
	Schema, Name string
	Definition   string // type, bounds, increment and cache
	OwnedBy      string // schema.table.column, or empty
	Identity     bool   // it belongs to an identity column
	Comment      string
	Grants       []string
}

// Other is an object of which only the definition matters.
type Other struct {
	Kind, Name string
	Definition string
	Comment    string
	Grants     []string
}

// Table returns the table with a name, or nil.
func (c *Catalog) Table(schema, name string) *Table {
	for i := range c.Tables {
		if t := &c.Tables[i]; t.Schema == schema && t.Name == name {
			return t
		}
	}
	return nil
}

// BaseType follows domains to the type that they restrict, in the form of format_type.
func (c *Catalog) BaseType(typ string) string {
	for i := 0; i < len(c.Others); i++ {
		if o := &c.Others[i]; o.Kind == "domain" && o.Name == typ {
			base, _, _ := strings.Cut(o.Definition, " CONSTRAINT ")
			base, _, _ = strings.Cut(base, " DEFAULT ")
			typ, i = strings.TrimSuffix(base, " NOT NULL"), -1 // which may be a domain again
		}
	}
	return typ
}

// Column returns the column of a name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name {
			return c
		}
	}
	return nil
}

// ColumnsByName returns the catalog with the columns of each table sorted by name: a column that is dropped and added again comes last.
func (c *Catalog) ColumnsByName() *Catalog {
	sorted := *c
	sorted.Tables = slices.Clone(c.Tables)
	for i := range sorted.Tables {
		t := &sorted.Tables[i]
		t.Columns = slices.SortedFunc(slices.Values(t.Columns), func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	}
	return &sorted
}

// TakeDimensions takes the dimensions of arrays from the catalog of the database that this one was rebuilt from with pg_dump.
func (c *Catalog) TakeDimensions(from *Catalog) {
	for i := range c.Tables {
		original := from.Table(c.Tables[i].Schema, c.Tables[i].Name)
		if original == nil {
			continue
		}
		for j := range c.Tables[i].Columns {
			if column := original.Column(c.Tables[i].Columns[j].Name); column != nil {
				c.Tables[i].Columns[j].Dimensions = column.Dimensions
			}
		}
	}
}
