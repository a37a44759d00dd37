package verify

import (
	"context"
	"errors"
	"regexp"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// Build applies all migrations to a scratch database without verifying them, and reads its catalog.
func Build(ctx context.Context, o Options) (c *catalog.Catalog, err error) {
	db, drop, err := BuildDatabase(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return catalog.Read(ctx, db, CatalogOptions(o.Table))
}

// CatalogOptions are the options with which Build reads a catalog, for comparisons. versions is the table of applied versions: its owner is
// the role that migrates.
func CatalogOptions(versions string) catalog.Options {
	return catalog.Options{Exclude: migrate.InternalTables(versions), Owners: migrate.VersionsTable(versions)}
}

// BuildDatabase applies all migrations to a scratch database without verifying them. It returns the database and the function
// that drops it.
func BuildDatabase(ctx context.Context, o Options) (*pgxpool.Pool, func() error, error) {
	v, err := newVerifier(ctx, o, false)
	if err != nil {
		return nil, nil, err
	}
	status, err := v.migrator.Status(ctx)
	if err == nil && len(status) > 0 {
		_, err = v.up(ctx, status[len(status)-1].Version)
	}
	if err != nil {
		return nil, nil, errors.Join(err, v.drop())
	}
	return v.db, v.drop, nil
}

// restart continues with a new database, migrated to a version. After an incomplete rollback the old database would give later
// files false findings.
func (v *verifier) restart(ctx context.Context, version int64) error {
	if v.drop != nil {
		if err := v.drop(); err != nil {
			return err
		}
		v.drop = func() error { return nil }
	}
	db, drop, err := v.Database(ctx)
	if err != nil {
		return err
	}
	v.db, v.drop, v.before = db, drop, nil
	v.reader = catalog.NewReader(db, CatalogOptions(v.Table))
	v.migrator, err = migrate.New(migrate.Options{
		DB: db, FS: v.FS, Dir: v.Dir, Table: v.Table, Locks: true, Logger: v.Logger, LookupEnv: v.LookupEnv, AllowMissing: true, SkipGo: v.skipGo,
		RecordSums: func(migrate.Sums) error { return nil },
	})
	if err == nil && version > 0 {
		_, err = v.up(ctx, version)
	}
	if err != nil {
		return errors.Join(err, drop())
	}
	return nil
}

// missingRole matches Postgres's message about a missing role.
var missingRole = regexp.MustCompile(`^role "(.+)" does not exist$`)

// up applies the migrations up to a version.
func (v *verifier) up(ctx context.Context, version int64) ([]migrate.Result, error) {
	for {
		results, err := v.migrator.UpTo(ctx, version)
		var server *pgconn.PgError
		if !v.MakeRoles || !errors.As(err, &server) {
			return results, err
		}
		role := missingRole.FindStringSubmatch(server.Message)
		if role == nil {
			return results, err
		}
		if _, err := v.db.Exec(ctx, "CREATE ROLE "+pg.QuoteIdent(role[1])); err != nil {
			return results, pg.Fault("create role "+role[1], err)
		}
	}
}
