package scratch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
)

// Copy copies a scratch database, which must not have other connections. It returns the same as Database.
func (s *Server) Copy(ctx context.Context, of *pgxpool.Pool) (*pgxpool.Pool, func() error, error) {
	of.Reset() // a database with connections cannot be copied
	return s.create(ctx, of.Config().ConnConfig.Database)
}

// CopyIdle is Copy for a database that others may be connected to. It then returns nil, where Postgres would make them wait. It also returns
// nil before version 15, which waits for the disk for each file that it copies.
func (s *Server) CopyIdle(ctx context.Context, of *pgxpool.Pool) (*pgxpool.Pool, func() error, error) {
	of.Reset()
	if idle, err := s.canCopy(ctx, of.Config().ConnConfig.Database); !idle || err != nil {
		return nil, nil, err
	}
	return s.create(ctx, of.Config().ConnConfig.Database)
}

// idleWait is how long the connections of a pool that was reset may take to end.
const idleWait = 200 * time.Millisecond

// canCopy reports whether the server copies databases fast, and a database has no connections, or soon has none.
func (s *Server) canCopy(ctx context.Context, name string) (idle bool, err error) {
	const op = "find the connections of a database"
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return false, pg.Fault(op, err)
	}
	fast := majorOf(conn) >= 15
	for until := time.Now().Add(idleWait); err == nil && fast && !idle && time.Now().Before(until); {
		err = conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend')
			FROM pg_sleep(0.002)`, name).Scan(&idle)
	}
	return idle, pg.Fault(op, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}

// CopiedBuilder is a builder in a copy of a database that has exactly the tables of a schema, besides some tables that the builder drops.
// reader reads the whole copy.
func CopiedBuilder(ctx context.Context, db *pgxpool.Pool, reader *catalog.Reader, kept ddl.Kept, types *schema.Schema, without []string) (*Builder, error) {
	if err := empty(ctx, db, without); err != nil {
		return nil, err
	}
	b, err := ddl.ResumeBuilder(ctx, db, reader, types)
	return &Builder{b, kept, false}, err
}

// empty drops some tables, by name or as schema.name, and deletes the rows of all others. A builder could not add a required column to
// tables with rows.
func empty(ctx context.Context, db *pgxpool.Pool, without []string) error {
	const op = "empty a scratch database"
	rows, err := db.Query(ctx, emptySQL, without, own.Schema)
	if err != nil {
		return pg.Fault(op, err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(statements) > 0 {
		_, err = db.Exec(ctx, "SET LOCAL session_replication_role = replica; "+strings.Join(statements, "; "))
	}
	return pg.Fault(op, err)
}

// emptySQL lists the statements. Triggers and foreign keys do not apply to them.
const emptySQL = `
	SELECT CASE WHEN gone THEN format('DROP TABLE %s CASCADE', name) ELSE format('DELETE FROM %s', name) END
	FROM (
		SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relname = ANY ($1) OR n.nspname || '.' || c.relname = ANY ($1) AS gone, c.oid, c.relkind
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('information_schema', $2) AND n.nspname NOT LIKE 'pg\_%'
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)
	) x WHERE gone OR relkind = 'r' AND pg_relation_size(oid) > 0 ORDER BY gone`
