package make

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
)

// early is a reference of a table to a later one: the tables refer to one another in a cycle. Its rows refer to rows that are predicted, so
// its foreign key is checked after all rows are loaded.
type early struct {
	from *blueprint
	by   *maker
}

// cyclic reports whether tables refer to one another in a cycle.
func (p *Generation) cyclic() bool { return len(p.early) > 0 }

// to is the later table.
func (e early) to() *blueprint { return e.by.pick.universe.blueprint }

// predictable rejects a required reference whose rows cannot be predicted, since Postgres decides which rows the later table gets.
func (e early) predictable(p *Generation) error {
	to := e.to()
	if !e.by.pick.required || !to.judged() || to.rows.here() > 0 || e.from.remaining() <= 0 {
		return nil
	}
	return fault.New(fault.Conflict, "", fmt.Sprintf("the tables %s refer to one another in a cycle of required references, and no row of %s can be predicted, because Postgres evaluates its constraints",
		p.cycle(e), to.typ.Table), fmt.Sprintf("Insert a row into each of these tables first, or make %s nullable.", label(e.by.field)))
}

// closable checks that the foreign keys of early references can be checked after all rows are loaded: they are deferrable, or the role may
// drop and recreate them.
func (l *loader) closable(ctx context.Context, tx pgx.Tx) error {
	const query = `SELECT bool_and(k.condeferrable OR $3 AND c.relkind = 'r') FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
		WHERE k.conrelid = to_regclass($1) AND k.contype = 'f' AND k.conparentid = 0
		AND $2::text[] @> ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))`
	for _, e := range l.early {
		var closable *bool // null without a foreign key
		if err := tx.QueryRow(ctx, query, e.from.quoted(), e.by.field.Columns(), l.owner).Scan(&closable); err != nil {
			return err
		}
		if closable != nil && !*closable {
			hint := fmt.Sprintf("Make the foreign key of %s deferrable: ALTER TABLE %s ALTER CONSTRAINT … DEFERRABLE.", label(e.by.field), e.from.quoted())
			if !l.owner {
				hint = "Connect as the owner of the tables. " + hint
			}
			return fault.New(fault.Forbidden, "", fmt.Sprintf("the tables %s refer to one another in a cycle, so a foreign key must be checked after all rows are loaded", l.cycle(e)), hint)
		}
	}
	return nil
}

// cycle names the tables of the cycle that an early reference closes, in the order of their references: a -> b -> a.
func (p *Generation) cycle(e early) string {
	var path []*blueprint
	seen := map[*blueprint]bool{}
	var find func(t *blueprint) bool
	find = func(t *blueprint) bool {
		if seen[t] {
			return false
		}
		seen[t], path = true, append(path, t)
		for _, m := range t.makers {
			if t == e.from {
				return true
			}
			if next := m.refersTo(); next != nil && find(next) {
				return true
			}
		}
		path = path[:len(path)-1]
		return false
	}
	find(e.to())
	list := []string{e.from.typ.Table}
	for _, t := range path {
		list = append(list, t.typ.Table)
	}
	return strings.Join(slices.Compact(list), " -> ")
}
