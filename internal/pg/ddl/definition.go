package ddl

import (
	"cmp"
	"errors"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// Create returns the statements that create the database of a schema, in order of execution: types, tables, references, indexes. They
// require the function UUIDFunction and the extensions that Extensions returns.
func Create(s *schema.Schema) ([]string, error) {
	d, err := define(s)
	if err != nil {
		return nil, err
	}
	return d.statements(nil), nil
}

// Mistakes returns every part of a schema that has no SQL.
func Mistakes(s *schema.Schema) (list []*Mistake) {
	for _, err := range defined(s).errs {
		var m *Mistake
		if errors.As(err, &m) {
			list = append(list, m)
		}
	}
	return list
}

// Mistake is a part of a schema that has no SQL.
type Mistake struct {
	schema.Position
	Message, Hint string
}

// Error implements error.
func (m *Mistake) Error() string { return m.String() + ": " + m.Message }

// definition is the SQL of a schema.
type definition struct {
	enums   []part
	tables  []*tableWriter
	written written
	errs    []error

	extensions []string
}

// part is an object of a database and the SQL that creates it.
type part struct{ name, sql string }

// define returns the SQL of a schema, or the first part of it that has none.
func define(s *schema.Schema) (*definition, error) {
	d := defined(s)
	if len(d.errs) > 0 {
		return nil, asFault(d.errs[0])
	}
	return d, nil
}

func defined(s *schema.Schema) *definition {
	d := &definition{written: written{}, extensions: Extensions(s)}
	for _, e := range s.Enums {
		d.enums = append(d.enums, part{e.DBName, createEnumType(ident(e.DBName), e.Labels())})
	}
	for _, t := range s.Tables {
		w := &tableWriter{schema: s, table: t, written: d.written}
		w.write()
		d.tables, d.errs = append(d.tables, w), append(d.errs, w.errs...)
	}
	return d
}

// statements returns the statements that create everything but the enums in kept.
func (d *definition) statements(kept map[string][]string) []string {
	var out, references, indexes []string
	for _, e := range d.enums {
		if _, keep := kept[e.name]; !keep {
			out = append(out, e.sql)
		}
	}
	for _, w := range d.tables {
		out = append(out, w.create())
		for _, r := range w.references {
			references = append(references, r.add())
		}
		for _, i := range w.indexes {
			indexes = append(indexes, i.sql)
		}
	}
	return slices.Concat(out, references, indexes)
}

func asFault(err error) error {
	var m *Mistake
	if !errors.As(err, &m) {
		return err
	}
	return &fault.Error{Code: fault.Invalid, Op: "write the SQL of the schema", Message: m.Error(), Hint: m.Hint, Err: m}
}

// written contains the SQL of parts of a schema in the form that a person would write. Postgres returns another form. The key is what the
// SQL defines.
type written map[string]string

// order puts the columns of a catalog into the order of the schema. A column that was added to an existing table is the last one there.
func (d *definition) order(c *catalog.Catalog) {
	for _, w := range d.tables {
		t := c.Table(public, w.table.Table)
		if t == nil {
			continue
		}
		at := make(map[string]int, len(w.columns))
		for i, column := range w.columns {
			at[column.name] = i
		}
		slices.SortStableFunc(t.Columns, func(a, b catalog.Column) int { return cmp.Compare(at[a.Name], at[b.Name]) })
	}
}
