package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema/sdl"

	"github.com/jackc/pgx/v5/pgxpool"
)

// LintOptions returns the options to lint migrations. only contains the files to check; nil means all. postgres is the major version to
// check for; 0 means the configured one. It returns an error if the configuration is invalid.
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

// SQLParser returns the SQL parser, which caches its compiled form in the user's cache folder.
func (a *App) SQLParser() *sqltext.Parser {
	cache, err := local.CacheDir(a.Env)
	if err != nil {
		return sqltext.NewParser("") // no cache folder
	}
	return sqltext.NewParser(filepath.Join(cache, "sql-parser"))
}

// Verify checks on a scratch database that the migrations can be rolled back. only contains the files to check; nil means all.
func (a *App) Verify(ctx context.Context, s *scratch.Server, only map[string]bool, report func(verify.File)) (verify.Result, error) {
	o := a.VerifyOptions(s, nil)
	o.Only, o.Report = only, report
	return verify.Run(ctx, o)
}

// VerifyOptions returns the options to apply migrations to scratch databases. files contains the files to check; nil means all.
func (a *App) VerifyOptions(s *scratch.Server, files map[string]bool) verify.Options {
	c := a.Config.Migrations
	folder := os.DirFS(a.Config.Path(c.Dir))
	if files != nil {
		folder = subset{folder, files}
	}
	return verify.Options{
		Database: s.Database, FS: folder, Dir: c.Dir, Table: c.Table, MakeRoles: s.Own(),
		Parser: a.SQLParser(), Now: a.Now, Logger: a.Logger, LookupEnv: a.LookupEnv,
	}
}

// MigratedDatabase creates a scratch database and applies the migrations to it. Without a migration folder it stays empty.
func (a *App) MigratedDatabase(ctx context.Context, s *scratch.Server) (*pgxpool.Pool, func() error, error) {
	if _, err := os.Stat(a.Config.Path(a.Config.Migrations.Dir)); errors.Is(err, fs.ErrNotExist) {
		return s.Database(ctx)
	}
	return verify.BuildDatabase(ctx, a.VerifyOptions(s, nil))
}

// isMigrated reports whether a database has all migrations of the project, unchanged and no others.
func (a *App) isMigrated(ctx context.Context, db *pgxpool.Pool) (bool, error) {
	m, err := a.Migrator(db, nil)
	if err != nil {
		return false, err
	}
	status, err := m.Status(ctx)
	return err == nil && !slices.ContainsFunc(status, func(m migrate.Status) bool { return m.State != migrate.Applied }), err
}

// MigrationNames lists the files of the migrations. A missing folder has none.
func (a *App) MigrationNames() ([]string, error) {
	dir := a.Config.Path(a.Config.Migrations.Dir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return migrate.SourceNames(os.DirFS(dir), a.Config.Migrations.Dir, a.Logger)
}

// WriteSchema writes the files of the schema for a hash.
func (a *App) WriteSchema(w io.Writer) error {
	sources, err := sdl.ReadFS(os.DirFS(a.Config.Root), filepath.ToSlash(a.Config.Schema))
	if err != nil {
		return err
	}
	for _, s := range sources {
		fmt.Fprintf(w, "%q %q\n", s.Name, s.Text)
	}
	return nil
}

// WriteMigrations writes the migrations, with the values of variables, for a hash.
func (a *App) WriteMigrations(w io.Writer) error {
	names, err := a.MigrationNames()
	if err != nil {
		return err
	}
	c := a.Config.Migrations
	inGo, err := filepath.Glob(filepath.Join(a.Config.Path(c.Dir), "*.go")) // a run that would have to apply one is refused
	if err != nil {
		return err
	}
	for _, path := range inGo {
		fmt.Fprintf(w, "%q\n", filepath.Base(path))
	}
	for _, name := range names {
		source, err := migrate.ReadSource(os.DirFS(a.Config.Path(c.Dir)), c.Dir, name, a.LookupEnv)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%q %q\n", name, source.Text)
		for _, s := range source.Up {
			fmt.Fprintf(w, "%q\n", s.Text)
		}
	}
	return nil
}

// subset is a folder with only some of its files.
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

// LookupEnv returns an environment variable, and whether it is set. An empty value counts as set.
func (a *App) LookupEnv(name string) (string, bool) {
	if a.Lookup != nil {
		return a.Lookup(name)
	}
	return a.Filled(name)
}

// Filled returns an environment variable. An empty value counts as not set.
func (a *App) Filled(name string) (string, bool) {
	value := a.Env(name)
	return value, value != ""
}
