package takeover

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// rebuild returns a scratch database to which it has applied the baseline, or the existing migrations.
func rebuild(ctx context.Context, a *app.App, s *scratch.Server, baseline *migrate.Draft) (*pgxpool.Pool, func() error, error) {
	if baseline == nil {
		return a.MigratedDatabase(ctx, s)
	}
	db, drop, err := s.Database(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := applyBaseline(ctx, db, baseline); err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return db, drop, nil
}

// applyBaseline applies a baseline, and tries its rollback in a transaction that it does not commit.
func applyBaseline(ctx context.Context, db *pgxpool.Pool, baseline *migrate.Draft) error {
	before, err := objects(ctx, db, nil)
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, "BEGIN;\n"+strings.Join(baseline.Up, ";\n")+";\nCOMMIT"); err != nil {
		return conflict("rebuild the database on a scratch server", err, "extensions that it has must be installed there too: --scratch-url names a server that has them")
	}
	const op, hint = "roll back the baseline on a scratch server", "this is a bug in krowoc: report it"
	tx, err := db.Begin(ctx)
	if err != nil {
		return pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, strings.Join(baseline.Down, ";\n")); err != nil {
		return conflict(op, err, hint)
	}
	left, err := objects(ctx, tx, before.oids)
	if err == nil && left.first != "" {
		return fault.New(fault.Conflict, op, "it leaves the "+left.first+" behind", hint)
	}
	return err
}

func conflict(op string, err error, hint string) error {
	return &fault.Error{Code: fault.Conflict, Op: op, Message: pg.Fault("", err).Error(), Err: err, Hint: hint}
}

// made are the objects that somebody has made in a database.
type made struct {
	oids  []uint32
	first string // description of one of them
}

// objects lists the objects in a database that do not come with Postgres, except for known ones.
func objects(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, known []uint32) (m made, err error) {
	queries := make([]string, len(systemTables))
	for i, table := range systemTables {
		queries[i] = "SELECT tableoid, oid FROM " + table
	}
	err = db.QueryRow(ctx, `WITH objects AS (SELECT * FROM (`+strings.Join(queries, " UNION ALL ")+`) o WHERE oid >= 16384 AND oid <> ALL ($1))
		SELECT coalesce(array_agg(oid), '{}'), coalesce((SELECT pg_describe_object(tableoid, oid, 0) FROM objects ORDER BY oid LIMIT 1), '') FROM objects`,
		append([]uint32{}, known...)).Scan(&m.oids, &m.first)
	return m, pg.Fault("list the objects of a scratch database", err)
}

// systemTables have an object in each row.
var systemTables = []string{"pg_class", "pg_type", "pg_proc", "pg_namespace", "pg_extension", "pg_operator", "pg_opclass", "pg_opfamily", "pg_cast", "pg_collation", "pg_conversion",
	"pg_constraint", "pg_trigger", "pg_rewrite", "pg_policy", "pg_language", "pg_am", "pg_event_trigger", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_statistic_ext",
	"pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_transform"}
