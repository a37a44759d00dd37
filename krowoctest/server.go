package krowoctest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/testdb"
	"github.com/krowoc/krowoc/internal/config"
)

const (
	startTimeout = 5 * time.Minute // enough to download Postgres first
	stopTimeout  = time.Minute
)

// project is a project in an environment, with its server and its template databases.
type project struct {
	app   *app.App
	start func() (*testdb.Server, error) // once

	mu     sync.Mutex
	made   map[string]func() (*testdb.Databases, error) // each created once, by sets
	server *testdb.Server                               // to close; nil until it has started
}

// projects are the projects of the test process, by folder and environment.
var projects struct {
	sync.Mutex
	list map[[2]string]*project
}

// projectOf returns the project of a test. Its configuration is read once.
func projectOf(o options) (*project, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return nil, err
	}
	projects.Lock()
	defer projects.Unlock()
	key := [2]string{dir, cmp.Or(o.environment, config.Test)}
	if p := projects.list[key]; p != nil {
		return p, nil
	}
	c, err := config.Load(config.Options{Dir: key[0], Environment: key[1], Environ: os.Environ()})
	if err != nil {
		return nil, err
	}
	p := &project{made: map[string]func() (*testdb.Databases, error){}, app: &app.App{
		Config: c, Version: version(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Env: os.Getenv,
	}}
	p.start = sync.OnceValues(p.find)
	if projects.list == nil {
		projects.list = map[[2]string]*project{}
	}
	projects.list[key] = p
	return p, nil
}

// find returns the server of the process. The server does not belong to the first test, so it outlives that test.
func (p *project) find() (*testdb.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := testdb.Open(ctx, p.app, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
	return server, err
}

// databases returns the factory of databases with these sets, after creating their template. If that fails, every test gets the
// same error.
func (p *project) databases(sets []string) (*testdb.Databases, error) {
	server, err := p.start()
	if err != nil {
		return nil, err
	}
	key := strings.Join(sets, "\x00")
	p.mu.Lock()
	prepare := p.made[key]
	if prepare == nil {
		prepare = sync.OnceValues(func() (*testdb.Databases, error) {
			databases, err := testdb.New(p.app, server, sets...)
			if err != nil {
				return nil, err
			}
			return databases, databases.Prepare(context.Background())
		})
		p.made[key] = prepare
	}
	p.mu.Unlock()
	return prepare()
}

// Main runs the tests of a package and stops the Postgres that they started, if any. Call it from TestMain. Without Main, the server
// also ends with the process, a moment later.
func Main(m *testing.M) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		code = max(code, 1)
	}
	os.Exit(code)
}

// stop stops the servers that were started.
func stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	projects.Lock()
	defer projects.Unlock()
	var errs []error
	for _, p := range projects.list {
		if p.server != nil {
			errs = append(errs, p.server.Close(ctx))
		}
	}
	return errors.Join(errs...)
}

// version is the version of the module, the same as that of the command, so that both share templates.
func version() string {
	const module = "github.com/krowoc/krowoc"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	i := slices.IndexFunc(info.Deps, func(d *debug.Module) bool { return d.Path == module })
	if i < 0 || info.Deps[i].Version == "" {
		return "dev"
	}
	return strings.TrimPrefix(info.Deps[i].Version, "v")
}
