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
