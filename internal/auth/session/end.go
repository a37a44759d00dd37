package session

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Revoke tells all processes, with the end of a transaction, that a session has ended.
type Revoke func(ctx context.Context, tx pgx.Tx, id string) error

// endIn ends the sessions that match a condition, in a transaction that tells all processes. It returns their IDs.
func endIn(ctx context.Context, tx pgx.Tx, revoke Revoke, condition string, args ...any) ([]string, error) {
	ids, err := end(ctx, tx, condition, args...)
	for _, id := range ids {
		if err == nil && revoke != nil {
			err = revoke(ctx, tx, id)
		}
	}
	return ids, err
}

// EndOne ends a session for an operator. It also revokes an ID that no row has: the session may be one that the issuer has started with a
// client of its own. The row of a browser that has tokens of such a session ends when they are refused. It reports whether there was a row.
func EndOne(ctx context.Context, pool *pgxpool.Pool, revoke Revoke, id string) (had bool, err error) {
	err = pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		ids, err := endIn(ctx, tx, revoke, "id::text = $1", id)
		if had = len(ids) > 0; had || err != nil {
			return err
		}
		return revoke(ctx, tx, id)
	})
	return had, pg.Fault("end a session", err)
}

// EndAll ends all sessions of a user for an operator, in a transaction, and returns their IDs.
func EndAll(ctx context.Context, tx pgx.Tx, revoke Revoke, uid string) (ids []string, err error) {
	ids, err = endIn(ctx, tx, revoke, "uid = $1", uid)
	return ids, pg.Fault("end the sessions of a user", err)
}

// End ends sessions of a user: one, or all with id "", except the one with the id keep.
func (m *Manager) End(ctx context.Context, uid, id, keep string) error {
	const op = "end sessions"
	var ended []string
	err := pgx.BeginFunc(ctx, m.o.Pool, func(tx pgx.Tx) (err error) {
		ended, err = endIn(ctx, tx, m.o.Revoke, "uid = $1 AND ($2 = '' OR id::text = $2) AND id::text <> $3", uid, id, keep)
		return err
	})
	if err != nil {
		return pg.Fault(op, err)
	}
	for _, gone := range ended {
		m.ended.Add(gone, struct{}{}) // this process refuses it at once, without the lock of its entry
	}
	if id != "" && len(ended) == 0 {
		return fault.New(fault.NotFound, op, "you have no such session", "GET "+pathPrefix+"sessions lists them")
	}
	return nil
}
