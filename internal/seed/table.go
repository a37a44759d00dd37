package seed

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// table is a stored type with its columns laid out, so that a row can hold its values in a slice.
type table struct {
	*schema.Type
	number  int // in the order of the schema
	fields  map[string]*field
	columns []column
	index   map[string]int // column number by physical name
	keys    [][]int        // the columns of the primary key, then of each uniqueness constraint
	found   bool           // in the database
}

// column is one physical column and what becomes of it when a row does not give it.
type column struct {
	name     string
	field    *schema.Field
	fallback fallback
	db       dbColumn // known once the database has been asked
}

// tables holds every stored type of a schema.
type tables struct {
	byName map[string]*table // by physical name and by type name
	names  []string          // physical names, to suggest from
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

// fieldNames returns the fields that a fixture can give, to suggest from.
func (t *table) fieldNames() []string {
	var names []string
	for _, f := range t.Fields {
		if len(f.Columns()) > 0 || f.Relation != nil && f.Relation.Kind == schema.ManyToMany {
			names = append(names, f.Name)
		}
	}
	return names
}

// describe names the fields that hold some columns: email, or user and prompt.
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
	node   *yaml.Node // where it stands
	values []value    // one for each column of the table
	match  []int      // the columns by which the row is found in the database
	claims []claim    // what fields say about columns that others have given already
	broken bool       // not a mapping; that has been reported
}

// claim is a second value for a column, which has to agree with the first: a reference may share the columns
// of other fields (@ref(fields:)).
type claim struct {
	column int
	value
}

// give sets the columns of a field. A null reference leaves the columns alone that cannot be null: they are
// another field's.
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

// label is how messages name the row: users.ada, or the table alone for a row without a name.
func (r *row) label() string {
	if r.name == "" {
		return "a row of " + r.table.Table
	}
	return r.table.Table + "." + r.name
}

// value is what a row gives for one column.
type value struct {
	state state
	null  bool
	text  string // as Postgres reads it
	node  *yaml.Node
	ref   *reference // until it is resolved, where the text comes from
}

// state says how far a value has come.
type state uint8

const (
	absent     state = iota // the row does not give it
	unresolved              // a reference
	resolving               // a reference that is being followed: meeting one again is a cycle
	broken                  // of no use; that has been reported
	insertOnly              // for a row that is not there yet, such as a default
	given
)

// gives reports whether the row gives a value other than null for each column.
func (r *row) gives(columns []int) bool {
	for _, c := range columns {
		if v := &r.values[c]; v.state == absent || v.state == insertOnly || v.null {
			return false
		}
	}
	return true
}

// text joins the values of some columns into one string that no other values give.
func (r *row) text(columns []int) string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(r.values[c].text)
		b.WriteByte(0)
	}
	return b.String()
}
