package own

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Target is a database to migrate: a pool, a connection or, for a migration that is rolled back later, a transaction.
type Target interface {
	DB
	Begin(ctx context.Context) (pgx.Tx, error)
}

// lockID is the advisory lock that a process holds while it applies a migration of this package. It differs from the lock of the project's
// migrations, which may take long; a process that waits for this lock only waits for a few statements.
const lockID = 0x6b726f776f63 // "krowoc" in ASCII

const applyOp = "migrate the schema " + Schema

// Apply migrates the schema to the version of this binary and returns the resulting version. It keeps a newer version. All missing
// migrations are one transaction.
func Apply(ctx context.Context, db Target) (version int, err error) {
	version, err = readVersion(ctx, db)
	if (err == nil && version < Latest()) || isDenied(err) { // applyPending explains which permission is missing
		version, err = applyPending(ctx, db)
	}
	return version, pg.Fault(applyOp, err)
}

// applyPending applies the migrations that no other process has applied.
func applyPending(ctx context.Context, db Target) (version int, err error) {
	tx, err := db.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var who account
	if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT current_user, current_database() FROM pg_advisory_xact_lock(%d)", lockID)).Scan(&who.role, &who.database); err != nil {
		return 0, err
	}
	if version, err = readVersion(ctx, tx); err != nil {
		return 0, who.explain(err)
	}
	if version == 0 {
		if err := create(ctx, tx); err != nil {
			return 0, who.explain(err)
		}
	}
	var sql strings.Builder
	for _, m := range migrations()[min(version, Latest()):] {
		fmt.Fprintf(&sql, "%s;\nINSERT INTO %s (version, name) VALUES (%d, '%s');\n", m.sql, versionsTable, m.version, m.name)
		version = m.version
	}
	if err := exec(ctx, tx, sql.String()); err != nil {
		return 0, who.explain(err)
	}
	return version, tx.Commit(ctx)
}

// create creates the schema and its table of versions. It rejects an existing schema with other tables.
func create(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	var tables []string
	const look = `SELECT to_regnamespace('` + Schema + `') IS NOT NULL,
		ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('` + Schema + `') AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1)`
	if err := tx.QueryRow(ctx, look).Scan(&exists, &tables); err != nil {
		return err
	}
	if len(tables) > 0 {
		return fault.New(fault.Conflict, "", fmt.Sprintf("the database has a schema named %s with tables that Krowoc did not create: %s", Schema, strings.Join(tables, ", ")),
			"Krowoc needs this name for its own tables; rename your schema: ALTER SCHEMA "+Schema+" RENAME TO …")
	}
	sql := `CREATE TABLE ` + versionsTable + ` (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
		GRANT USAGE ON SCHEMA ` + Schema + ` TO PUBLIC;
		GRANT SELECT ON ` + versionsTable + ` TO PUBLIC`
	if !exists { // CREATE SCHEMA IF NOT EXISTS requires the permission to create a schema even if it exists
		sql = "CREATE SCHEMA " + Schema + "; " + sql
	}
	return exec(ctx, tx, sql)
}

// exec runs several statements as one message.
func exec(ctx context.Context, tx pgx.Tx, sql string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// account is the role and database of a migration.
type account struct{ role, database string }

// explain adds a hint with the GRANT to an error about a missing permission.
func (a account) explain(err error) error {
	var server *pgconn.PgError
	if !isDenied(err) || !errors.As(err, &server) {
		return err
	}
	database, role := pg.QuoteIdent(a.database), pg.QuoteIdent(a.role)
	f := &fault.Error{Code: fault.Forbidden, Message: server.Message, Err: err}
	switch {
	case strings.Contains(server.Message, "for schema"):
		f.Hint = fmt.Sprintf("as the owner of the schema: GRANT USAGE, CREATE ON SCHEMA %s TO %s", Schema, role)
	case strings.Contains(server.Message, "table"): // an old table to be moved
		f.Hint = "run `krowoc migrate up` once as the owner of the table, or change its owner: ALTER TABLE … OWNER TO " + role
	default:
		f.Hint = fmt.Sprintf("as the owner of the database: GRANT CREATE ON DATABASE %s TO %s; or CREATE SCHEMA %s AUTHORIZATION %[2]s", database, role, Schema)
	}
	return f
}

// isDenied reports whether a permission is missing.
func isDenied(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "42501" // insufficient_privilege
}
