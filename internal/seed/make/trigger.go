package make

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// trigger is a trigger that fires when rows are inserted. It may refuse or change them, or insert rows into other tables.
type trigger struct{ name, function string }

func (r *Reader) readTriggers(ctx context.Context, db querier, names []string) error {
	rows, _ := db.Query(ctx, triggersQuery, names, own.Schema) // ForEachRow returns the error
	var table string
	var g trigger
	_, err := pgx.ForEachRow(rows, []any{&table, &g.name, &g.function}, func() error {
		r.facts[table].triggers = append(r.facts[table].triggers, g)
		return nil
	})
	return err
}

// triggered reports whether a trigger fires when rows are inserted into the table.
func (t *blueprint) triggered() bool { return t.facts != nil && len(t.facts.triggers) > 0 }

// triggered reports whether a trigger fires when the rows are inserted. Then tables may get rows that were not generated.
func (p *Generation) triggered() bool { return slices.ContainsFunc(p.order, (*blueprint).triggered) }

// triggerOf returns the trigger that has raised an error, or nil. The functions that Postgres was in are in the context of the error, the
// outermost one last.
func (t *blueprint) triggerOf(err error) *trigger {
	var refused *pgconn.PgError
	if t.facts == nil || !errors.As(err, &refused) {
		return nil
	}
	if class := refused.Code[:2]; slices.Contains([]string{"08", "40", "53", "55", "57", "58", "XX"}, class) { // of the server, not of the trigger
		return nil
	}
	lines := strings.Split(refused.Where, "\n")
	for _, line := range slices.Backward(lines) {
		for i, g := range t.facts.triggers {
			if strings.Contains(line, "function "+g.function+"(") || strings.Contains(line, "."+g.function+"(") || strings.Contains(line, `"`+g.function+`"`) {
				return &t.facts.triggers[i]
			}
		}
	}
	return nil
}

func (t *blueprint) triggerNames() (names []string) {
	for _, g := range t.facts.triggers {
		names = append(names, g.name)
	}
	return names
}

// refusedBy is the error for a row that a trigger refuses.
func (t *blueprint) refusedBy(g *trigger, what string, err error) error {
	return &fault.Error{Code: fault.Invalid, Err: err, Message: fmt.Sprintf("the trigger %s refuses %s %s: %s", g.name, what, t.typ.Table, messageOf(err)),
		Hint: fmt.Sprintf("Under generate: %s, specify values that the trigger accepts, or leave the table out with --generate %s=0.", t.typ.Name, t.typ.Name)}
}
