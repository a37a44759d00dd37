// Package dev runs a development session: a local Postgres, migrations, seeds and the API, updated when a file of the project changes.
// An invalid file is reported, and the last valid state keeps serving. When the context ends, the parts stop in reverse order.
package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	stdsync "sync"
	"time"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/supervise"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options configure a session. All paths except Schema are absolute.
type Options struct {
	Project    Project
	Name       string // of the project and of its local database
	Root       string // the project's folder
	Schema     string // a file, a folder or a file pattern, relative to Root, with forward slashes
	StateDir   string // .krowoc: data, log, state of the session
	ConfigPath string // the configuration file
	Migrations string // folder
	Seeds      string // folder; it may be missing
	Watch      bool
	Address    string // host:port of the API

	DatabaseURL string // an existing database to use; if empty, the project starts its own server

	Control *Control // may be nil

	Report func(Event) // called from one goroutine at a time
	Now    func() time.Time
	PID    int
}

// Project creates the parts of a session. The composition root implements it.
type Project interface {
	// StartPostgres starts a server with a database named after the project, on the same port as the last time.
	StartPostgres(ctx context.Context, log *slog.Logger) (Postgres, error)
	// Services returns the services. log returns the logger for a part.
	Services(log func(part string) *slog.Logger) []Service
	// Commands returns the project's own processes. env is what the stack adds to their environment.
	Commands(env []string) ([]supervise.Process, error)

	Connect(ctx context.Context, url string) (*pgxpool.Pool, error)
	Migrator(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error)
	// Syncer returns what changes the tables to match the schema. url is a database on the session's own server.
	Syncer(url string) *sync.Syncer
	// Branches returns the databases of the git branches on that server, or nil if all branches share one database.
	Branches(url string) Branches

	SeedSets() []string
	Seed(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error)
	// Generate writes the models of a schema and returns the files that changed.
	Generate(s *schema.Schema) (written []string, err error)
	// API returns a server for a schema. The caller starts it.
	API(address string, pool *pgxpool.Pool, s *schema.Schema, log *slog.Logger) (API, error)
}

// API is a server whose schema can be replaced while it serves.
type API interface {
	Start(ctx context.Context) error
	URL() string
	Replace(s *schema.Schema) error
	Stop(ctx context.Context) error
}

// Branches switches to the database of the current git branch.
type Branches interface {
	HeadFile() string                                      // the file that changes when the branch does
	Follow(ctx context.Context) (branch string, err error) // the branch, if it differs from the previous one
	Reset(ctx context.Context) error                       // empties the database
}

// session is a development session: its options and the parts that have started.
type session struct {
	Options
	*reporter
	began    time.Time
	lock     *sessionLock
	postgres *database
	pool     *pgxpool.Pool
	schema   *schema.Schema // the one being served; its tables exist
	api      API
	syncer   *sync.Syncer // nil for an existing database
	branches Branches     // nil if all branches share one database
	copyable bool         // this session has run all migrations of the database, which took long

	cancel    context.CancelFunc // ends the work in the background
	services  services
	restarted chan struct{}         // a service was restarted; its URL may have changed
	processes *supervise.Supervisor // nil without processes

	background stdsync.WaitGroup
}

// stopTimeout is how long the parts may take to stop.
const stopTimeout = 25 * time.Second

// Run starts the session and keeps it running until ctx ends. That is not an error once the session was up. Run stops everything that it
// started, even if it fails.
func Run(ctx context.Context, o Options) error {
	s := &session{Options: o, reporter: &reporter{sink: o.Report, now: o.Now}, began: o.Now(), restarted: make(chan struct{}, 1)}
	lock, err := acquire(ctx, o.StateDir, State{PID: o.PID, Started: o.Now(), Project: o.Name})
	if err != nil {
		return err
	}
	s.lock = lock
	ctx, end := context.WithCancelCause(ctx)
	s.cancel = func() { end(nil) }
	defer s.stop(ctx)
	s.background.Go(func() { s.guard(ctx, end) })
	err = s.run(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, errDeleted) {
		return cause
	}
	return err
}

// run starts the session and keeps it running until ctx ends.
func (s *session) run(ctx context.Context) error {
	if !s.Watch {
		if err := s.start(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err := s.idle(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	}
	watcher, err := s.newWatcher() // first, so that changes during the start are not missed
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

// start runs the phases in the order of their dependencies. An invalid file does not end the session, which waits until the file is
// fixed.
func (s *session) start(ctx context.Context) error {
	s.startServices(ctx)
	if err := s.startPostgres(ctx); err != nil {
		return err
	}
	if err := s.syncDatabase(ctx); err != nil {
		return err
	}
	s.copyable = false // others connect to the database from now on
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
	s.background.Go(func() { s.awaitProcesses(ctx) })
	if types := s.schema; s.Watch && s.syncer != nil && types != nil {
		s.background.Go(func() { s.prepareSync(ctx, types) })
	}
	return nil
}

// syncDatabase applies the pending migrations, changes the tables to match the schema, and loads the seeds if they changed.
func (s *session) syncDatabase(ctx context.Context) error {
	migrated := s.tolerate("migrate", s.migrateUp(ctx))
	if s.loadSchema(ctx, migrated) && migrated {
		s.tolerate("seed", s.loadSeeds(ctx))
	}
	return ctx.Err()
}

// tolerate reports an error without ending the session. It returns whether err is nil.
func (s *session) tolerate(part string, err error) bool {
	if err != nil && fault.CodeOf(err) != fault.Canceled {
		s.fail(part, err)
	}
	return err == nil
}

// announce reports that the API is up, with the URLs of all parts.
func (s *session) announce() error {
	state := s.currentState()
	if err := s.publish(state); err != nil {
		return err
	}
	s.emit(Event{Part: "dev", Ready: &Ready{State: state, Took: s.now().Sub(s.began)}})
	return nil
}

// currentState returns the state with all parts that are up.
func (s *session) currentState() State {
	state := s.lock.current()
	state.DatabaseURL, state.Failed, state.Links, state.Vars = s.postgres.url, s.failedParts(), nil, nil
	if s.api != nil {
		state.URL = s.api.URL()
	}
	for i, url := range s.postgres.replicas(s.Name) {
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

// publish writes a state to the files that other commands and programs read.
func (s *session) publish(state State) error {
	return errors.Join(s.lock.write(state), writeEnv(s.StateDir, state))
}

// stop stops the started parts in reverse order, after ctx has ended.
func (s *session) stop(ctx context.Context) {
	hasFolder := s.lock.check() == nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	s.info("dev", "stopping")
	s.cancel()
	s.background.Wait()
	if s.processes != nil {
		s.processes.Stop(ctx)
	}
	if s.api != nil {
		s.tolerate("api", s.api.Stop(ctx))
	}
	if s.syncer != nil && hasFolder {
		s.tolerate("schema", s.closeSyncer(ctx))
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

// LogPath is the log file of a session.
func LogPath(stateDir string) string { return filepath.Join(stateDir, "dev.log") }
