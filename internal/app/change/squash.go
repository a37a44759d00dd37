package change

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Squash returns a baseline that replaces all migrations up to a version. It has checked on a scratch database that the baseline builds
// the same database, and that rolling it back leaves nothing. With irreversible it may replace files without a down section, and then has none.
func Squash(ctx context.Context, a *app.App, s *scratch.Server, to int64, name string, irreversible bool) (migrate.Squash, error) {
	o := a.VerifyOptions(s, nil)
	transaction, err := migrate.NewSquash(o.FS, o.Dir, to, name, true, irreversible)
	if err != nil {
		return migrate.Squash{}, err
	}
	if err = proveSquash(ctx, a, s, transaction); err == nil || ctx.Err() != nil {
		return transaction, err
	}
	// A statement cannot run in a transaction, or not in the same one as the others.
	alone, err := migrate.NewSquash(o.FS, o.Dir, to, name, false, irreversible)
	if err != nil {
		return migrate.Squash{}, err
	}
	return alone, proveSquash(ctx, a, s, alone)
}

func proveSquash(ctx context.Context, a *app.App, s *scratch.Server, squash migrate.Squash) (err error) {
	files := map[string]bool{}
	for _, name := range squash.Replaces {
		files[name] = true
	}
	o := a.VerifyOptions(s, files)
	want, err := verify.Build(ctx, o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "krowoc-squash-")
	if err != nil {
		return fault.Wrap("check the baseline", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, squash.File), []byte(squash.Text), 0o600); err != nil {
		return fault.Wrap("check the baseline", err)
	}
	o.FS = os.DirFS(dir)
	got, err := verify.Build(ctx, o)
	if err != nil {
		return err
	}
	if differences := catalog.Compare(want, got); len(differences) > 0 {
		return fault.New(fault.Conflict, "check the baseline", "it does not build the same database as the migrations: "+differences[0].String(),
			"a migration probably depends on existing data or objects: squash up to an earlier version")
	}
	if len(squash.Irreversible) > 0 {
		return nil
	}
	result, err := verify.Run(ctx, o)
	if err == nil && !result.OK {
		return fault.New(fault.Conflict, "check the baseline", result.Files[0].Findings[0].String(), "fix the down sections of the migrations first; check them with `krowoc migrate verify`")
	}
	return err
}
