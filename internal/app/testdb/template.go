package testdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
)

// digestOf is a hash of everything that determines the content of a database: the files, this program, and the current day, since
// fixtures may contain times relative to now.
func digestOf(a *app.App, sets []string) (string, error) {
	sum := sha256.New()
	c := a.Config.Migrations
	fmt.Fprintf(sum, "%q\n", []string{a.Version, a.Config.Environment, a.Now().UTC().Format(time.DateOnly), c.Table})
	fmt.Fprintf(sum, "%q\n%q\n", c.Before, c.After)
	if err := errors.Join(a.WriteSchema(sum), a.WriteMigrations(sum)); err != nil {
		return "", err
	}
	if len(sets) > 0 {
		seeds, err := seed.Digest(seed.Folder(a.Config.Path(a.Config.Seeds.Dir)), sets, a.Filled)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, seeds)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// fill creates the tables and the rows of a database.
func fill(ctx context.Context, a *app.App, url string, sets []string) error {
	types, err := a.Schema()
	if err != nil {
		return err
	}
	pool, err := a.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := createTables(ctx, a, pool, types); err != nil || len(sets) == 0 {
		return err
	}
	_, err = a.Seed(ctx, pool, types, func(o *seed.Options) { o.Sets = sets })
	return err
}

// createTables applies the migrations. In a project without migrations, it creates the tables of the schema.
func createTables(ctx context.Context, a *app.App, pool *pgxpool.Pool, types *schema.Schema) error {
	names, err := a.MigrationNames()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if _, err := ddl.NewTarget(ctx, pool, types); err != nil {
			return err
		}
		_, err := own.Apply(ctx, pool)
		return err
	}
	m, err := a.Migrator(pool, nil, func(o *migrate.Options) {
		o.RecordSums = func(migrate.Sums) error { return nil } // as in development, but tests do not change the project's files
	})
	if err != nil {
		return err
	}
	_, err = m.Up(ctx)
	return err
}
