// Package local runs a real Postgres with no set-up: it finds or fetches the binaries, makes the data folder
// by copying a cached template, starts the server on a free port of the loopback interface and stops it in
// order. When the process that started it dies, however that happens, the server goes with it.
//
// See docs/decisions/0003-local-postgres.md for why it works the way it does.
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
	// DataDir keeps the data. It is made when it is missing, its parents included. It may be empty when
	// Ephemeral is set: then the data lives in a folder below TempDir.
	DataDir string

	// CacheDir keeps fetched binaries and the templates of data folders; empty is the user's cache folder.
	CacheDir string

	// Bin is the folder that holds initdb and postgres; empty looks for one, and fetches one at last.
	Bin string

	// Major is the major version to run, 14 to 18; 0 is the one that made DataDir, else the newest found.
	Major int

	// Settings are added to the server's, as in postgresql.conf.
	Settings map[string]string

	// Ephemeral gives up every promise about the data for speed, and removes DataDir when the server stops:
	// for tests.
	Ephemeral bool

	// TempDir is where an ephemeral server without a DataDir keeps its data; empty is the system's.
	TempDir string

	// Logger receives the server's log; nil drops it.
	Logger *slog.Logger

	// Progress is told how far Start is; may be nil. It is called from one goroutine at a time.
	Progress func(Progress)

	// Env looks up the process's environment, as os.Getenv does: PATH, HOME and the like. Required.
	Env func(name string) string
}

// Progress is a step of Start. Done and Total are bytes while a download is unpacked and 0 otherwise; a step
// is over when Took is set.
type Progress struct {
	Phase       string
	Done, Total int64
	Took        time.Duration
}

// The phases of Start.
const (
	PhaseFind  = "find Postgres"
	PhaseFetch = "fetch Postgres"
	PhaseInit  = "initialise a template"
	PhaseCopy  = "copy the template"
	PhaseStart = "start Postgres"
)

func (o *Options) validate() error {
	const op = "start Postgres"
	switch {
	case o.Env == nil:
		return fault.New(fault.Internal, op, "Options.Env is missing")
	case o.DataDir == "" && !o.Ephemeral:
		return fault.New(fault.Internal, op, "Options.DataDir is missing")
	case o.Major != 0 && (o.Major < OldestMajor || o.Major > NewestMajor):
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

// phase runs one step of Start and reports its beginning and its end.
func (o *Options) phase(name string, step func() error) error {
	began := time.Now()
	o.Progress(Progress{Phase: name})
	if err := step(); err != nil {
		return fault.Wrap(name, err)
	}
	o.Progress(Progress{Phase: name, Took: time.Since(began)})
	return nil
}

// Start runs a server and returns when it accepts connections. The context bounds the start alone. A start
// that fails or is canceled leaves no process behind, and a data folder either whole or not at all.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	s := &starting{Options: o, account: account}
	server, err := s.run(ctx)
	if err != nil {
		s.release()
		return nil, err
	}
	return server, nil
}

// starting is a start under way: what it has found so far, and what it must give back if it fails.
type starting struct {
	Options
	account *account
	bin     *binaries
	lock    *folderLock
	made    bool // this start made DataDir
}

func (s *starting) release() {
	if s.Ephemeral && s.lock != nil {
		_ = os.RemoveAll(s.DataDir)
	}
	s.lock.unlock()
}

func (s *starting) run(ctx context.Context) (*Server, error) {
	if err := s.chooseFolders(); err != nil {
		return nil, err
	}
	var err error
	if s.lock, err = lockFolder(s.DataDir); err != nil {
		return nil, err
	}
	if err := s.phase(PhaseFind, func() error { return s.findBinaries(ctx) }); err != nil {
		return nil, err
	}
	if err := s.ensureData(ctx); err != nil {
		return nil, err
	}
	var server *Server
	err = s.phase(PhaseStart, func() error {
		server, err = s.launch(ctx)
		return err
	})
	return server, err
}

// chooseFolders makes the paths absolute and places what has no place yet.
func (s *starting) chooseFolders() (err error) {
	if s.CacheDir == "" {
		if s.CacheDir, err = defaultCacheDir(s.Env, s.account); err != nil {
			return err
		}
	}
	if s.DataDir == "" {
		if s.DataDir, err = os.MkdirTemp(s.TempDir, "krowoc-postgres-"); err != nil {
			return fault.Wrap("make a folder for the data", err)
		}
		return s.account.own(s.DataDir)
	}
	if s.DataDir, err = filepath.Abs(s.DataDir); err != nil {
		return fault.Wrap("place the data folder", err)
	}
	return nil
}

// ensureData makes DataDir from the template, unless it is there.
func (s *starting) ensureData(ctx context.Context) error {
	_, err := os.Stat(filepath.Join(s.DataDir, "PG_VERSION"))
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return fault.Wrap("read "+s.DataDir, err)
	}
	template, err := s.ensureTemplate(ctx)
	if err != nil {
		return err
	}
	return s.phase(PhaseCopy, func() error { return s.copyTemplate(ctx, template) })
}
