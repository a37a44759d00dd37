package ddl

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

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
	delete(w.written, "constraint "+w.table.Table+"."+c.Name) // Postgres writes it in a simpler form
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
