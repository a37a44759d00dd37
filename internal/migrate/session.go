package migrate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
)

// session is the one connection that does the work. Without a pooler it also holds the lock, so if the connection breaks, both
// the lock and the work end.
type session struct {
	pool   *pgxpool.Pool
	conn   *pgx.Conn
	pid    uint32    // of the server process, as the server sees it
	since  time.Time // when that process started: another one can have the number later
	locked bool
	lease  *lease // the lock behind a pooler; nil elsewhere
	gone   bool   // closed, and the server has released its locks
}

// endTimeout limits the work after the caller's context has ended.
const endTimeout = 5 * time.Second

// openSession connects with the settings of the pool, outside it, so that a full pool does not block.
func openSession(ctx context.Context, pool *pgxpool.Pool) (*session, error) {
	config := pool.Config().ConnConfig
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // a pooler may hand each message to another server process
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, pg.Fault("connect to Postgres", err)
	}
	s := &session{pool: pool, conn: conn}
	if err := conn.QueryRow(ctx, "select pid, backend_start from pg_stat_get_activity(pg_backend_pid())").Scan(&s.pid, &s.since); err != nil {
		_ = conn.Close(ctx)
		return nil, pg.Fault("connect to Postgres", err)
	}
	return s, nil
}

// pooled reports whether the connection goes through a pooler. A pooler gives its clients its own cancellation keys.
func (s *session) pooled() bool { return s.conn.PgConn().PID() != s.pid }

// close releases the lock and disconnects. When it returns, the server has released the lock too.
func (s *session) close(ctx context.Context) {
	if s.gone {
		return
	}
	s.gone = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if s.lease != nil {
		s.lease.release(ctx)
	}
	released := !s.locked
	if s.locked && !s.conn.IsClosed() {
		released = s.conn.QueryRow(ctx, "select pg_advisory_unlock($1)", lockID).Scan(new(bool)) == nil
	}
	if s.conn.IsClosed() { // an interrupted statement closes it, and may have taken the lock just before
		released = false
	}
	_ = s.conn.Close(ctx)
	if !released && !s.pooled() {
		s.awaitRelease(ctx)
	}
}

// awaitRelease ends the server process of a lost connection and waits until it has rolled back. The interruption has asked Postgres to cancel
// the statement, but a request that arrives before the statement has no effect, and Postgres does not notice that its client has gone.
func (s *session) awaitRelease(ctx context.Context) {
	const end = "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2"
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := s.pool.QueryRow(ctx, end, s.pid, s.since).Scan(new(bool)); err != nil {
			return // it has ended, or Postgres cannot be asked
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
