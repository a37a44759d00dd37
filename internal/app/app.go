// Package app is the composition root: it creates and connects the parts that a Config describes. The commands, the production server,
// the development session and the end-to-end tests all get their parts from here, so that they work alike.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// App creates the parts of one project in one environment.
type App struct {
	Config  *config.Config
	Version string // of the binary, for the health report
	Logger  *slog.Logger
	Now     func() time.Time
	Env     func(string) string         // the process's environment, for finding Postgres and the user's cache
	Lookup  func(string) (string, bool) // the same, and whether a variable is set; nil takes an empty one for unset

	// Announce receives the database and server that are about to be used; it may be nil.
	Announce func(environment, database string)

	// Guard makes sure that a container is removed if this process is killed, until dismiss is called; it may be nil.
	Guard func(container string) (dismiss func(), err error)

	tracing  *tracing.Tracing // nil traces nothing
	instance string           // of the process, in traces and metrics; empty before identity
}

// ParseSchema reads the project's schema and returns it with its mistakes and warnings. The schema is nil if it has mistakes.
func (a *App) ParseSchema() (*schema.Schema, diag.List) {
	return celsql.Parser().ParseFS(os.DirFS(a.Config.Root), filepath.ToSlash(a.Config.Schema))
}

// Schema reads the project's schema. An invalid schema is an error that lists its mistakes.
func (a *App) Schema() (*schema.Schema, error) {
	s, mistakes := a.ParseSchema()
	if err := mistakes.Err("check " + a.Config.Schema); err != nil {
		return nil, err
	}
	return s, nil
}

// AnnounceDatabase announces the location of a database, without its user and password.
func (a *App) AnnounceDatabase(url string) {
	if where := pg.Where(url); where != "" && a.Announce != nil {
		a.Announce(a.Config.Environment, where)
	}
}

// announceLocal announces the local Postgres, which has no address before it starts.
func (a *App) announceLocal() {
	if a.Announce != nil {
		a.Announce(a.Config.Environment, a.Config.Project+" on the local Postgres")
	}
}

// Connect opens a pool to url and checks that Postgres responds.
func (a *App) Connect(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return pg.Connect(ctx, a.poolOptions(url))
}

func (a *App) poolOptions(url string) pg.Options {
	return pg.Options{
		URL:             url,
		MaxConns:        int32(a.Config.Database.MaxConnections),
		ConnectTimeout:  a.Config.Database.ConnectTimeout,
		ApplicationName: "krowoc " + a.Config.Project,
		Logger:          a.Logger,
		Tracer:          a.sqlTracer(),
	}
}

// Scratch returns a server for scratch databases: the existing server in the options, or one with the configured version of Postgres.
func (a *App) Scratch(ctx context.Context, o scratch.Options) (*scratch.Server, error) {
	o.Pool, o.Version, o.Env, o.Guard = a.poolOptions(""), a.Config.Database.Postgres, a.Env, a.guarded
	return scratch.Open(ctx, o)
}

// ScratchEngine returns the engine for scratch databases. It follows from the configuration of the development stack.
func (a *App) ScratchEngine() scratch.Engine {
	if a.Stack().EngineOf(a.Config.Dev.Postgres.Engine) == stack.Docker {
		return scratch.Docker
	}
	return scratch.Native
}

// Migrator returns a migrator for the migration folder and the database of pool. report receives every step, and options change its other
// settings. In development and test, the migrator records the checksums of the migrations that it applies.
func (a *App) Migrator(pool *pgxpool.Pool, report func(migrate.Event), options ...func(*migrate.Options)) (*migrate.Migrator, error) {
	c := a.Config.Migrations
	dir := a.Config.Path(c.Dir)
	o := migrate.Options{
		DB: pool, FS: os.DirFS(dir), Dir: c.Dir, Table: c.Table, Logger: a.Logger, Report: report, Trace: a.traceMigration, Now: a.Now,
		LookupEnv:   a.LookupEnv,
		LockTimeout: c.LockTimeout, StatementTimeout: c.StatementTimeout, LockRetries: cmp.Or(c.LockRetries, -1),
		Before: c.Before, After: c.After,
	}
	if a.Config.IsLocal() {
		o.RecordSums = func(sums migrate.Sums) error { return sums.Write(dir) }
	}
	for _, set := range options {
		set(&o)
	}
	return migrate.New(o)
}

// Seed loads the configured sets of fixtures. options change its other settings.
func (a *App) Seed(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema, options ...func(*seed.Options)) (seed.Summary, error) {
	o := seed.Options{
		DB: pool, Schema: s, FS: seed.Folder(a.Config.Path(a.Config.Seeds.Dir)), Dir: a.Config.Seeds.Dir, Sets: a.SeedSets(), Now: a.Now,
		LookupEnv: a.Filled, Parser: a.SQLParser(),
		Environment: a.Config.Environment,
	}
	if name := a.Protected(pool.Config().ConnString()); name != "" {
		o.Environment, o.Protected = name, true
	}
	for _, set := range options {
		set(&o)
	}
	if len(o.Sets) == 0 && len(o.Generate) == 0 {
		o.Sets = a.Config.Seeds.Sets // Load reports the missing folder
	}
	return seed.Load(ctx, o)
}

// SeedSets returns the configured sets. The default sets are left out if their folder does not exist.
func (a *App) SeedSets() []string {
	sets := a.Config.Seeds.Sets
	if a.Config.Origin("seeds.sets").Source != config.FromDefault {
		return sets
	}
	return slices.DeleteFunc(slices.Clone(sets), func(set string) bool {
		_, err := os.Stat(filepath.Join(a.Config.Path(a.Config.Seeds.Dir), set))
		return errors.Is(err, fs.ErrNotExist)
	})
}

// guarded makes sure that a container is removed if this process is killed, until dismiss is called.
func (a *App) guarded(name string) (dismiss func()) {
	if a.Guard == nil {
		return func() {}
	}
	dismiss, err := a.Guard(name)
	if err != nil {
		a.Logger.Warn(fmt.Sprintf("the container %s keeps running if krowoc is killed: %v", name, err))
		return func() {}
	}
	return dismiss
}

// httpClient is for calls to other services: health checks of URLs.
func (a *App) httpClient() *http.Client { return &http.Client{Timeout: a.Config.Health.Timeout} }

// release names what is deployed: the configured release of the project, or else the version of Krowoc.
func (a *App) release() string { return cmp.Or(a.Config.Release, a.Version) }

// Settled returns the memory of a comparison on a server of scratch databases. write writes what was compared, and how. It remembers nothing
// where there is no cache folder.
func (a *App) Settled(ctx context.Context, s *scratch.Server, write func(io.Writer) error) (scratch.Settled, error) {
	cache, err := local.CacheDir(a.Env)
	if err != nil {
		return scratch.Settled{}, nil //nolint:nilerr // everything works without
	}
	program, err := program()
	if err != nil {
		return scratch.Settled{}, nil //nolint:nilerr // everything works without
	}
	server, err := s.Identity(ctx)
	if err != nil {
		return scratch.Settled{}, err
	}
	return scratch.SettledIn(filepath.Join(cache, "settled"), func(w io.Writer) error {
		// A migration may create partitions for the days to come.
		fmt.Fprintf(w, "%q\n", []string{program, a.Version, server, a.Now().UTC().Format(time.DateOnly), a.Config.Migrations.Table})
		return write(w)
	})
}

// program identifies the running program, of which a build without a version differs from the next one.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano()), nil
}
