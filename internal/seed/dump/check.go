package dump

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

// condition is a check of the schema on masked fields, as SQL.
type condition struct {
	schema.Check
	sql    string
	fields []string // the masked ones
}

// conditions returns the checks that masks must satisfy. Postgres evaluates them, as in a load. Constraints of single fields are checked
// when the fixtures are written.
func (d *dumper) conditions(t *table) ([]condition, error) {
	var list []condition
	for _, check := range t.checks() {
		c := condition{check, check.Expr.Source, t.personal(check.Expr)}
		if len(c.fields) == 0 {
			continue
		}
		if !check.Expr.SQL {
			var err error
			if c.sql, err = celsql.Translate(check.Expr.AST, d.Schema, t.Type, t.quoted(), noVariables); err != nil {
				return nil, fault.Wrap(op, err)
			}
		}
		list = append(list, c)
	}
	return list, nil
}

func (t *table) checks() []schema.Check {
	checks := slices.Clone(t.Checks)
	for _, f := range t.Fields {
		checks = append(checks, f.Checks...)
	}
	return checks
}

// personal returns the masked fields in a condition.
func (t *table) personal(e *schema.Expr) []string {
	var names []string
	for _, c := range t.columns {
		word := regexp.MustCompile(`\b(` + regexp.QuoteMeta(c.field.Name) + `|` + regexp.QuoteMeta(c.name) + `)\b`)
		if name := t.Name + "." + c.field.Name; c.leaf.Personal() && word.MatchString(e.Source) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// hold reports an error if some rows violate a condition.
func (d *dumper) hold(ctx context.Context, t *table, conditions []condition, rows []values) error {
	for _, c := range conditions {
		broken, err := d.broken(ctx, t, c.sql, rows)
		if err != nil {
			return err
		}
		if broken {
			message := fmt.Sprintf("the masks of %s break the check %s", strings.Join(c.fields, " and "), c.Name)
			if c.Message != "" {
				message += ": " + c.Message
			}
			return fault.New(fault.Conflict, op, message, "Specify the kind of the field with @pii(kind:), change the check, or exclude the field with --omit "+c.fields[0])
		}
	}
	return nil
}

func noVariables(celsql.Variable) (string, error) {
	return "", errors.New("a check cannot use the request")
}

// broken reports whether a row violates a condition. It ignores a condition on columns that fixtures do not contain.
func (d *dumper) broken(ctx context.Context, t *table, condition string, rows []values) (broken bool, err error) {
	var arrays, names, values []string
	args := []any{pgx.QueryExecModeExec}
	for c := range t.columns {
		texts := make([]*string, len(rows))
		for i, r := range rows {
			texts[i] = r[c]
		}
		args = append(args, texts)
		name := fmt.Sprintf("v%d", c)
		value := name
		if t.columns[c].list {
			value = fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(%s::json)) END", name, name)
		}
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", c+1))
		names = append(names, name)
		values = append(values, fmt.Sprintf("(%s)::%s AS %s", value, t.columns[c].cast, pg.QuoteIdent(t.columns[c].name)))
	}
	sql := fmt.Sprintf("SELECT EXISTS (SELECT FROM (SELECT %s FROM unnest(%s) AS v (%s)) AS %s WHERE (%s) IS FALSE)",
		strings.Join(values, ", "), strings.Join(arrays, ", "), strings.Join(names, ", "), t.quoted(), condition)
	err = pg.InTx(ctx, d.tx, func(tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args...).Scan(&broken) })
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42703" { // undefined_column: the database computes it
		return false, nil
	}
	return broken, err
}
