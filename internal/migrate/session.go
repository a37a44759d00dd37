package migrate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// session is the one connection that holds the lock and does the work. If it breaks, the lock goes with
// it and so does the work.
type session struct {
	pool   *pgxpool.Pool
	db     *sql.DB
	conn   *pgx.Conn
	locked bool
}

// endTimeout bounds what is done after the caller's context has ended.
const endTimeout = 5 * time.Second

// openSession connects with the settings of the pool, outside it, so that a full pool does not block.
func openSession(ctx context.Context, pool *pgxpool.Pool, tracer pgx.QueryTracer) (*session, error) {
	config := pool.Config().ConnConfig
	config.Tracer = tracer
	s := &session{pool: pool}
	keep := stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error { s.conn = conn; return nil })
	s.db = sql.OpenDB(&once{Connector: stdlib.GetConnector(*config, keep)})
	s.db.SetMaxOpenConns(1)
	s.db.SetMaxIdleConns(1)
	conn, err := s.db.Conn(ctx) // connects; goose takes the same connection from the pool of one
	if err != nil {
		_ = s.db.Close()
		return nil, pg.Fault("connect to Postgres", err)
	}
	_ = conn.Close() // back to its pool
	return s, nil
}

// close gives the lock back and disconnects. When it returns, the server has let go of the lock too.
func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	pid := s.conn.PgConn().PID()
	released := false
	switch {
	case s.conn.IsClosed(): // an interrupted statement closes it, and may have taken the lock just before
	case !s.locked:
		released = true
	default:
		released = s.conn.QueryRow(ctx, "select pg_advisory_unlock($1)", lockID).Scan(new(bool)) == nil
	}
	_ = s.db.Close() // nobody else has a use for it
	if !released {
		awaitRelease(ctx, s.pool, pid)
	}
}

// awaitRelease waits until a server process that was cut off has rolled back and gone.
func awaitRelease(ctx context.Context, pool *pgxpool.Pool, pid uint32) {
	const stillThere = "select exists (select from pg_stat_activity where pid = $1)"
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var there bool
		if err := pool.QueryRow(ctx, stillThere, pid).Scan(&there); err != nil || !there {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// once is a connector that connects once: a second connection would work without the lock.
type once struct {
	driver.Connector
	used atomic.Bool
}

func (o *once) Connect(ctx context.Context) (driver.Conn, error) {
	if o.used.Swap(true) {
		return nil, fault.New(fault.Unavailable, "connect to Postgres", "the connection that held the migration lock was lost",
			"run the command again once Postgres answers")
	}
	return o.Connector.Connect(ctx)
}
