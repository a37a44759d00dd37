package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// schemaSync brings the tables of a development database in step with the schema. It works out what to do on two scratch
// databases of the same server, which it keeps: one with the structure of the development database, and one in which it
// builds what the schema says.
type schemaSync struct {
	app     *App
	scratch *scratch.Server
	shadow  *pgxpool.Pool    // the structure of the development database
	target  *pgxpool.Pool    // what the schema says
	drops   []func() error   // drop the two
	base    *catalog.Catalog // what the migrations alone build
	key     string           // of the migrations and changes that shadow has
}

// newSyncer returns a syncer on a server that the project has for itself.
func (a *App) newSyncer(url string) dev.Syncer {
	return &schemaSync{app: a, scratch: scratch.Existing(scratch.Options{URL: url, Pool: a.poolOptions(""), Quiet: true})}
}

// Close drops the scratch databases.
func (y *schemaSync) Close(context.Context) error {
	var errs []error
	for _, drop := range y.drops {
		errs = append(errs, drop())
	}
	y.drops, y.key = nil, ""
	return errors.Join(errs...)
}

// Sync changes the tables of db to what the schema says, and returns the statements. What the migrations build stays where
// the schema no longer has it, as it does for `migrate diff`; what only an unsaved change has made goes.
func (y *schemaSync) Sync(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (statements []string, err error) {
	unsaved, err := dev.ReadUnsaved(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := y.rebuild(ctx, unsaved); err != nil {
		return nil, err
	}
	target, err := ddl.NewTarget(ctx, y.target, types)
	if err != nil {
		return nil, err
	}
	key := y.key
	y.key = "" // until the shadow is known to be what the database is
	plan, err := target.Plan(ctx, y.shadow, ddl.PlanOptions{
		Options: ddl.Options{AllowDrop: true, Keep: y.base, Plain: true}, Exclude: y.exclude(),
	})
	if err != nil {
		return nil, err
	}
	if len(plan.Files) == 0 {
		y.key = key
		return nil, nil
	}
	var changes []dev.Unsaved
	for _, f := range plan.Files {
		statements = append(statements, f.Up...)
		changes = append(changes, dev.Unsaved{Up: f.Up, Down: f.Down})
	}
	if err := dev.ApplyUnsaved(ctx, db, changes); err != nil {
		y.key = key // the plan has put the shadow back
		return nil, err
	}
	for _, sql := range statements {
		if _, err := y.shadow.Exec(ctx, sql); err != nil {
			return statements, nil //nolint:nilerr // the database has it; the shadow is made again
		}
	}
	y.key, err = y.keyOf(append(unsaved, changes...))
	return statements, err
}

func (y *schemaSync) exclude() []string { return migrate.InternalTables(y.app.Config.Migrations.Table) }

// rebuild makes the scratch databases of the migrations and the unsaved changes, unless they are there.
func (y *schemaSync) rebuild(ctx context.Context, unsaved []dev.Unsaved) error {
	key, err := y.keyOf(unsaved)
	if err != nil || key == y.key {
		return err
	}
	if err := errors.Join(y.Close(ctx), y.scratch.DropLeftovers(ctx)); err != nil {
		return err
	}
	keep := func(pool **pgxpool.Pool, made *pgxpool.Pool, drop func() error, err error) error {
		if err == nil {
			*pool, y.drops = made, append(y.drops, drop)
		}
		return err
	}
	made, drop, err := y.app.MigratedDatabase(ctx, y.scratch)
	if err := keep(&y.shadow, made, drop, err); err != nil {
		return err
	}
	made, drop, err = y.scratch.Copy(ctx, y.shadow)
	if err := keep(&y.target, made, drop, err); err != nil {
		return err
	}
	if y.base, err = catalog.Read(ctx, y.shadow, catalog.Options{Exclude: y.exclude()}); err != nil {
		return err
	}
	for _, c := range unsaved {
		for _, sql := range c.Up {
			if _, err := y.shadow.Exec(ctx, sql); err != nil {
				return fmt.Errorf("make the unsaved changes again: %w", err)
			}
		}
	}
	y.key = key
	return nil
}

// keyOf tells a set of migrations and changes from any other.
func (y *schemaSync) keyOf(unsaved []dev.Unsaved) (string, error) {
	h := sha256.New()
	dir := os.DirFS(y.app.Config.Path(y.app.Config.Migrations.Dir))
	names, err := fs.Glob(dir, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d %s", name, len(text), text)
	}
	fmt.Fprintf(h, "%q", unsaved)
	return hex.EncodeToString(h.Sum(nil)), nil
}
