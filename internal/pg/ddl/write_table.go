package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

// tableWriter collects the SQL of a table.
type tableWriter struct {
	schema      *schema.Schema
	table       *schema.Type
	columns     []part
	constraints []part // all but the references
	references  []reference
	indexes     []part
	written     written
	errs        []error
}

// reference is a foreign key.
type reference struct{ table, to, name, definition string }

func (r reference) add() string {
	return alter(ident(r.table), "ADD CONSTRAINT "+ident(r.name)+" "+r.definition)
}

// constraintLine returns a constraint for CREATE TABLE, and for ALTER TABLE after ADD.
func constraintLine(c part) string { return "CONSTRAINT " + ident(c.name) + " " + c.sql }

// as records the SQL of a part of the table.
func (w *tableWriter) as(kind, name, sql string) { w.written[kind+" "+w.table.Table+"."+name] = sql }

func (w *tableWriter) create() string {
	var lines []string
	for _, c := range w.columns {
		lines = append(lines, c.sql)
	}
	for _, c := range w.constraints {
		lines = append(lines, constraintLine(c))
	}
	return fmt.Sprintf("CREATE TABLE %s (\n  %s\n)", ident(w.table.Table), strings.Join(lines, ",\n  "))
}

// note records an error. The other parts of the table are written, too, so that all mistakes are found at once.
func (w *tableWriter) note(err error) {
	if err != nil {
		w.errs = append(w.errs, err)
	}
}

func (w *tableWriter) write() {
	t := w.table
	for _, f := range t.Fields {
		w.note(w.field(f))
	}
	w.search()
	w.constraint(schema.ObjectName(t.Table, nil, "pkey"), "PRIMARY KEY ("+columnList(t.Key...)+")")
	for _, f := range t.Fields {
		w.fieldConstraints(f)
	}
	for _, u := range t.Uniques {
		w.constraint(u.Name, "UNIQUE ("+columnList(u.Fields...)+")")
	}
	for _, c := range t.Checks {
		w.note(w.check(c))
	}
	for _, x := range t.Indexes {
		w.note(w.index(x))
	}
}

func (w *tableWriter) constraint(name, definition string) {
	w.as("constraint", name, definition)
	w.constraints = append(w.constraints, part{name, definition})
}

// field writes the columns of a field, unless they belong to another field.
func (w *tableWriter) field(f *schema.Field) error {
	if f.Relation != nil && len(f.Relation.Fields) > 0 {
		return nil
	}
	for i, name := range f.Columns() {
		if slices.ContainsFunc(w.columns, func(c part) bool { return c.name == name }) {
			continue
		}
		line := ident(name) + " " + columnType(f, i)
		if f.Type.NonNull {
			line += " NOT NULL"
		}
		generated, err := w.generated(f)
		if err != nil {
			return err
		}
		line += generated
		def, err := w.defaultOf(f, i)
		if err != nil {
			return err
		}
		if def != "" {
			line += " DEFAULT " + def
		}
		w.as("column", name, line)
		w.columns = append(w.columns, part{name, line})
	}
	return nil
}

// generated returns the GENERATED clause of a field, with a leading space.
func (w *tableWriter) generated(f *schema.Field) (string, error) {
	switch g := f.Generated; {
	case g == nil:
		return "", nil
	case g.Expr == nil:
		return " GENERATED " + strings.ReplaceAll(string(g.Identity), "_", " ") + " AS IDENTITY", nil
	default:
		value, err := w.expression(g.Expr, celsql.ValueOf(f.Type.Enum))
		return " GENERATED ALWAYS AS (" + value + ") STORED", err
	}
}

func (w *tableWriter) index(x schema.Index) error {
	var keys []string
	for _, f := range x.Fields {
		for _, c := range f.Field.Columns() {
			key := ident(c)
			if class := operatorClasses[x.Method]; class != "" {
				key += " " + class
			}
			if f.Desc {
				key += " DESC"
			}
			keys = append(keys, key)
		}
	}
	sql := fmt.Sprintf("CREATE INDEX %s ON %s", ident(x.Name), ident(w.table.Table))
	if x.Method != schema.BTree {
		sql += " USING " + accessMethod(x.Method)
	}
	sql += " (" + strings.Join(keys, ", ") + ")"
	if x.Where != nil {
		condition, err := w.condition(x.Where)
		if err != nil {
			return err
		}
		sql += " WHERE " + condition
	} else {
		w.as("index", x.Name, sql)
	}
	w.indexes = append(w.indexes, part{x.Name, sql})
	return nil
}

// operatorClasses are those of indexes that are not for the usual operators of a type.
var operatorClasses = map[schema.IndexMethod]string{schema.HNSW: "vector_cosine_ops", schema.IVFFlat: "vector_cosine_ops", schema.Trigram: "gin_trgm_ops"}

// accessMethod returns what Postgres calls the method of an index.
func accessMethod(m schema.IndexMethod) string {
	if m == schema.Trigram {
		m = schema.GIN
	}
	return strings.ToLower(string(m))
}
