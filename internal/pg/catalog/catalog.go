// Package catalog reads what a database holds (tables, types, functions, grants and so on, but no rows) as a value
// that can be compared with another. Names are qualified and everything is sorted, so that two databases that hold
// the same give the same value.
package catalog

// Catalog is what the schemas of users hold. What belongs to an extension is left out, the extension itself is not.
type Catalog struct {
	Enums     []Enum
	Tables    []Table
	Indexes   []Index
	Sequences []Sequence
	// Others are kinds whose definition is all that matters: schemas, extensions, domains, composite types, views,
	// functions, triggers, policies, rules, event triggers, statistics, publications and default privileges.
	Others []Other
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
	Replica      string // what identifies a row to replication, unless its primary key does
	AccessMethod string // unless it is heap
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
	Collation           string // unless it is the type's
	NotNull             bool
	Default             string // the expression; of a generated column, how it is computed
	Generated           string // "", stored or virtual
	Identity            string // "", always or by default
	Storage             string // unless it is the type's
	Compression         string
	Statistics          int // the target; -1 is the default
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

// Index is an index, also one that stands behind a constraint.
type Index struct {
	Schema, Table, Name string
	Definition          string // as pg_get_indexdef writes it
	Method              string
	Unique, Valid       bool
	Constraint          bool // it stands behind one
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

// Other is an object with nothing but a definition.
type Other struct {
	Kind, Name string
	Definition string
	Comment    string
	Grants     []string
}

// Table returns the table of a name, or nil.
func (c *Catalog) Table(schema, name string) *Table {
	for i := range c.Tables {
		if t := &c.Tables[i]; t.Schema == schema && t.Name == name {
			return t
		}
	}
	return nil
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
