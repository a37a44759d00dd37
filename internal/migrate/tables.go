package migrate

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// InternalTables names the tables outside the schema krowoc that are not the project's: the table of versions, which is
// goose_db_version when versions is empty, those that releases before that schema have left, and the records of other tools. Comparisons
// of databases leave them out.
func InternalTables(versions string) []string {
	return slices.Concat([]string{VersionsTable(versions)}, own.LegacyTables(), recordTables)
}

// VersionsTable returns the table of versions, which is goose_db_version when versions is empty.
func VersionsTable(versions string) string { return cmp.Or(versions, goose.DefaultTablename) }

// recordTables are the tables in which migration tools record what they have applied, and their locks. A tool that records in a Postgres
// schema of its own is in catalog.RecordSchemas.
var recordTables = []string{
	goose.DefaultTablename, "schema_migrations", "schema_migrations_history", "ar_internal_metadata",
	"alembic_version", "django_migrations", "_yoyo_migration", "_yoyo_log", "_yoyo_version", "yoyo_lock", "aerich",
	"flyway_schema_history", "databasechangelog", "databasechangeloglock", "__EFMigrationsHistory", "refinery_schema_history",
	"_prisma_migrations", "knex_migrations", "knex_migrations_lock", "__drizzle_migrations", "pgmigrations", "SequelizeMeta", "mikro_orm_migrations",
	"typeorm_metadata", "kysely_migration", "kysely_migration_lock", "atlas_schema_revisions", "gorp_migrations", "bun_migrations",
	"bun_migration_locks", "_sqlx_migrations", "__diesel_schema_migrations", "seaql_migrations", "phinxlog", "doctrine_migration_versions",
}

// applied is a row of the table of versions.
type applied struct {
	version   int64
	at        time.Time
	id        int64  // of the row
	name, sum string // of the file that was applied; empty where another tool or an earlier release has applied it
}

// rowQuerier and querier are the methods that reading needs. The pool and the session's connection have them.
type rowQuerier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

type querier interface {
	rowQuerier
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// exists reports whether a table exists. A query of a missing table would put an error in Postgres's log.
func exists(ctx context.Context, db rowQuerier, table string) (there bool, err error) {
	return there, db.QueryRow(ctx, "select to_regclass($1) is not null", table).Scan(&there)
}

// readApplied lists the applied migrations in the order in which they were applied. A database without the
// table has none.
func readApplied(ctx context.Context, db querier, table string) (list []applied, known bool, err error) {
	if known, err = exists(ctx, db, table); !known || err != nil {
		return nil, false, pg.Fault("read the applied migrations", err)
	}
	// tstamp is a local time without a zone, which the cast takes to be in the session's.
	rows, _ := db.Query(ctx, "select version_id, tstamp::timestamptz, id from "+table+" where version_id > 0 order by id")
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a applied, err error) {
		return a, row.Scan(&a.version, &a.at, &a.id)
	})
	return list, true, pg.Fault("read the applied migrations", err)
}

// createVersions creates the table of versions like goose, with a row for version 0.
func createVersions(ctx context.Context, pool *pgxpool.Pool, table string) (err error) {
	const op = "create the table of versions"
	store, err := database.NewStore(database.DialectPostgres, table)
	if err != nil {
		return pg.Fault(op, err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback() }()
	err = store.CreateVersionTable(ctx, tx)
	if err == nil {
		err = store.Insert(ctx, tx, database.InsertRequest{Version: 0})
	}
	if err == nil {
		err = tx.Commit()
	}
	return pg.Fault(op, err)
}
