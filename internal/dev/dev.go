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

// Options say what a session runs. Paths are absolute, save Schema.
type Options struct {
	Project    Project
	Name       string // of the project, shown to people, and of the local database
	Root       string // the project's folder
	Schema     string // a file, a folder or a pattern of files below Root, with slashes
	StateDir   string // .krowoc: data folder, log, session file
	ConfigPath string // the file of the configuration
	Migrations string // folder
	Seeds      string // folder; it need not exist
	Watch      bool
	Address    string // host:port of the API

	DatabaseURL string // an existing database to use; where it is empty, the project starts a server of its own

	Control *Control // may be nil

	Report func(Event) // called from one goroutine at a time
	Now    func() time.Time
	PID    int
}

// Project makes the parts of a session. The composition root implements it.
type Project interface {
	// StartPostgres starts a server with a database that has the project's name, on the port that it had before.
	StartPostgres(ctx context.Context, log *slog.Logger) (Postgres, error)
	// Services returns the services, given what makes the loggers of parts.
	Services(log func(part string) *slog.Logger) []Service
	// Commands returns the team's own processes, given what the stack adds to their environment.
	Commands(env []string) ([]supervise.Process, error)

	Connect(ctx context.Context, url string) (*pgxpool.Pool, error)
	Migrator(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error)
	// Syncer returns what brings the tables in step with the schema, on the session's own server, of which url names a database.
	Syncer(url string) *sync.Syncer
	// Branches returns the databases of the branches of git on that server; nil keeps one database for all.
	Branches(url string) Branches

	SeedSets() []string
	Seed(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error)
	// Generate writes the models of a schema and returns the files that changed.
	Generate(s *schema.Schema) (written []string, err error)
	// API returns a server of a schema that is still to start.
	API(address string, pool *pgxpool.Pool, s *schema.Schema, log *slog.Logger) (API, error)
}

// API is a server whose schema can be replaced while it serves.
type API interface {
	Start(ctx context.Context) error
	URL() string
	Replace(s *schema.Schema) error
	Stop(ctx context.Context) error
}

// Branches switches to the database of the branch of git that is checked out.
type Branches interface {
	HeadFile() string                                      // the file that changes with the branch
	Follow(ctx context.Context) (branch string, err error) // the branch, when it differs from the previous one
	Reset(ctx context.Context) error                       // empties the database
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
	syncer   *sync.Syncer // nil where the database is somebody else's
	branches Branches     // nil where all share one database

	syncAfterStart bool // compare the tables with the schema once the session is up

	cancel    context.CancelFunc // ends what goes on in the background
	services  services
	restarted chan struct{}         // a service was restarted, and may be elsewhere
	processes *supervise.Supervisor // nil where there are none

	background stdsync.WaitGroup
}

// stopTimeout bounds how long the parts may take to stop.
const stopTimeout = 25 * time.Second

// Run brings the session up and keeps it up until ctx ends, which is no error once the session was up. In
// every case nothing it started is left running.
func Run(ctx context.Context, o Options) error {
	s := &session{Options: o, reporter: &reporter{sink: o.Report, now: o.Now}, began: o.Now(), restarted: make(chan struct{}, 1)}
	lock, err := acquire(ctx, o.StateDir, State{PID: o.PID, Started: o.Now(), Project: o.Name})
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
	s.background.Go(func() { s.awaitProcesses(ctx) })
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

// tolerate reports an error in the team's own files, after which the session goes on, and whether there was none.
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
	s.background.Wait()
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
