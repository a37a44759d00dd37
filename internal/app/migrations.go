package app

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/pg/sqltext"

	"github.com/jackc/pgx/v5/pgxpool"
)

// LintOptions returns how the migrations are linted; only names the files to look at, nil all. postgres is the major
// version to judge for, 0 the configured one. Its error is one of the configuration.
func (a *App) LintOptions(only map[string]bool, postgres int) (lint.Options, error) {
	c := a.Config
	var settings []lint.Setting
	for _, r := range c.Lint.Rules {
		settings = append(settings, lint.Setting{Rule: r.Rule, Severity: lint.Severity(r.Severity), Paths: r.Paths})
	}
	o := lint.Options{
		FS: os.DirFS(c.Path(c.Migrations.Dir)), Dir: c.Migrations.Dir, Parser: a.SQLParser(), Only: only, Settings: settings,
		Postgres:    cmp.Or(postgres, c.Lint.Postgres, c.Database.Postgres),
		LockTimeout: c.Migrations.LockTimeout > 0, StatementTimeout: c.Migrations.StatementTimeout > 0,
		LookupEnv: a.LookupEnv, Logger: a.Logger,
	}
	return o, lint.CheckSettings(settings)
}

// SQLParser returns the parser of SQL, which keeps its compiled form in the user's cache.
func (a *App) SQLParser() *sqltext.Parser {
	cache, err := local.CacheDir(a.Env)
	if err != nil {
		return sqltext.NewParser("") // nothing is kept for the next process
	}
	return sqltext.NewParser(filepath.Join(cache, "sql-parser"))
}

// Verify proves on a scratch database that the migrations can be rolled back; only names the files to look at, nil all.
func (a *App) Verify(ctx context.Context, s *scratch.Server, only map[string]bool, report func(verify.File)) (verify.Result, error) {
	o := a.VerifyOptions(s, nil)
	o.Only, o.Report = only, report
	return verify.Run(ctx, o)
}

// VerifyOptions returns how the migrations are built on scratch databases: all of them, or only the files that are named.
func (a *App) VerifyOptions(s *scratch.Server, files map[string]bool) verify.Options {
	c := a.Config.Migrations
	folder := os.DirFS(a.Config.Path(c.Dir))
	if files != nil {
		folder = subset{folder, files}
	}
	return verify.Options{
		Database: s.Database, FS: folder, Dir: c.Dir, Table: c.Table, MakeRoles: s.Own(),
		Now: a.Now, Logger: a.Logger, LookupEnv: a.LookupEnv,
	}
}

// MigratedDatabase makes a scratch database with what the migrations build: nothing while their folder is missing.
func (a *App) MigratedDatabase(ctx context.Context, s *scratch.Server) (*pgxpool.Pool, func() error, error) {
	if _, err := os.Stat(a.Config.Path(a.Config.Migrations.Dir)); errors.Is(err, fs.ErrNotExist) {
		return s.Database(ctx)
	}
	return verify.BuildDatabase(ctx, a.VerifyOptions(s, nil))
}

// Drift is how a live database differs from what its applied migrations build.
type Drift struct {
	Applied     int                  `json:"applied"` // migrations
	Differences []catalog.Difference `json:"differences"`
}

// Drift compares the database behind live with what the migrations that are applied to it build on a scratch database.
func (a *App) Drift(ctx context.Context, live *pgxpool.Pool, s *scratch.Server) (d Drift, err error) {
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
			return d, fault.New(fault.Conflict, "look for drift", "the database has a migration that this folder does not", "`krowoc migrate status` shows which: get its file first")
		}
		applied[m.File] = true
	}
	expected, err := verify.Build(ctx, a.VerifyOptions(s, applied))
	if err != nil {
		return d, err
	}
	actual, err := catalog.Read(ctx, live, catalog.Options{Exclude: migrate.InternalTables(a.Config.Migrations.Table)})
	return Drift{len(applied), append([]catalog.Difference{}, catalog.Compare(expected, actual)...)}, err
}

// subset is a folder that shows only some of its files.
type subset struct {
	fs.FS
	files map[string]bool
}

// ReadDir implements fs.ReadDirFS.
func (c subset) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(c.FS, name)
	var list []fs.DirEntry
	for _, e := range entries {
		if c.files[path.Join(name, e.Name())] {
			list = append(list, e)
		}
	}
	return list, err
}

// LookupEnv returns a variable of the process, which an empty value does not set.
func (a *App) LookupEnv(name string) (string, bool) {
	value := a.Env(name)
	return value, value != ""
}
