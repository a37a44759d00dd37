package change

import (
	"context"
	"errors"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"

	"github.com/jackc/pgx/v5/pgxpool"
)

// SaveUnsaved writes the unsaved changes of a development session as migrations and records in the database that they are applied. It
// returns the paths of the migrations.
func SaveUnsaved(ctx context.Context, a *app.App, s *scratch.Server, db *pgxpool.Pool, name string) (plan ddl.Plan, paths []string, err error) {
	if plan, err = Diff(ctx, a, s, ddl.PlanOptions{}); err != nil {
		return plan, nil, err
	}
	drafts, err := migrate.Number(a.Config.Path(a.Config.Migrations.Dir), Drafts(name, plan), a.Now())
	if err != nil {
		return plan, nil, err
	}
	m, err := a.Migrator(db, nil)
	if err != nil {
		return plan, nil, err
	}
	// Record first: a running session applies a new file unless it is recorded as applied.
	var versions []int64
	for _, d := range drafts {
		versions = append(versions, d.Number())
	}
	if len(versions) > 0 {
		if _, err := m.RecordDrafts(ctx, drafts); err != nil {
			return plan, nil, err
		}
	}
	if paths, err = migrate.Write(a.Config.Path(a.Config.Migrations.Dir), drafts, a.Now()); err != nil {
		return plan, nil, errors.Join(err, m.Unrecord(context.WithoutCancel(ctx), versions))
	}
	return plan, paths, sync.Forget(ctx, db)
}
