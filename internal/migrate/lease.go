package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// lease is the migration lock behind a pooler in transaction mode, where a session's advisory lock holds
// nothing: a row that expires unless its holder renews it. Transactions prove that it is theirs at their
// beginning, and again just before they commit with the row locked, so that a holder that was taken for dead
// commits nothing after its successor has begun.
type lease struct {
	pool  *pgxpool.Pool
	token string
	ttl   time.Duration
	stop  func() // ends the renewal; nil until the lease is acquired
}

// The SQLSTATEs that a transaction ends with when it may not go on.
const (
	leaseLost    = "KR001" // another process has the lease
	advisoryHeld = "KR002" // a process with a direct connection has the lock
)

var errLeaseLost = errors.New("the lease of the migration lock expired while Postgres was unreachable, and another process acquired it")

func newLease(pool *pgxpool.Pool, ttl time.Duration) *lease {
	return &lease{pool: pool, token: uuid.NewString(), ttl: ttl}
}

// try asks for the lease once. The holder is nil when it is ours.
func (l *lease) try(ctx context.Context) (*Holder, error) {
	// This transaction takes the advisory lock too. So either a process with a direct connection sees the lease, or that process
	// already has the lock and this query finds it.
	tx, err := l.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var free bool
	if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", lockID).Scan(&free); err != nil {
		return nil, err
	}
	if !free {
		return advisoryHolder(ctx, tx)
	}
	if _, err := own.Apply(ctx, tx); err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	tag, err := tx.Exec(ctx, `
		INSERT INTO `+own.LeaseTable+` AS held (token, application, host, pid, since, expires)
		VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + $5::interval)
		ON CONFLICT (id) DO UPDATE SET (token, application, host, pid, since, expires) =
			(excluded.token, excluded.application, excluded.host, excluded.pid, excluded.since, excluded.expires)
		WHERE held.expires < clock_timestamp()`,
		l.token, l.pool.Config().ConnConfig.RuntimeParams["application_name"], host, os.Getpid(), l.ttl)
	if err == nil {
		err = tx.Commit(ctx)
	}
	if err != nil || tag.RowsAffected() == 1 {
		return nil, err
	}
	holder, err := leaseHolder(ctx, l.pool)
	if holder == nil && err == nil {
		holder = &Holder{} // it expired between the two queries
	}
	return holder, err
}

// keep renews the lease until the context that it returns ends, which it does when the lease is lost.
func (l *lease) keep(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	l.stop = func() { cancel(nil); <-ended }
	go func() {
		defer close(ended)
		for renewed := time.Now(); pause(ctx, l.ttl/3); {
			tag, err := l.pool.Exec(ctx, "UPDATE "+own.LeaseTable+" SET expires = now() + $2::interval WHERE token = $1", l.token, l.ttl)
			switch {
			case err == nil && tag.RowsAffected() == 1:
				renewed = time.Now()
			case err == nil, time.Since(renewed) > l.ttl:
				cancel(errLeaseLost)
			}
		}
	}()
	return ctx
}

// release releases the lease.
func (l *lease) release(ctx context.Context) {
	if l.stop != nil {
		l.stop()
	}
	_, _ = l.pool.Exec(ctx, "DELETE FROM "+own.LeaseTable+" WHERE token = $1", l.token) // otherwise it expires
}

// guard returns SQL that aborts a transaction whose lease is lost. At the end of the transaction it also locks the row.
func (l *lease) guard(end bool) string {
	lock := ""
	if end {
		lock = " FOR UPDATE"
	}
	return fmt.Sprintf(`DO $krowoc$ BEGIN
	PERFORM FROM %s WHERE token = %s AND (%t OR expires > clock_timestamp())%s;
	IF NOT FOUND THEN RAISE 'the lease is lost' USING ERRCODE = '%s'; END IF;
	IF NOT pg_try_advisory_xact_lock(%d) THEN RAISE 'the lock is held' USING ERRCODE = '%s'; END IF;
END $krowoc$`, own.LeaseTable, pg.QuoteLiteral(l.token), end, lock, leaseLost, lockID, advisoryHeld)
}

// leaseHolder returns the holder of the lease, or nil if it is free or expired.
func leaseHolder(ctx context.Context, db rowQuerier) (*Holder, error) {
	var h Holder
	err := db.QueryRow(ctx, "SELECT pid, application, host, since FROM "+own.LeaseTable+" WHERE expires > now()").Scan(&h.PID, &h.Application, &h.Host, &h.Since)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &h, err
}

// hasCode reports whether Postgres answered with one of the SQLSTATEs.
func hasCode(err error, codes ...string) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	for _, code := range codes {
		if server.Code == code {
			return true
		}
	}
	return false
}
