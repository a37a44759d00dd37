// Package sync changes the tables of a development database to match a saved schema. It records these unsaved changes, which are not yet
// in a migration.
package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// Options describe the project.
type Options struct {
	Server     *scratch.Server // the development server, used by nothing else
	Migrations fs.FS           // its *.sql files
	Exclude    []string        // Krowoc's own tables

	// Build creates a scratch database and applies the migrations to it.
	Build func(context.Context, *scratch.Server) (*pgxpool.Pool, func() error, error)
}

// Syncer finds the necessary changes by comparing two scratch databases on the same server: one with the structure of the development
// database, and one that it builds from the schema. It keeps both for later calls.
type Syncer struct {
	Options
	current *pgxpool.Pool    // the structure of the development database
	target  *pgxpool.Pool    // built from the schema
	drops   []func() error   // they drop both
	base    *catalog.Catalog // built from the migrations alone
	key     string           // hash of the migrations and changes that current has
}

// New returns a syncer. It creates its scratch databases on first use.
func New(o Options) *Syncer { return &Syncer{Options: o} }

// Close drops the scratch databases.
func (y *Syncer) Close(context.Context) error {
	var errs []error
	for _, drop := range y.drops {
		errs = append(errs, drop())
	}
	y.drops, y.key = nil, ""
	return errors.Join(errs...)
}

// Sync changes the tables of db to match the schema and returns the statements. It drops what only an unsaved change has created and the
// schema no longer contains. It keeps what the migrations have created, as `migrate diff` does.
func (y *Syncer) Sync(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (statements []string, err error) {
	unsaved, err := Read(ctx, db)
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
	y.key = "" // until the scratch database is known to match db
	plan, err := target.Plan(ctx, y.current, ddl.PlanOptions{
		Options: ddl.Options{AllowDrop: true, Keep: y.base, Plain: true}, Exclude: y.Exclude,
	})
	if err != nil {
		return nil, err
	}
	if len(plan.Files) == 0 {
		y.key = key
		return nil, nil
	}
	var changes []Change
	for _, f := range plan.Files {
		statements = append(statements, f.Up...)
		changes = append(changes, Change{Up: f.Up, Down: f.Down})
	}
	if err := Apply(ctx, db, changes); err != nil {
		y.key = key // the scratch database is unchanged: the plan rolled back its changes
		return nil, err
	}
	for _, sql := range statements {
		if _, err := y.current.Exec(ctx, sql); err != nil {
			return statements, nil //nolint:nilerr // db has the changes; the next call rebuilds the scratch database
		}
	}
	y.key, err = y.keyOf(append(unsaved, changes...))
	return statements, err
}

// rebuild creates the scratch databases from the migrations and the unsaved changes, unless they are up to date.
func (y *Syncer) rebuild(ctx context.Context, unsaved []Change) error {
	key, err := y.keyOf(unsaved)
	if err != nil || key == y.key {
		return err
	}
	if err := errors.Join(y.Close(ctx), y.Server.DropLeftovers(ctx)); err != nil {
		return err
	}
	keep := func(pool **pgxpool.Pool, made *pgxpool.Pool, drop func() error, err error) error {
		if err == nil {
			*pool, y.drops = made, append(y.drops, drop)
		}
		return err
	}
	made, drop, err := y.Build(ctx, y.Server)
	if err := keep(&y.current, made, drop, err); err != nil {
		return err
	}
	made, drop, err = y.Server.Copy(ctx, y.current)
	if err := keep(&y.target, made, drop, err); err != nil {
		return err
	}
	if y.base, err = catalog.Read(ctx, y.current, catalog.Options{Exclude: y.Exclude}); err != nil {
		return err
	}
	for _, c := range unsaved {
		for _, sql := range c.Up {
			if _, err := y.current.Exec(ctx, sql); err != nil {
				return fmt.Errorf("apply the unsaved changes to a scratch database: %w", err)
			}
		}
	}
	y.key = key
	return nil
}

// keyOf is a hash of the migrations and changes.
func (y *Syncer) keyOf(unsaved []Change) (string, error) {
	h := sha256.New()
	names, err := fs.Glob(y.Migrations, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(y.Migrations, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d %s", name, len(text), text)
	}
	fmt.Fprintf(h, "%q", unsaved)
	return hex.EncodeToString(h.Sum(nil)), nil
}
