// Package drift compares a live database with what its migrations build.
package drift

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/scratch"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Report is the drift of a live database.
type Report struct {
	Applied     int                  `json:"applied"` // migrations
	Differences []catalog.Difference `json:"differences"`
}

// Find compares a live database with a scratch database to which the same migrations are applied.
func Find(ctx context.Context, a *app.App, live *pgxpool.Pool, s *scratch.Server) (d Report, err error) {
	migrator, err := a.Migrator(live, nil)
	if err != nil {
		return d, err
	}
	status, err := migrator.Status(ctx)
	if err != nil {
		return d, err
	}
	applied := map[string]bool{}
	for _, m := range status {
		if m.AppliedAt.IsZero() || m.State == migrate.Squashed {
			continue
		}
		if m.File == "" {
			return d, fault.New(fault.Conflict, "look for drift", "the database has a migration that this folder does not have", "find the migration with `krowoc migrate status`, and add its file")
		}
		if m.State == migrate.Other {
			return d, fault.New(fault.Conflict, "look for drift", fmt.Sprintf("the database has %s as version %d, and this folder has %s", m.Recorded, m.Version, m.File),
				"check out the branch that has "+m.Recorded+"; `krowoc migrate up` shows how to join the two")
		}
		applied[m.File] = true
	}
	o := a.VerifyOptions(s, applied)
	at, err := readPlace(ctx, live, o.Table)
	if err != nil {
		return d, err
	}
	o.Database = at.scratch(o.Database)
	expected, err := verify.Build(ctx, o)
	if err != nil {
		return d, err
	}
	actual, err := catalog.Read(ctx, live, verify.CatalogOptions(o.Table))
	if err != nil {
		return d, err
	}
	at.leaveOut(expected)
	at.leaveOut(actual)
	return Report{len(applied), append([]catalog.Difference{}, catalog.Drift(expected, actual, a.Config.Drift.Ignore)...)}, nil
}

// place is where migrations make the tables of a database: the search path of its role or its own, and the Postgres schema of the table of
// versions, which was there before the first migration.
type place struct{ searchPath, schema string }

func readPlace(ctx context.Context, live *pgxpool.Pool, versions string) (p place, err error) {
	err = live.QueryRow(ctx, `SELECT replace(replace(current_setting('search_path'), '"$user"', quote_ident(current_user)), '$user', quote_ident(current_user)),
		coalesce((SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass($1)), 'public')`, migrate.VersionsTable(versions)).Scan(&p.searchPath, &p.schema)
	return p, pg.Fault("read the search path", err)
}

// scratch makes the scratch databases of another function such that migrations make the same in them as in the live database.
func (p place) scratch(database func(context.Context) (*pgxpool.Pool, func() error, error)) func(context.Context) (*pgxpool.Pool, func() error, error) {
	return func(ctx context.Context) (*pgxpool.Pool, func() error, error) {
		db, drop, err := database(ctx)
		if err != nil {
			return nil, nil, err
		}
		name := pg.QuoteIdent(db.Config().ConnConfig.Database)
		for _, sql := range []string{"CREATE SCHEMA IF NOT EXISTS " + p.schema, "ALTER DATABASE " + name + " SET search_path TO " + p.searchPath} {
			if _, err := db.Exec(ctx, sql); err != nil {
				return nil, nil, errors.Join(pg.Fault("use the search path of the database", err), drop())
			}
		}
		db.Reset() // the setting holds for new connections
		return db, drop, nil
	}
}

// leaveOut removes the Postgres schema that no migration makes.
func (p place) leaveOut(c *catalog.Catalog) {
	c.Others = slices.DeleteFunc(c.Others, func(o catalog.Other) bool {
		return p.schema != "public" && o.Kind == "schema" && pg.QuoteIdent(o.Name) == p.schema
	})
}
