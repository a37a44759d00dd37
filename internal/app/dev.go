package app

import (
	"context"
	"log/slog"
	"net"
	"os"
	"slices"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/supervise"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DevOptions are those of a session that the configuration does not have.
type DevOptions struct {
	PID      int
	Environ  []string     // of the team's own processes, as NAME=value
	Control  *dev.Control // may be nil
	Report   func(dev.Event)
	Progress func(local.Progress)
}

// Dev runs a development session until ctx ends.
func (a *App) Dev(ctx context.Context, o DevOptions) error {
	c := a.Config
	if url := c.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
	} else {
		a.announceLocal()
	}
	tools := a.newDevConsole()
	return dev.Run(ctx, dev.Options{
		Project: c.Project, StateDir: a.StateDir(), PID: o.PID, Control: o.Control, Watch: c.Dev.Watch, Now: a.Now, Report: tools.watch(o.Report),
		ConfigPath: c.File, SchemaPath: c.Path(c.Schema), Migrations: c.Path(c.Migrations.Dir), Seeds: c.Path(c.Seeds.Dir), SeedSets: a.SeedSets,
		DatabaseURL: c.Database.URL.Reveal(),
		StartPostgres: func(ctx context.Context, log *slog.Logger) (dev.Postgres, error) {
			return a.Stack().StartPostgres(ctx, log, o.Progress)
		},
		Services: func(log func(string) *slog.Logger) []dev.Service {
			return append(a.Stack().Start(), tools.service(log))
		},
		Processes: func(env []string) ([]supervise.Process, error) { return a.Stack().Commands(o.Environ, env) },
		Connect:   a.Connect, Parse: a.ParseSchema,
		Migrator: func(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error) {
			return a.Migrator(pool, report)
		},
		Seed: func(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error) {
			return a.Seed(ctx, pool, s)
		},
		NewAPI: func(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (dev.API, error) {
			return tools.newAPI(c.Server.Address, pool, s, logger)
		},
		NewAPIElsewhere: func(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (dev.API, error) {
			host, _, err := net.SplitHostPort(c.Server.Address)
			if err != nil {
				return nil, fault.New(fault.Invalid, "choose another port", "server.address is no host:port")
			}
			return tools.newAPI(net.JoinHostPort(host, "0"), pool, s, logger)
		},
		Empty:     func(ctx context.Context, url, name string) error { return clone.Server{URL: url}.Empty(ctx, name) },
		NewSyncer: a.newSyncer, Generate: a.generateAll,
		NewBranches: func(url string) dev.Branches {
			if b := a.branches(url); b != nil {
				return b
			}
			return nil
		},
	})
}

// generateAll writes the configured targets, but for files that people have edited, and returns what it has written.
func (a *App) generateAll() ([]string, error) {
	jobs, err := a.GenerateJobs(nil)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	changes, err := a.Generate(jobs)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(c generate.Change) bool { return c.State != "" })
	if err := generate.Write(changes, false); err != nil {
		return nil, err
	}
	var written []string
	for _, c := range changes {
		written = append(written, a.Relative(c.Path))
	}
	return written, nil
}

// Stack is the development stack that the configuration describes.
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

// newSyncer returns what brings the tables in step with the schema, on a server that the project has for itself.
func (a *App) newSyncer(url string) dev.Syncer {
	return sync.New(sync.Options{
		Server:     scratch.Existing(scratch.Options{URL: url, Pool: a.poolOptions(""), Quiet: true}),
		Migrations: os.DirFS(a.Config.Path(a.Config.Migrations.Dir)),
		Exclude:    migrate.InternalTables(a.Config.Migrations.Table),
		Build:      a.MigratedDatabase,
	})
}
