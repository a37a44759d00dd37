// Package change edits a schema, writes the migrations for a change, reports what a change affects, and squashes migrations.
package change

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Diff returns the migrations that are missing to turn the result of the existing migrations into the schema. It has run them up and down
// on a scratch database. It remembers for which files there is nothing to do.
func Diff(ctx context.Context, a *app.App, s *scratch.Server, o ddl.PlanOptions) (plan ddl.Plan, err error) {
	o.Exclude = migrate.InternalTables(a.Config.Migrations.Table)
	if _, err := a.Schema(); err != nil {
		return plan, err
	}
	memory, err := settledFor(ctx, a, s, o)
	if err != nil {
		return plan, err
	}
	if plan, known := memory.recall(); known {
		return plan, nil
	}
	err = withTarget(ctx, a, s, func(db *pgxpool.Pool, target *ddl.Target) error {
		plan, err = target.Plan(ctx, db, o)
		return err
	})
	if err == nil {
		memory.remember(plan)
	}
	return plan, err
}

// withTarget calls f with a scratch database to which the migrations are applied, and with what the schema describes.
func withTarget(ctx context.Context, a *app.App, s *scratch.Server, f func(*pgxpool.Pool, *ddl.Target) error) (err error) {
	types, err := a.Schema()
	if err != nil {
		return err
	}
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	target, dropTarget, err := s.Target(ctx, db, types)
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
