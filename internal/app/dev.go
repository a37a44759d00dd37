package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/supervise"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DevOptions are the options of a session that are not in the configuration.
type DevOptions struct {
	PID      int
	Environ  []string     // of the project's own processes, as NAME=value
	Control  *dev.Control // may be nil
	Report   func(dev.Event)
	Progress func(local.Progress)
}

// AnnounceDev announces the database of a development session.
func (a *App) AnnounceDev() {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
		return
	}
	a.announceLocal()
}

// Dev runs a development session until ctx ends.
func (a *App) Dev(ctx context.Context, o DevOptions) error {
	c := a.Config
	if err := a.RefuseElsewhere("start the session", c.Database.URL.Reveal()); err != nil {
		return err // it changes tables without asking
	}
	a.AnnounceDev()
	if err := a.traceSession(); err != nil {
		return err
	}
	tools := a.newDevConsole()
	return dev.Run(ctx, dev.Options{
		Project: &devProject{a, a.Stack(), tools, o},
		Name:    c.Project, Root: c.Root, StateDir: a.StateDir(), ConfigPath: c.File, Schema: filepath.ToSlash(c.Schema),
		Migrations: c.Path(c.Migrations.Dir), Seeds: c.Path(c.Seeds.Dir), Watch: c.Dev.Watch, Address: c.Server.Address,
		DatabaseURL: c.Database.URL.Reveal(),
		Control:     o.Control, Report: tools.watch(o.Report), Now: a.Now, PID: o.PID,
	})
}

// devProject creates the parts of a development session.
type devProject struct {
	app     *App
	stack   *stack.Stack
	console *devConsole
	options DevOptions
}

// StartPostgres implements dev.Project.
func (p *devProject) StartPostgres(ctx context.Context, log *slog.Logger) (dev.Postgres, error) {
	return p.stack.StartPostgres(ctx, log, p.options.Progress)
}

// Services implements dev.Project.
func (p *devProject) Services(log func(part string) *slog.Logger) []dev.Service {
	return append(p.stack.Start(), p.console.service(log))
}

// Commands implements dev.Project.
func (p *devProject) Commands(env []string) ([]supervise.Process, error) {
	return p.stack.Commands(p.options.Environ, env)
}

// Connect implements dev.Project.
func (p *devProject) Connect(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return p.app.Connect(ctx, url)
}

// Migrator implements dev.Project.
func (p *devProject) Migrator(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error) {
	return p.app.Migrator(pool, report)
}

// Syncer implements dev.Project.
func (p *devProject) Syncer(url string) *sync.Syncer {
	c := p.app.Config
	server := scratch.Existing(scratch.Options{URL: url, Pool: p.app.poolOptions(""), Quiet: true})
	return sync.New(sync.Options{
		Server:     server,
		Migrations: os.DirFS(c.Path(c.Migrations.Dir)),
		Exclude:    migrate.InternalTables(c.Migrations.Table),
		Build:      p.app.MigratedDatabase,
		Migrated:   p.app.isMigrated,
		WriteBuild: p.app.WriteMigrations,
		Settled: func(ctx context.Context, types *schema.Schema) (sync.Memory, error) {
			return p.app.Settled(ctx, server, func(w io.Writer) error {
				fmt.Fprintln(w, "dev")
				return errors.Join(sdl.Print(w, types), p.app.WriteMigrations(w))
			})
		},
	})
}

// Branches implements dev.Project.
func (p *devProject) Branches(url string) dev.Branches {
	if b := p.app.branches(url); b != nil {
		return b
	}
	return nil
}

// SeedSets implements dev.Project.
func (p *devProject) SeedSets() []string { return p.app.SeedSets() }

// Seed implements dev.Project.
func (p *devProject) Seed(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error) {
	return p.app.Seed(ctx, pool, s)
}

// Generate implements dev.Project. It writes the configured targets, except files that were edited by hand.
func (p *devProject) Generate(s *schema.Schema) (written []string, err error) {
	jobs, err := p.app.GenerateJobs(nil)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	changes, err := generate.Plan(generate.Input{Project: p.app.Config.Project, Schema: s}, jobs)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(c generate.Change) bool { return c.State != "" })
	if err := generate.Write(changes, false); err != nil {
		return nil, err
	}
	for _, c := range changes {
		written = append(written, p.app.Relative(c.Path))
	}
	return written, nil
}

// API implements dev.Project.
func (p *devProject) API(address string, pool *pgxpool.Pool, s *schema.Schema, log *slog.Logger) (dev.API, error) {
	return p.console.newAPI(address, pool, s, log)
}

// Stack returns the configured development stack.
func (a *App) Stack() *stack.Stack {
	c := a.Config.Dev
	o := stack.Options{
		Project: a.Config.Project, Root: a.Config.Root, StateDir: a.StateDir(), Engine: stack.Engine(c.Engine), Web: c.Web,
		Postgres: stack.Postgres{Engine: c.Postgres.Engine, Image: c.Postgres.Image, Replicas: c.Postgres.Replicas, Version: a.Config.Database.Postgres},
		Redis:    stack.Redis(c.Redis),
		Logger:   a.Logger, Env: a.Env, Guard: a.guarded,
	}
	for _, s := range c.Services {
		o.Services = append(o.Services, stack.Service(s))
	}
	for _, p := range c.Processes {
		o.Processes = append(o.Processes, stack.Process(p))
	}
	return stack.New(o)
}
