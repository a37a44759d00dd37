// Package change edits a schema, writes the migrations for a change, reports what a change affects, and squashes migrations.
package change

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// Diff returns the migrations that are missing to turn the result of the existing migrations into the schema. It has run them up and down
// on a scratch database. What Postgres refuses is left out. It remembers for which files there is nothing to do.
func Diff(ctx context.Context, a *app.App, s *scratch.Server, o ddl.PlanOptions) (plan ddl.Plan, err error) {
	o.Exclude = migrate.InternalTables(a.Config.Migrations.Table)
	if _, err := a.Schema(); err != nil {
		return plan, err
	}
	memory, err := settled(ctx, a, s, o)
	if err != nil {
		return plan, err
	}
	if left, known := memory.Recall(); known {
		return ddl.Plan{Left: left}, nil
	}
	o.Another = func(ctx context.Context) (*pgxpool.Pool, func() error, error) { return a.MigratedDatabase(ctx, s) }
	err = withTarget(ctx, a, s, s.PartialTarget, func(db *pgxpool.Pool, target *ddl.Target) error {
		plan, err = target.Plan(ctx, db, o)
		return err
	})
	isDone := len(plan.Files) == 0 && len(plan.Drops) == 0 && len(plan.LeftOut) == 0
	if err == nil && isDone {
		memory.Remember(plan.Left)
	}
	return plan, err
}

// settled returns the memory of a diff.
func settled(ctx context.Context, a *app.App, s *scratch.Server, o ddl.PlanOptions) (scratch.Settled, error) {
	return a.Settled(ctx, s, func(w io.Writer) error {
		fmt.Fprintf(w, "diff %t %q %t %t\n", o.AllowDrop, o.Exclude, o.Plain, o.Keep != nil)
		return errors.Join(a.WriteSchema(w), a.WriteMigrations(w))
	})
}

// build creates the target of a schema, as Target and PartialTarget of a scratch server do.
type build func(context.Context, *pgxpool.Pool, *schema.Schema) (*ddl.Target, func() error, error)

// withTarget calls f with a scratch database to which the migrations are applied, and with what the schema describes.
func withTarget(ctx context.Context, a *app.App, s *scratch.Server, build build, f func(*pgxpool.Pool, *ddl.Target) error) (err error) {
	types, err := a.Schema()
	if err != nil {
		return err
	}
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	target, dropTarget, err := build(ctx, db, types)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropTarget()) }()
	return f(db, target)
}

// WriteDiff writes the migration files of a plan with a name.
func WriteDiff(a *app.App, name string, plan ddl.Plan) ([]string, error) {
	return migrate.Write(a.Config.Path(a.Config.Migrations.Dir), Drafts(name, plan), a.Now())
}

// Drafts returns the migrations of a plan with a name.
func Drafts(name string, plan ddl.Plan) []migrate.Draft {
	drafts := make([]migrate.Draft, len(plan.Files))
	for i, f := range plan.Files {
		drafts[i] = migrate.Draft{Name: strings.TrimSuffix(name+"_"+f.Suffix, "_"), Note: f.Note, NoTransaction: f.NoTransaction, Up: f.Up, Down: f.Down}
	}
	return drafts
}
