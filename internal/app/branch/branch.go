// Package branch recreates the development database of a branch of git from the files of the project.
package branch

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/krowoc/krowoc/internal/app"
)

// Reset empties the database of the branch that is checked out, applies the migrations and loads the seeds.
func Reset(ctx context.Context, a *app.App, db *app.Database) error {
	b, err := a.Branches(db)
	if err != nil {
		return err
	}
	types, err := a.Schema()
	if err != nil {
		return err
	}
	db.Reset() // a database with connections cannot be dropped
	if err := b.Reset(ctx); err != nil {
		return err
	}
	m, err := a.Migrator(db.Pool, nil)
	if err != nil {
		return err
	}
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(a.Config.Path(a.Config.Seeds.Dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err = a.Seed(ctx, db.Pool, types)
	return err
}
