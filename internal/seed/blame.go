package seed

import (
	"context"
	"errors"
	"regexp"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// blame finds the row that Postgres rejected and returns a fault with its position. The transaction has been rolled back to before the
// rejected component, so blame first writes the earlier rows again.
func (w *writer) blame(ctx context.Context, refused *refusal) error {
	if !pg.IsAboutRow(refused.cause) {
		return refused.cause
	}
	if refused.component == len(w.components) {
		return w.place(w.rowOf(refused.cause), refused.cause)
	}
	for i, c := range w.components[:refused.component+1] {
		stages, err := w.stagesOf(ctx, w.tx, c)
		if err != nil {
			return err
		}
		for stage, rows := range stages {
			if i == refused.component && stage == refused.stage {
				return w.search(ctx, c, rows, refused.cause)
			}
			if err := w.execute(ctx, w.tx, w.statements(c, rows)); err != nil {
				return err
			}
		}
	}
	return refused.cause
}

// search finds the invalid one of the rows of a component with a binary search. Each row comes after those that it refers to, so the invalid row is the
// last one of the shortest prefix that fails in the same way.
func (w *writer) search(ctx context.Context, c *component, rows []*row, cause *pgconn.PgError) error {
	last := cause
	var broken error // an error that ends the search, such as a lost connection
	n := sort.Search(len(rows), func(i int) bool {
		if broken != nil {
			return true
		}
		err := w.savepoint(ctx, func(tx pgx.Tx) error {
			if err := w.execute(ctx, tx, w.statements(c, rows[:i+1])); err != nil {
				return err
			}
			return errUndo
		})
		var found *pgconn.PgError
		switch {
		case errors.Is(err, errUndo):
			return false
		case !errors.As(err, &found):
			broken = err
			return true
		case found.Code != cause.Code || found.ConstraintName != cause.ConstraintName:
			return false
		}
		last = found
		return true
	})
	switch {
	case broken != nil:
		return broken
	case n == len(rows):
		return cause
	}
	return w.place(rows[n], last)
}

// errUndo rolls back the savepoint of a successful attempt.
var errUndo = errors.New("undo")

// execute executes statements one by one.
func (w *writer) execute(ctx context.Context, tx pgx.Tx, statements []statement) error {
	for _, s := range statements {
		if err := w.count(tx.QueryRow(ctx, s.sql, append([]any{pgx.QueryExecModeExec}, s.args...)...), s); err != nil {
			return err
		}
	}
	return nil
}

// keyDetail matches the columns and values of a key in the detail of an error.
var keyDetail = regexp.MustCompile(`^Key \((.*?)\)=\((.*)\) `)

// rowOf finds the row with the key in an error, for constraints that are checked at the end.
func (w *writer) rowOf(e *pgconn.PgError) *row {
	m := keyDetail.FindStringSubmatch(e.Detail)
	if m == nil {
		return nil
	}
	columns, values := strings.Split(m[1], ", "), strings.Split(m[2], ", ")
	for _, component := range w.components {
		for _, r := range component.rows {
			if r.table.Table == e.TableName && len(columns) == len(values) && r.holds(columns, values) {
				return r
			}
		}
	}
	return nil
}

func (r *row) holds(columns, values []string) bool {
	for i, name := range columns {
		c, ok := r.table.index[strings.Trim(name, `"`)]
		if !ok || r.values[c].text != values[i] {
			return false
		}
	}
	return true
}

// place returns the fault for a row that Postgres rejected, with the invalid value if Postgres names it.
func (w *writer) place(r *row, e *pgconn.PgError) error {
	if r == nil {
		return e
	}
	p := wrong("refused", e.Hint, "Postgres refuses %s: %s", r.label(), e.Message)
	switch {
	case e.Code == "23514": // check_violation; its detail is the whole row
		if text := checkMessage(r.table.Type, e.ConstraintName); text != "" {
			p.message = "Postgres refuses " + r.label() + ": " + text
		}
	case e.Detail != "" && e.Code != "23502": // not_null_violation; the same
		p.message += ": " + e.Detail
	}
	if e.Code == "23505" {
		p.remedy = "another row has this value already: change it here, or change or delete that row"
	}
	code := fault.CodeOf(pg.Fault(op, e))
	if code == fault.Internal { // a custom SQLSTATE of a trigger
		code = fault.Invalid
	}
	return &fault.Error{Code: code, Message: "Postgres refused a row, so nothing was loaded",
		Err: diag.List{r.source.at(r.nodeOf(e), p)}}
}

// nodeOf returns the node of the value that caused an error, or the node of the row.
func (r *row) nodeOf(e *pgconn.PgError) *yaml.Node {
	names := []string{e.ColumnName}
	if m := keyDetail.FindStringSubmatch(e.Detail); m != nil {
		names = strings.Split(m[1], ", ")
	}
	for _, name := range names {
		if c, ok := r.table.index[strings.Trim(name, `"`)]; ok && r.values[c].node != nil {
			return r.values[c].node
		}
	}
	return r.node
}

// checkMessage returns the message of a check in the schema.
func checkMessage(t *schema.Type, constraint string) string {
	checks := t.Checks
	for _, f := range t.Fields {
		checks = append(checks[:len(checks):len(checks)], f.Checks...)
	}
	for _, c := range checks {
		if c.Name == constraint {
			return c.Message
		}
	}
	return ""
}
