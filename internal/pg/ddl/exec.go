package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// chunk is the number of statements that run together. A transaction holds a lock for each table, index and sequence that it creates, and
// Postgres has room for about 64 of them per connection.
const chunk = 500

// execAll runs statements, with one round trip and one transaction for each chunk. It returns the statement that failed.
func execAll(ctx context.Context, db *pgxpool.Pool, statements []string) (failed string, err error) {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Release()
	for together := range slices.Chunk(statements, chunk) {
		results := conn.Conn().PgConn().Exec(ctx, strings.Join(together, ";\n"))
		done := 0
		for ; results.NextResult(); done++ {
			if _, err := results.ResultReader().Close(); err != nil {
				break
			}
		}
		if err := results.Close(); err != nil {
			return together[min(done, len(together)-1)], err
		}
	}
	return "", nil
}

// execEach executes statements one by one, and returns the one that failed.
func execEach(ctx context.Context, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, statements []string) (failed string, err error) {
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql); err != nil {
			return sql, err
		}
	}
	return "", nil
}
