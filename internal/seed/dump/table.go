package dump

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// table is a stored type with the keys of its chosen rows.
type table struct {
	*schema.Type
	columns []column
	index   map[string]int // column number by physical name
	key     []int
	refs    []reference
	omitted map[*schema.Field]bool

	light   []bool // columns that are read to choose rows
	whole   []bool // columns that are read to write them
	rows    []*row
	byKey   map[string]*row
	pending map[string]string // keys of rows to choose, because others refer to them, by their form in byKey
	namings []*naming         // by fields that can name the rows
	named   bool              // the rows have names
	masked  int               // values
}

// column is a physical column that fixtures contain.
type column struct {
	name  string
	field *schema.Field // of the table
	leaf  *schema.Field // the field that has its values: the field itself, or the key that a reference finally refers to
	cast  string        // its type in the database
	list  bool

	number     int32       // of all columns, from 1
	masks      *mask.Field // nil if the column is not masked
	secret     bool        // its values are looked for in columns that are searched
	searched   bool
	takesMasks bool // for values that are found in it
}

// reference is a foreign key.
type reference struct {
	field   *schema.Field
	columns []int // in the order of the target's key
	target  *table
}

// row is a chosen row. The values of its columns are read when it is written.
type row struct {
	key      string // the values of its key, each with a NUL after it, which texts of Postgres do not contain
	name     string // in the fixtures; may be empty
	expanded bool   // its children have been chosen
}

// values are the values of a row by column: texts of Postgres, or a JSON array of such texts for a list. nil means null.
type values []*string

// layOut creates the tables of the schema.
func (d *dumper) layOut() {
	for _, typ := range d.Schema.Tables {
		t := newTable(typ)
		d.tables = append(d.tables, t)
		d.byType[typ], d.byName[typ.Name] = t, t
	}
	for _, t := range d.tables {
		d.byName[t.Table] = t
		for _, f := range t.Fields {
			if f.Relation != nil && f.Relation.Kind == schema.RefOne {
				t.refs = append(t.refs, reference{field: f, columns: t.columnsOf(f), target: d.byType[f.Relation.Target]})
			}
		}
	}
}

// newTable lays out the columns of a type. Those that the database computes are omitted.
func newTable(typ *schema.Type) *table {
	t := &table{Type: typ, index: map[string]int{}, byKey: map[string]*row{}, pending: map[string]string{}, omitted: map[*schema.Field]bool{}}
	for _, f := range typ.Fields {
		if f.Generated != nil && f.Generated.Expr != nil {
			t.omitted[f] = true
			continue
		}
		for _, k := range f.KeyFields() {
			if _, shared := t.index[k.Column]; k.Column != "" && !shared {
				t.index[k.Column] = len(t.columns)
				t.columns = append(t.columns, column{name: k.Column, field: f, leaf: k.Leaf, list: f.Relation == nil && f.Type.List})
			}
		}
	}
	t.key = t.columnsOf(typ.Key...)
	return t
}

func (t *table) columnsOf(fields ...*schema.Field) []int {
	var columns []int
	for _, f := range fields {
		for _, name := range f.Columns() {
			if c, ok := t.index[name]; ok {
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// omit removes the fields to leave out.
func (d *dumper) omit() error {
	for _, name := range d.Omit {
		typ, field, _ := strings.Cut(name, ".")
		t := d.byName[typ]
		if t == nil {
			return fault.New(fault.Invalid, op, fmt.Sprintf("--omit %s: the schema has no table %q", name, typ), suggest(typ, d.typeNames()))
		}
		f := t.Field(field)
		switch {
		case f == nil || len(f.Columns()) == 0:
			return fault.New(fault.Invalid, op, fmt.Sprintf("--omit %s: %s has no field %q that a fixture contains", name, t.Name, field), "write Type.field, like Prompt.voteCount")
		case slices.Contains(t.Key, f):
			return fault.New(fault.Invalid, op, fmt.Sprintf("--omit %s: it is part of the key by which a load finds rows", name))
		}
		t.omitted[f] = true
		t.refs = slices.DeleteFunc(t.refs, func(r reference) bool { return r.field == f })
	}
	return nil
}

func (d *dumper) typeNames() []string {
	names := make([]string, len(d.tables))
	for i, t := range d.tables {
		names[i] = t.Name
	}
	return names
}

func suggest(word string, candidates []string) string {
	if near := diag.Suggest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "There are: " + strings.Join(candidates, ", ")
}

// qualified returns a column qualified with its table, as SQL.
func (t *table) qualified(c int) string {
	return pg.QuoteIdent(t.Table) + "." + pg.QuoteIdent(t.columns[c].name)
}
