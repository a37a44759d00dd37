// Package local runs a real Postgres without set-up. It finds or downloads the binaries, copies a cached template to create the data
// folder, starts the server on a free port of the loopback interface, and shuts it down cleanly. If the process that started the server
// dies for any reason, the server stops as well.
//
// docs/decisions/0003-local-postgres.md explains the design.
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

// The supported major versions of Postgres.
const (
	OldestMajor = 14
	NewestMajor = 18
)

// Options configure a server.
type Options struct {
	// DataDir is the data folder. A missing folder is created, including its parents. It is required unless the server is Ephemeral, and
	// not allowed otherwise.
	DataDir string

	// CacheDir is the folder of downloaded binaries and templates of data folders; empty means the user's cache folder.
	CacheDir string

	// Bin is the folder with initdb and postgres; empty searches for one, and downloads Postgres if necessary.
	Bin string

	// Major is the major version to run, 14 to 18; 0 means the one that created DataDir, or the newest available one.
	Major int

	// Settings are additional settings of the server, as in postgresql.conf.
	Settings map[string]string

	// Alone is for a server without replicas and backups of its log: it logs only what it needs after a crash, unless the configuration in its
	// data folder asks for more.
	Alone bool

	// Ephemeral is for scratch databases and tests. It trades the durability of the data for speed, and removes the data when the server
	// stops. The data is in memory if the system has a suitable file system with enough space and TMPDIR is not set, otherwise in the
	// temporary folder: a database consists of several hundred files, and creating them takes a tenth of the time in memory.
	Ephemeral bool

	// Logger receives the server's log, one record per line; nil discards it.
	Logger *slog.Logger

	// Progress receives the progress of Start; it may be nil.
	Progress func(Progress)

	// Env returns environment variables of the process such as PATH and HOME, like os.Getenv. Required.
	Env func(name string) string

	replicaOf  *Server // the primary of a replica; nil otherwise
	slot       string  // of the replica
	portBefore []byte  // of the replica, from its file
}

// Progress is the progress of a step of Start. The step has ended if Took is set. Done and Total are bytes of a download that is being
// unpacked, and 0 otherwise.
type Progress struct {
	Phase       string
	Done, Total int64
	Took        time.Duration
}

// The phases of Start. PhaseFetch, PhaseInit and PhaseCopy happen only if they are needed.
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
			fmt.Sprintf("choose a major version from %d to %d", OldestMajor, NewestMajor))
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

// Start runs a server and returns when it accepts connections. The context applies only to the start. A failed or canceled start leaves no
// process and no incomplete data folder behind. The error is a Conflict if another server uses the folder, or if the major version that
// created it is not available.
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

// starting is the state of a start in progress.
type starting struct {
	Options
	account  *account
	folders  []string // patterns of the folders of installers
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

// temporary returns the parent folder for the data of an ephemeral server.
func (s *starting) temporary() string {
	if s.Env("TMPDIR") == "" {
		if dir := MemoryFolder(false); dir != "" {
			return dir
		}
	}
	return os.TempDir()
}

// phase runs a step of Start and reports its start and end.
func (s *starting) phase(name string, step func() error) error {
	began := time.Now()
	s.Progress(Progress{Phase: name})
	if err := step(); err != nil {
		return explainDisk(name, err)
	}
	s.Progress(Progress{Phase: name, Took: time.Since(began)})
	return nil
}

// prepareCache chooses and creates the cache folder.
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
			"use the default cache folder")
	}
	return nil
}

// makeFolder creates a folder and its missing parents. If the server runs as another account, the account can enter the folder regardless
// of the umask.
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
