package app

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
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
