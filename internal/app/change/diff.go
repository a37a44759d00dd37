// Package change edits a schema, writes the migrations for a change, reports what a change affects, and squashes migrations.
package change

import (
	"context"
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Diff returns the migrations that are missing to turn the result of the existing migrations into the schema. It has run them up and down
// on a scratch database.
func Diff(ctx context.Context, a *app.App, s *scratch.Server, o ddl.PlanOptions) (plan ddl.Plan, err error) {
	types, err := a.Schema()
	if err != nil {
		return plan, err
	}
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return plan, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	target, dropTarget, err := s.Target(ctx, db, types)
	if err != nil {
		return plan, err
	}
	defer func() { err = errors.Join(err, dropTarget()) }()
	o.Exclude = migrate.InternalTables(a.Config.Migrations.Table)
	return target.Plan(ctx, db, o)
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
