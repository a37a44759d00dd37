package dev

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// violation is a rule of the schema that rows of the development database break.
type violation struct {
	typ   *schema.Type
	field *schema.Field // nil if the rule is one of the type
	err   *pgconn.PgError
}

// The SQLSTATEs of constraints that rows break.
const (
	notNull    = "23502"
	foreignKey = "23503"
	unique     = "23505"
	check      = "23514"
)

// explainViolation returns an error as a mistake at a line of the schema, if rows that are already there break it.
func (s *session) explainViolation(ctx context.Context, types *schema.Schema, err error) error {
	v := findViolation(types, err)
	if v == nil {
		return err
	}
	d := diag.Diagnostic{Severity: diag.Error, Code: "rows-break-schema", Position: v.typ.Pos, Width: utf8.RuneCountInString(v.typ.Name)}
	if v.field != nil {
		d.Position, d.Width = v.field.Pos, utf8.RuneCountInString(v.field.Name)
	}
	d.Message, d.Remedy = v.text(s.rowsWithout(ctx, v))
	if text, err := os.ReadFile(filepath.Join(s.Root, filepath.FromSlash(d.File))); err == nil {
		if lines := bytes.Split(text, []byte("\n")); d.Line > 0 && d.Line <= len(lines) {
			d.Source = strings.TrimSuffix(string(lines[d.Line-1]), "\r")
		}
	}
	return diag.List{d}.Err("change the tables")
}

func findViolation(types *schema.Schema, err error) *violation {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return nil
	}
	switch server.Code {
	case notNull, foreignKey, unique, check:
	default:
		return nil
	}
	for _, t := range types.Tables {
		if t.Table == server.TableName || t.Table == server.SchemaName+"."+server.TableName {
			return &violation{typ: t, field: fieldOf(t, server), err: server}
		}
	}
	return nil
}

// fieldOf returns the field whose column the error or the name of the constraint contains, or nil.
func fieldOf(t *schema.Type, server *pgconn.PgError) (found *schema.Field) {
	longest := ""
	rest := strings.TrimPrefix(server.ConstraintName, server.TableName+"_")
	for _, f := range t.Fields {
		column := strings.Join(f.Columns(), "_")
		isNamed := column != "" && (column == server.ColumnName || strings.HasPrefix(rest, column+"_"))
		if isNamed && len(column) > len(longest) {
			longest, found = column, f
		}
	}
	return found
}

// isRequired reports whether the rule is that a field must have a value. The check of that name is one step of a safe migration.
func (v *violation) isRequired() bool {
	return v.field != nil && (v.err.Code == notNull || strings.HasSuffix(v.err.ConstraintName, "_not_null"))
}

// rowsWithout counts the rows without a value of a required field.
func (s *session) rowsWithout(ctx context.Context, v *violation) (rows int) {
	if !v.isRequired() {
		return 0
	}
	table := pg.QuoteIdent(v.err.SchemaName) + "." + pg.QuoteIdent(v.err.TableName)
	// As JSON, because the column may not exist.
	if err := s.pool.QueryRow(ctx, "SELECT count(*) FROM "+table+" t WHERE to_jsonb(t) ->> $1 IS NULL", v.field.Columns()[0]).Scan(&rows); err != nil {
		return 0 // the number is left out
	}
	return rows
}

// text returns what is wrong, and the edits that help.
func (v *violation) text(rows int) (message, remedy string) {
	if v.isRequired() {
		optional := v.field.Type
		optional.NonNull = false
		remedy = "make it optional, `" + v.field.Name + ": " + optional.String() + "`"
		if v.field.Relation == nil {
			remedy = "give these rows a value, `" + v.field.Name + ": " + v.field.Type.String() + " " + exampleDefault(v.field.Type) + "`, or " + remedy
		} else {
			remedy += ", and require it once every row has one"
		}
		count := "rows"
		if rows > 0 {
			count = diag.Count(rows, "row")
		}
		verb := "have"
		if rows == 1 {
			verb = "has"
		}
		return v.field.Name + " is required, but " + count + " of " + v.err.TableName + " " + verb + " no value for it", remedy
	}
	detail := v.err.Message
	if v.err.Detail != "" {
		detail += ": " + strings.TrimSuffix(v.err.Detail, ".")
	}
	return "rows of " + v.err.TableName + " break this rule: " + detail,
		"change the rule, or the rows: in the fixtures, with `krowoc db psql`, or all of them with `krowoc dev reset`"
}

// exampleDefault is a directive with a default of a type.
func exampleDefault(t schema.FieldType) string {
	value, isKnown := map[schema.Scalar]string{
		schema.String: `""`, schema.Int: "0", schema.Int64: "0", schema.Float: "0", schema.Decimal: "0", schema.Boolean: "false", schema.JSON: "{}",
	}[t.Scalar]
	switch {
	case t.List:
		value = "[]"
	case t.Enum != nil && len(t.Enum.Values) > 0:
		value = t.Enum.Values[0].Name
	case t.Scalar == schema.DateTime:
		return `@default(expr: "request.time")`
	case !isKnown:
		value = "…"
	}
	return "@default(value: " + value + ")"
}
