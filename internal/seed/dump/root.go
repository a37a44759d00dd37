package dump

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// root is a starting point of a dump: rows of a table.
type root struct {
	table *table
	where string // SQL; empty for all
}

var rootForm = regexp.MustCompile(`(?is)^\s*"?([\pL_][\pL\pN_]*)"?(?:\s+where\s+(.+?))?\s*$`)

// parseRoots parses the roots. Without any, every table is a root.
func (d *dumper) parseRoots() error {
	for _, text := range d.Roots {
		m := rootForm.FindStringSubmatch(text)
		if m == nil {
			return fault.New(fault.Invalid, op, "a root is a table with or without a condition", "write --root prompts, or --root 'prompts where visibility = ''PUBLIC'''")
		}
		t := d.byName[m[1]]
		if t == nil {
			return fault.New(fault.Invalid, op, fmt.Sprintf("the schema has no table %q", m[1]), suggest(m[1], d.typeNames()))
		}
		if err := oneCondition(m[2]); err != nil {
			return fault.New(fault.Invalid, op, "the condition of --root "+m[1]+" "+err.Error(), "write one SQL condition, as after WHERE")
		}
		d.roots = append(d.roots, root{t, m[2]})
	}
	if len(d.Roots) > 0 {
		return nil
	}
	for _, t := range d.tables {
		d.roots = append(d.roots, root{table: t})
	}
	return nil
}

// oneCondition rejects SQL that is not exactly one condition.
func oneCondition(sql string) error {
	depth := 0
	for len(sql) > 0 {
		n, _ := sqltext.Token(sql)
		if n < 0 {
			return errors.New("has an unterminated string, name or comment")
		}
		switch sql[:n] {
		case ";":
			return errors.New("has a semicolon")
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth < 0 {
			break
		}
		sql = sql[n:]
	}
	if depth != 0 {
		return errors.New("has an unbalanced bracket")
	}
	return nil
}

// chooseRoots reads the roots and returns their rows by table.
func (d *dumper) chooseRoots(ctx context.Context) (map[*table][]*row, error) {
	chosen := map[*table][]*row{}
	for _, r := range d.roots {
		where := "true"
		if r.where != "" {
			where = r.where
		}
		limit := ""
		if d.Limit > 0 {
			limit = fmt.Sprintf(" LIMIT %d", d.Limit)
		}
		sql := fmt.Sprintf("SELECT %s FROM %s WHERE (%s\n) ORDER BY %s%s", r.table.selected(r.table.light), r.table.quoted(), where, r.table.orderedBy(), limit)
		rows, err := d.fetch(ctx, r.table, sql)
		if err != nil {
			return nil, r.blame(err)
		}
		chosen[r.table] = append(chosen[r.table], rows...)
	}
	return chosen, nil
}

// blame returns the error for a condition that Postgres rejected.
func (r root) blame(err error) error {
	var refused *pgconn.PgError
	if r.where == "" || !errors.As(err, &refused) {
		return err
	}
	said := withoutValues(refused)
	return &fault.Error{Code: fault.Invalid, Op: "read --root " + r.table.Table, Message: said.Message, Hint: said.Hint}
}

// withoutValues returns an error of Postgres without text that may contain values of a row. It keeps Postgres's message only if the error
// is about the statement or the server.
func withoutValues(e *pgconn.PgError) *pgconn.PgError {
	if len(e.Code) == 5 && slices.Contains([]string{"08", "25", "28", "40", "42", "53", "54", "55", "57"}, e.Code[:2]) {
		return &pgconn.PgError{Severity: e.Severity, Code: e.Code, Message: e.Message, Hint: e.Hint}
	}
	return &pgconn.PgError{Severity: e.Severity, Code: e.Code, Message: "Postgres cannot evaluate it for some row; its message is withheld because it may contain personal data"}
}
