package migrate

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/testkit"
)

// What is known to run outside of a transaction is what Postgres refuses in one, and nothing else.
func TestRunsOutside(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
		CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX mi ON m (a)`)
	for sql, want := range map[string]bool{
		"CREATE INDEX CONCURRENTLY ON t (a)":                              true,
		"create unique  index\n concurrently x on t (a);":                 true,
		"/* CONCURRENTLY */ CREATE UNIQUE INDEX IF NOT EXISTS x ON t (a)": false,
		"CREATE INDEX concurrently_x ON t (a)":                            false,
		"DROP INDEX CONCURRENTLY IF EXISTS i":                             true,
		"DROP INDEX i":                                                    false,
		"REINDEX INDEX CONCURRENTLY i":                                    true,
		"REINDEX (VERBOSE) TABLE CONCURRENTLY t":                          true,
		"REINDEX TABLE t":                                                 false,
		"VACUUM t":                                                        true,
		"-- a comment\nVACUUM (ANALYZE) t":                                true,
		"ANALYZE t":                                                       false,
		"ALTER SYSTEM SET work_mem = '4MB'":                               true,
		"ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY":                  true,
		"ALTER TABLE p DETACH PARTITION p1":                               false,
		"REFRESH MATERIALIZED VIEW CONCURRENTLY m":                        false,
		"COMMENT ON TABLE t IS 'VACUUM CONCURRENTLY'":                     false,
		"CREATE DATABASE never_made_here":                                 true,
		"DROP DATABASE IF EXISTS never_made_here":                         true,
		"CREATE TABLESPACE never_made LOCATION '/nowhere/at/all'":         true,
		"SELECT 1": false,
		"":         false,
	} {
		if got := runsOutside(sql); got != want {
			t.Errorf("%s: %t", sql, got)
		}
		err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
			return pgx.ErrTxCommitRollback // undo it
		})
		if refused := hasCode(err, "25001"); refused != want {
			t.Errorf("%s: Postgres: %v", sql, err)
		}
	}
}
