package exec

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DB is where operations run. Queries ask for a connection to read, mutations for one to write, so that reads can go to
// replicas.
type DB interface {
	Read(ctx context.Context) Conn
	Write(ctx context.Context) Conn
}

// Conn runs statements: a *pgxpool.Pool.
type Conn interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Single is a DB of one server, which takes reads and writes.
func Single(c Conn) DB { return single{c} }

type single struct{ conn Conn }

func (s single) Read(context.Context) Conn { return s.conn }

func (s single) Write(context.Context) Conn { return s.conn }
