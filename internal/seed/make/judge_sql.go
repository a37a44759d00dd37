package make

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const (
	candidates      = "krowoc_candidates"
	candidateNumber = "krowoc_row"
)

// prepare creates the temporary table for candidates: the columns of the table with their types and generated values, but without NOT NULL
// and sequences for columns that are not written.
func (j *judge) prepare(ctx context.Context) error {
	create := fmt.Sprintf("CREATE TEMP TABLE %s (LIKE %s INCLUDING GENERATED) ON COMMIT DROP", candidates, j.quoted())
	var denied *pgconn.PgError
	if _, err := j.tx.Exec(ctx, create); errors.As(err, &denied) && denied.Code == "42501" { // insufficient_privilege
		return fault.New(fault.Forbidden, "", fmt.Sprintf("Postgres must evaluate constraints of %s in a temporary table: %s", j.typ.Table, denied.Message),
			"GRANT TEMPORARY ON DATABASE to the role, or connect as another one.")
	} else if err != nil {
		return err
	}
	const query = `SELECT a.attname::text, a.attnotnull, CASE WHEN a.attgenerated = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`
	own := map[string]bool{}
	for _, at := range j.slots {
		own[j.blueprint.slots[at].name] = true
	}
	alter := "ALTER TABLE pg_temp." + candidates + " ADD COLUMN " + candidateNumber + " bigint"
	rows, _ := j.tx.Query(ctx, query, j.quoted()) // ForEachRow returns the error
	var name, def string
	var notNull bool
	_, err := pgx.ForEachRow(rows, []any{&name, &notNull, &def}, func() error {
		if own[name] {
			return nil
		}
		if notNull {
			alter += ", ALTER COLUMN " + pg.QuoteIdent(name) + " DROP NOT NULL"
		}
		if def != "" && !strings.Contains(def, "nextval(") {
			alter += ", ALTER COLUMN " + pg.QuoteIdent(name) + " SET DEFAULT " + def
		}
		return nil
	})
	if err != nil {
		return err
	}
	j.write()
	_, err = j.tx.Exec(ctx, alter)
	return err
}

// write writes the query for rejected candidates. Conditions name the columns alone or with the table, so candidates get its name.
func (j *judge) write() {
	from := "pg_temp." + candidates + " AS " + j.quoted()
	var parts []string
	for i := range j.unknown.checks {
		c := &j.unknown.checks[i]
		parts = append(parts, fmt.Sprintf("SELECT %s, %d FROM %s WHERE (%s) IS FALSE", candidateNumber, len(j.failures), from, c.sql))
		j.failures = append(j.failures, c.String())
	}
	j.uniques = len(j.failures)
	for i := range j.unknown.uniques {
		u := &j.unknown.uniques[i]
		n := len(j.failures)
		parts = append(parts, u.amongCandidates(from, n), u.withExisting(from, j.quoted(), n))
		j.failures = append(j.failures, fmt.Sprintf("the index %s already has its values", u.name))
	}
	j.sql = strings.Join(parts, " UNION ALL ")
}

// rowsOf returns the keys of the rows that the index contains.
func (u *uniqueIndex) rowsOf(from, number string) string {
	list := []string{number}
	var conditions []string
	if u.predicate != "" {
		conditions = append(conditions, "("+u.predicate+")")
	}
	for i, key := range u.keys {
		list = append(list, fmt.Sprintf("(%s) AS k%d", key, i))
		if !u.nullsEqual {
			conditions = append(conditions, "("+key+") IS NOT NULL")
		}
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + from
	if len(conditions) > 0 {
		sql += " WHERE " + strings.Join(conditions, " AND ")
	}
	return "(" + sql + ")"
}

// conflict returns the condition that the rows c and e conflict.
func (u *uniqueIndex) conflict() string {
	parts := make([]string, len(u.keys))
	for i := range u.keys {
		operator := "="
		if i < len(u.operators) {
			operator = u.operators[i]
		}
		parts[i] = fmt.Sprintf("c.k%d %s e.k%d", i, operator, i)
		if u.nullsEqual {
			parts[i] = fmt.Sprintf("c.k%d IS NOT DISTINCT FROM e.k%d", i, i)
		}
	}
	return strings.Join(parts, " AND ")
}

// amongCandidates finds candidates that conflict with an earlier one.
func (u *uniqueIndex) amongCandidates(from string, constraint int) string {
	rows := u.rowsOf(from, candidateNumber)
	if len(u.operators) > 0 {
		return fmt.Sprintf("SELECT DISTINCT c.%s, %d FROM %s c JOIN %s e ON e.%s < c.%s AND %s", candidateNumber, constraint, rows, rows,
			candidateNumber, candidateNumber, u.conflict())
	}
	keys := make([]string, len(u.keys))
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i)
	}
	return fmt.Sprintf("SELECT %s, %d FROM (SELECT %s, row_number() OVER (PARTITION BY %s ORDER BY %s) AS nth FROM %s c) c WHERE nth > 1",
		candidateNumber, constraint, candidateNumber, strings.Join(keys, ", "), candidateNumber, rows)
}

// withExisting finds candidates that conflict with a row of the table.
func (u *uniqueIndex) withExisting(from, table string, constraint int) string {
	return fmt.Sprintf("SELECT DISTINCT c.%s, %d FROM %s c JOIN %s e ON %s", candidateNumber, constraint,
		u.rowsOf(from, candidateNumber), u.rowsOf(table, "1 AS one"), u.conflict())
}
