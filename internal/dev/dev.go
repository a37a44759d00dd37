// Package dev runs a development session: a local Postgres, the migrations, the seeds and the API, kept in
// step with the files that a team edits. A mistake in a file is reported and the last good state keeps
// serving; the end of the context stops everything in reverse order.
package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/supervise"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say what a session runs. Paths are absolute.
type Options struct {
	Project    string // shown to people, and the name of the local database
	StateDir   string // .krowoc: data folder, log, session file
	ConfigPath string // the file of the configuration
	SchemaPath string // a file or a folder
	Migrations string // folder
	Seeds      string // folder; it need not exist
	SeedSets   func() []string
	Watch      bool

	// DatabaseURL is an existing database to use; where it is empty, StartPostgres starts a server with a database called
	// Project, on the port that it had before.
	DatabaseURL   string
	StartPostgres func(ctx context.Context, log *slog.Logger) (Postgres, error)

	// Services returns the services, given what makes the loggers of parts; nil is none.
	Services func(log func(part string) *slog.Logger) []Service
	// Processes returns the team's own processes, given what the stack adds to their environment; nil is none.
	Processes func(env []string) ([]supervise.Process, error)

	Connect  func(ctx context.Context, url string) (*pgxpool.Pool, error)
	Migrator func(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error)
	Seed     func(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error)
	Parse    func() (*schema.Schema, diag.List)
	NewAPI   func(pool *pgxpool.Pool, s *schema.Schema, log *slog.Logger) (API, error)
	// NewAPIElsewhere is NewAPI for a port that is free, where the API's own is taken.
	NewAPIElsewhere func(pool *pgxpool.Pool, s *schema.Schema, log *slog.Logger) (API, error)
	// NewSyncer returns what brings the tables in step with the schema, on the local server with this database; nil leaves
	// that to migrations.
	NewSyncer func(url string) Syncer
	Generate  func() (written []string, err error) // writes the models; nil writes none
	// Empty makes the database of a name an empty one, on the local server with this database; nil cannot be done.
	Empty func(ctx context.Context, url, name string) error
	// NewBranches returns the databases of the branches of git, on the local server with this database; nil keeps one for all.
	NewBranches func(url string) Branches

	Control *Control // may be nil

	Report func(Event) // called from one goroutine at a time
	Now    func() time.Time
	PID    int
}

// API is a server whose schema can be replaced while it serves.
type API interface {
	Start(ctx context.Context) error
	URL() string
	Replace(s *schema.Schema) error
	Stop(ctx context.Context) error
}

// Syncer changes the tables of a database to what a schema says, and returns the statements that did.
type Syncer interface {
	Sync(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) ([]string, error)
	Close(ctx context.Context) error
}

// Branches makes the database that of the branch of git which is checked out.
type Branches interface {
	HeadFile() string                                      // the file that changes with the branch
	Follow(ctx context.Context) (branch string, err error) // the branch where it is another than before
	Reset(ctx context.Context) error                       // makes the database an empty one
}

// session is one run: its options and what is up so far.
type session struct {
	Options
	*reporter
	began    time.Time
	lock     *sessionLock
	postgres *database
	pool     *pgxpool.Pool
	schema   *schema.Schema // that is served: its tables are there
	api      API
	syncer   Syncer   // nil where the database is somebody else's
	branches Branches // nil where all share one database
	late     bool     // the tables are to be compared with the schema once the session is up

	cancel    context.CancelFunc // ends what goes on in the background
	services  services
	moved     chan struct{}         // a service was started anew, and may be elsewhere
	processes *supervise.Supervisor // nil where there are none
	settling  sync.WaitGroup
}

// stopTimeout bounds how long the parts may take to stop.
const stopTimeout = 25 * time.Second

// Run brings the session up and keeps it up until ctx ends, which is no error once the session was up. In
// every case nothing it started is left running.
func Run(ctx context.Context, o Options) error {
	s := &session{Options: o, reporter: &reporter{sink: o.Report, now: o.Now}, began: o.Now(), moved: make(chan struct{}, 1)}
	lock, err := acquire(ctx, o.StateDir, State{PID: o.PID, Started: o.Now(), Project: o.Project})
	if err != nil {
		return err
	}
	s.lock = lock
	ctx, s.cancel = context.WithCancel(ctx)
	defer s.stop(ctx)
	if !o.Watch {
		if err := s.start(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err := s.idle(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	}
	watcher, err := s.newWatcher() // first, so that no save is missed that comes while the parts start
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := s.start(ctx); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	if err := s.watch(ctx, watcher); ctx.Err() == nil {
		return err
	}
	return nil
}

// start runs the phases in dependency order. A mistake in the team's files does not end it: the session
// stays up and waits for the save that mends it.
func (s *session) start(ctx context.Context) error {
	s.startServices(ctx)
	if err := s.startPostgres(ctx); err != nil {
		return err
	}
	if err := s.syncDatabase(ctx); err != nil {
		return err
	}
	if err := s.serve(ctx); err != nil {
		return err
	}
	s.services.await()
	if err := s.announce(); err != nil {
		return err
	}
	s.tolerate("dev", s.startProcesses(ctx))
	if s.Control != nil {
		s.Control.bind(s)
	}
	s.settling.Go(func() { s.settle(ctx) })
	return nil
}

// syncDatabase applies what is pending and loads the seeds if they changed.
func (s *session) syncDatabase(ctx context.Context) error {
	migrated := s.tolerate("migrate", s.migrateUp(ctx))
	if s.loadSchema(ctx, migrated) && migrated {
		s.tolerate("seed", s.loadSeeds(ctx))
	}
	return ctx.Err()
}

// tolerate reports an error in the team's own files and goes on.
func (s *session) tolerate(part string, err error) bool {
	if err != nil && fault.CodeOf(err) != fault.Canceled {
		s.fail(part, err)
	}
	return err == nil
}

// announce says that the API is up, where it is, and what else there is.
func (s *session) announce() error {
	state := s.currentState()
	if err := s.publish(state); err != nil {
		return err
	}
	s.emit(Event{Part: "dev", Ready: &Ready{State: state, Took: s.now().Sub(s.began)}})
	return nil
}

// currentState is the state with all that is up.
func (s *session) currentState() State {
	state := s.lock.current()
	state.DatabaseURL, state.Links, state.Vars = s.postgres.url, nil, nil
	if s.api != nil {
		state.URL = s.api.URL()
	}
	for i, url := range s.postgres.replicas(s.Project) {
		name, suffix := "replica", ""
		if i > 0 {
			suffix = fmt.Sprint("_", i+1)
		}
		state.Links = append(state.Links, Link{name, url})
		state.Vars = append(state.Vars, "DATABASE_REPLICA_URL"+suffix+"="+url)
	}
	for _, r := range s.services.await() {
		if r.URL != "" {
			state.Links = append(state.Links, Link{r.Name, r.URL})
		}
		state.Vars = append(state.Vars, r.Env...)
	}
	state.Links = append(state.Links, s.processLinks()...)
	return state
}

// publish tells other commands and programs of a state.
func (s *session) publish(state State) error {
	return errors.Join(s.lock.write(state), writeEnv(s.StateDir, state))
}

// stop ends what was started, in reverse order, after ctx has ended.
func (s *session) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	s.info("dev", "stopping")
	s.cancel()
	s.settling.Wait()
	if s.processes != nil {
		s.processes.Stop(ctx)
	}
	if s.api != nil {
		s.tolerate("api", s.api.Stop(ctx))
	}
	if s.syncer != nil {
		s.tolerate("schema", s.syncer.Close(ctx))
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.postgres != nil {
		s.tolerate("postgres", s.postgres.stop(ctx))
	}
	s.tolerate("dev", s.services.stop(ctx))
	s.lock.release()
}

// LogPath is where a session of the state folder writes what it reports.
func LogPath(stateDir string) string { return filepath.Join(stateDir, "dev.log") }
