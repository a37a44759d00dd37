// Package ddl writes the SQL that defines a database: the tables of a schema, and the migrations that change one database into another.
package ddl

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// UUIDFunction is a function that generates IDs. Postgres has a similar one since version 18; this one works in every version.
const UUIDFunction = "uuid_generate_v7"

// CreateUUIDFunction creates the function. It takes a random UUID, replaces its first 48 bits by the milliseconds since 1970, and sets the
// version to 7 (RFC 9562).
const CreateUUIDFunction = `CREATE FUNCTION ` + UUIDFunction + `() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
  SELECT encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$`

// written contains the SQL of parts of a schema in the form that a person would write. Postgres returns another form. The key is what the
// SQL defines.
type written map[string]string

// Extensions names the extensions that a schema needs.
func Extensions(s *schema.Schema) (names []string) {
	for _, t := range s.Tables {
		for _, f := range t.Fields {
			name := ""
			switch {
			case strings.EqualFold(f.DataType, "citext"):
				name = "citext"
			case f.Type.Scalar == schema.Vector:
				name = "vector"
			}
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

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

// constraintLine is a constraint as CREATE TABLE and, after ADD, ALTER TABLE have it.
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

// note records an error. The other parts of the table are written nevertheless, so that all mistakes are found at once.
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

// fieldConstraints writes the constraints of a field.
func (w *tableWriter) fieldConstraints(f *schema.Field) {
	if len(f.Columns()) == 0 {
		return
	}
	if f.Unique {
		w.constraint(f.UniqueName(), "UNIQUE ("+columnList(f)+")")
	}
	column := ident(f.Columns()[0])
	c := f.Constraints
	if c.Length != nil {
		measure := "char_length"
		switch {
		case f.Type.List:
			measure = "cardinality"
		case f.Type.Scalar == schema.Bytes:
			measure = "octet_length"
		}
		w.constraint(f.ConstraintName("length"), "CHECK ("+between(measure+"("+column+")", number(c.Length.Min), number(c.Length.Max))+")")
	}
	if c.Range != nil {
		w.constraint(f.ConstraintName("range"), "CHECK ("+between(column, bound(f, c.Range.Min), bound(f, c.Range.Max))+")")
	}
	if c.Pattern != "" {
		w.pattern(f, column)
	}
	if c.Format != "" {
		w.constraint(f.ConstraintName("format"), "CHECK ("+column+" ~ "+patternLiteral(c.Format.Pattern())+")")
	}
	if f.Type.List && f.Type.ElemNonNull && f.Relation == nil {
		w.constraint(f.ConstraintName("elements"), "CHECK (array_position("+column+", NULL) IS NULL)")
	}
	for _, check := range f.Checks {
		w.note(w.check(check))
	}
	w.reference(f)
}

func (w *tableWriter) pattern(f *schema.Field, column string) {
	condition, err := matches(column, f.Constraints.Pattern)
	if err != nil {
		w.note(&Mistake{f.Pos, fmt.Sprintf("@pattern of %s.%s %s", f.Owner.Name, f.Name, err), "write it without word boundaries and line ends, or use @check"})
		return
	}
	w.constraint(f.ConstraintName("pattern"), "CHECK ("+condition+")")
}

func (w *tableWriter) reference(f *schema.Field) {
	r := f.Relation
	if r == nil || r.Kind != schema.RefOne {
		return
	}
	name := schema.ObjectName(w.table.Table, f.Columns(), "fkey")
	definition := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s (%s) ON DELETE %s", columnList(f), ident(r.Target.Table), columnList(r.Target.Key...),
		strings.ReplaceAll(string(r.OnDelete), "_", " "))
	w.as("constraint", name, definition)
	w.references = append(w.references, reference{w.table.Table, r.Target.Table, name, definition})
}

func (w *tableWriter) check(c schema.Check) error {
	condition, err := w.condition(c.Expr)
	if err != nil {
		return err
	}
	w.constraint(c.Name, "CHECK ("+condition+")")
	delete(w.written, "constraint "+w.table.Table+"."+c.Name) // the form of Postgres is simpler
	return nil
}

// condition translates an expression over the row.
func (w *tableWriter) condition(e *schema.Expr) (string, error) {
	return w.expression(e, celsql.Translate)
}

type translate func(*cel.Ast, *schema.Schema, *schema.Type, string, celsql.ArgFunc) (string, error)

func (w *tableWriter) expression(e *schema.Expr, translate translate) (string, error) {
	if e.SQL {
		return e.Source, nil
	}
	sql, err := translate(e.AST, w.schema, w.table, ident(w.table.Table), nil)
	if err != nil {
		return "", &Mistake{Position: e.Pos, Message: err.Error()}
	}
	return sql, nil
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
		sql += " USING " + strings.ToLower(string(x.Method))
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

// operatorClasses are the operator classes of pgvector's indexes, which have no default.
var operatorClasses = map[schema.IndexMethod]string{schema.HNSW: "vector_cosine_ops", schema.IVFFlat: "vector_cosine_ops"}

func columnList(fields ...*schema.Field) string {
	var names []string
	for _, f := range fields {
		for _, c := range f.Columns() {
			names = append(names, ident(c))
		}
	}
	return strings.Join(names, ", ")
}

func ident(name string) string { return sqltext.Ident(name) }

func literal(text string) string { return strings.TrimSpace(pg.QuoteLiteral(text)) }
