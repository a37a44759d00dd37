package seed

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// table is a stored type with numbered columns, so that the values of a row are a slice.
type table struct {
	*schema.Type
	number  int // in the order of the schema
	fields  map[string]*field
	columns []column
	index   map[string]int // column number by physical name
	keys    [][]int        // the columns of the primary key, then of each uniqueness constraint
	found   bool           // whether it exists in the database
}

// column is a physical column, and its value in rows that leave it out.
type column struct {
	name     string
	field    *schema.Field
	fallback fallback
	db       dbColumn // known after the database has been queried
}

// tables contains every stored type of a schema.
type tables struct {
	byName map[string]*table // by physical name and by type name
	names  []string          // physical names, for suggestions
}

func newTables(s *schema.Schema) *tables {
	all := &tables{byName: map[string]*table{}}
	for i, typ := range s.Tables {
		t := newTable(typ)
		t.number = i
		all.byName[typ.Name] = t
		all.names = append(all.names, typ.Table)
	}
	for _, typ := range s.Tables {
		all.byName[typ.Table] = all.byName[typ.Name]
	}
	return all
}

func newTable(typ *schema.Type) *table {
	t := &table{Type: typ, fields: map[string]*field{}, index: map[string]int{}}
	for _, f := range typ.Fields {
		for _, name := range f.Columns() {
			if _, shared := t.index[name]; !shared {
				t.index[name] = len(t.columns)
				t.columns = append(t.columns, column{name: name, field: f, fallback: fallbackOf(f)})
			}
		}
	}
	t.keys = append(t.keys, t.columnsOf(typ.Key...))
	for _, f := range typ.Fields {
		t.fields[f.Name] = newField(f, t.columnsOf(f))
		if f.Unique {
			t.addKey(t.columnsOf(f))
		}
	}
	for _, u := range typ.Uniques {
		t.addKey(t.columnsOf(u.Fields...))
	}
	return t
}

func (t *table) addKey(columns []int) {
	if len(columns) > 0 {
		t.keys = append(t.keys, columns)
	}
}

func (t *table) columnsOf(fields ...*schema.Field) []int {
	var columns []int
	for _, f := range fields {
		for _, name := range f.Columns() {
			columns = append(columns, t.index[name])
		}
	}
	return columns
}

// fieldNames returns the fields that a fixture can set, for suggestions.
func (t *table) fieldNames() []string {
	var names []string
	for _, f := range t.Fields {
		if len(f.Columns()) > 0 || (f.Relation != nil && f.Relation.Kind == schema.ManyToMany) {
			names = append(names, f.Name)
		}
	}
	return names
}

// describe returns the names of the fields of columns: email, or user and prompt.
func (t *table) describe(columns []int) string {
	var names []string
	for _, c := range columns {
		if name := t.columns[c].field.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// row is one row of the fixtures.
type row struct {
	table  *table
	source *source
	name   string     // empty for a row of a list
	node   *yaml.Node // with its position
	values []value    // one for each column of the table
	match  []int      // the columns that identify the row in the database
	claims []claim    // values of columns that other fields have already set
	broken bool       // not a mapping; already reported
}

// claim is a second value for a column, which must equal the first one. A reference can share columns with other fields (@ref(fields:)).
type claim struct {
	column int
	value
}

// give sets the columns of a field. A null reference does not change columns that cannot be null, which belong to another field.
func (r *row) give(f *field, v value) {
	for _, c := range f.columns {
		switch now := &r.values[c]; {
		case v.null && f.Field != r.table.columns[c].field && r.table.columns[c].field.Type.NonNull:
		case now.state == absent || now.node == nil:
			*now = v
		default:
			r.claims = append(r.claims, claim{c, v})
		}
	}
}

// label returns the name of the row for messages: users.ada, or only the table for a row without a name.
func (r *row) label() string {
	if r.name == "" {
		return "a row of " + r.table.Table
	}
	return r.table.Table + "." + r.name
}

// value is the value of a row in a column.
type value struct {
	state state
	null  bool
	text  string // in the text format of Postgres
	node  *yaml.Node
	ref   *reference // the source of the text until it is resolved
}

// state is the state of a value.
type state uint8

const (
	absent     state = iota // the row leaves it out
	unresolved              // a reference
	resolving               // a reference that is being followed, to detect cycles
	broken                  // invalid; already reported
	insertOnly              // only for a new row, such as a default
	given
)

// gives reports whether the row sets every column to a value other than null.
func (r *row) gives(columns []int) bool {
	for _, c := range columns {
		if v := &r.values[c]; v.state == absent || v.state == insertOnly || v.null {
			return false
		}
	}
	return true
}

// text joins the values of columns into a string that is unique to these values.
func (r *row) text(columns []int) string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(r.values[c].text)
		b.WriteByte(0)
	}
	return b.String()
}
