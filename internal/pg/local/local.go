// Package local runs a real Postgres with no set-up: it finds or fetches the binaries, makes the data folder
// by copying a cached template, starts the server on a free port of the loopback interface and stops it in
// order. When the process that started it dies, however that happens, the server goes with it.
//
// docs/decisions/0003-local-postgres.md says why it works the way it does.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// The majors of Postgres that Krowoc works with.
const (
	OldestMajor = 14
	NewestMajor = 18
)

// Options says which server to run, and where.
type Options struct {
	// DataDir keeps the data. It is made when it is missing, its parents included. Required, and only
	// allowed, when the server is not Ephemeral.
	DataDir string

	// CacheDir keeps fetched binaries and the templates of data folders; empty is the user's cache folder.
	CacheDir string

	// Bin is the folder that holds initdb and postgres; empty looks for one, and fetches one at last.
	Bin string

	// Major is the major version to run, 14 to 18; 0 is the one that made DataDir, else the newest found.
	Major int

	// Settings are added to the server's, as in postgresql.conf.
	Settings map[string]string

	// Ephemeral gives up every promise about the data for speed, keeps it in a folder of the system's
	// temporary one, and removes that when the server stops: for tests.
	Ephemeral bool

	// InMemory has an Ephemeral server keep its data in memory instead, where the system has a file system for that, with room,
	// and TMPDIR says nothing else: a database is a few hundred files, and copying them takes a tenth of the time there.
	InMemory bool

	// Logger receives the server's log, a record per line; nil drops it.
	Logger *slog.Logger

	// Progress is told how far Start is; may be nil.
	Progress func(Progress)

	// Env looks up the process's environment, as os.Getenv does: PATH, HOME and the like. Required.
	Env func(name string) string

	replicaOf  *Server // that the server is a replica of; nil for one of its own
	slot       string  // of the replica
	portBefore []byte  // of the replica, as its file says
}

// Progress is a step of Start. A step is over when Took is set. Done and Total are bytes of a download that is
// being unpacked and 0 otherwise.
type Progress struct {
	Phase       string
	Done, Total int64
	Took        time.Duration
}

// The phases of Start. PhaseFetch, PhaseInit and PhaseCopy happen only where they are needed.
const (
	PhaseFind  = "find Postgres"
	PhaseFetch = "fetch Postgres"
	PhaseInit  = "initialise Postgres"
	PhaseCopy  = "copy the template"
	PhaseStart = "start Postgres"
)

func (o *Options) validate() error {
	const op = "start Postgres"
	switch {
	case o.Env == nil:
		return fault.New(fault.Internal, op, "Options.Env is missing")
	case o.Ephemeral == (o.DataDir != ""):
		return fault.New(fault.Internal, op, "either Options.DataDir or Options.Ephemeral must be set")
	case o.Major != 0 && !supported(o.Major):
		return fault.New(fault.Invalid, op, fmt.Sprintf("PostgreSQL %d is not supported", o.Major),
			fmt.Sprintf("Choose a major version from %d to %d.", OldestMajor, NewestMajor))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return nil
}

func supported(major int) bool { return major >= OldestMajor && major <= NewestMajor }

// Start runs a server and returns when it accepts connections. The context bounds the start alone. A start
// that fails or is canceled leaves no process behind, and a data folder either whole or not at all. A folder
// that another server runs on, or that was made by a major that is not here, is a Conflict.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	return newStarting(o, account).run(ctx)
}

// starting is a start under way: what it works with, and what it has found so far.
type starting struct {
	Options
	account  *account
	folders  []string // patterns of folders where installers put Postgres
	fetchers []fetcher
	pickPort func() (int, error)

	bin  *binaries
	data *dataFolder
}

func newStarting(o Options, a *account) *starting {
	return &starting{Options: o, account: a, folders: usualFolders(), fetchers: fetchers(), pickPort: freePort}
}

func (s *starting) run(ctx context.Context) (server *Server, err error) {
	if err := s.prepareCache(); err != nil {
		return nil, err
	}
	if s.data, err = openDataFolder(s.DataDir, s.temporary(), s.account); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.data.close()
		}
	}()
	if err := s.phase(PhaseFind, func() error { return s.findBinaries(ctx) }); err != nil {
		return nil, err
	}
	if s.replicaOf != nil {
		fill := func() error { return s.data.fillFrom(ctx, s.replicaOf, s.slot, s.portBefore) }
		if err := s.phase(PhaseCopy, fill); err != nil {
			return nil, err
		}
		s.data.major = s.bin.major
	}
	if s.data.major == 0 {
		template, err := s.ensureTemplate(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.phase(PhaseCopy, func() error { return s.data.fill(ctx, template) }); err != nil {
			return nil, err
		}
	}
	err = s.phase(PhaseStart, func() error {
		server, err = s.launch(ctx)
		return err
	})
	return server, err
}

// temporary returns the folder in which that of an ephemeral server is made.
func (s *starting) temporary() string {
	if s.InMemory && s.Env("TMPDIR") == "" {
		if dir := inMemory(); dir != "" {
			return dir
		}
	}
	return os.TempDir()
}

// phase runs one step of Start and reports its beginning and its end.
func (s *starting) phase(name string, step func() error) error {
	began := time.Now()
	s.Progress(Progress{Phase: name})
	if err := step(); err != nil {
		return explainDisk(name, err)
	}
	s.Progress(Progress{Phase: name, Took: time.Since(began)})
	return nil
}

// prepareCache chooses the cache folder and creates it.
func (s *starting) prepareCache() (err error) {
	if s.CacheDir == "" {
		if s.CacheDir, err = defaultCacheDir(s.Env, s.account); err != nil {
			return err
		}
	}
	op := "use the cache folder " + s.CacheDir
	if s.CacheDir, err = filepath.Abs(s.CacheDir); err != nil {
		return fault.Wrap(op, err)
	}
	for _, dir := range []string{s.CacheDir, s.templatesDir(), s.fetchedDir()} {
		if err := makeFolder(dir, s.account); err != nil {
			return explainDisk(op, err)
		}
	}
	if !s.account.canEnter(s.fetchedDir()) {
		return fault.New(fault.Invalid, op, "the server runs as user "+s.account.String()+", who cannot enter it",
			"Leave the cache folder at its default.")
	}
	return nil
}

// makeFolder makes a folder and its missing parents. Where the server runs as another account, that account
// may enter it, whatever the umask.
func makeFolder(dir string, a *account) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeFolder(filepath.Dir(dir), a); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil // another process was faster
		}
		return err
	}
	if a == nil {
		return nil
	}
	return os.Chmod(dir, 0o755)
}

func (s *starting) templatesDir() string { return filepath.Join(s.CacheDir, "templates") }
func (s *starting) fetchedDir() string   { return filepath.Join(s.CacheDir, "bin") }
