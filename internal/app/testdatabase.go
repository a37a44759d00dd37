package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// TestServer is the Postgres on which databases for tests are made.
type TestServer struct {
	URL     string
	started *scratch.Server // nil unless it was started for this process
}

// Close stops the server if it was started for this process.
func (s *TestServer) Close(ctx context.Context) error {
	if s.started == nil {
		return nil
	}
	return s.started.Close(ctx)
}

// FindTestServer returns the server of the configured database, else that of the running session. Where neither is there, it is
// a not_found fault.
func (a *App) FindTestServer() (*TestServer, error) {
	if err := a.mayTest(); err != nil {
		return nil, err
	}
	if url := a.Config.Database.URL.Reveal(); url != "" {
		return &TestServer{URL: url}, nil
	}
	state, err := dev.Find(a.StateDir())
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return nil, fault.New(fault.NotFound, "find a Postgres for the tests", "no session of `krowoc dev` runs, and database.url is not set",
			"start one, run the tests by `krowoc dev --ci -- COMMAND`, or set KROWOC_DATABASE_URL")
	case err != nil:
		return nil, err
	case state.DatabaseURL == "":
		return nil, fault.New(fault.Unavailable, "find a Postgres for the tests", "the development session is still starting", "Try again in a moment.")
	}
	return &TestServer{URL: state.DatabaseURL}, nil
}

// TestServer is FindTestServer, and starts a Postgres that leaves nothing behind where there is none. Its data folder is its own, so
// that any number of processes may do so at once.
func (a *App) TestServer(ctx context.Context, progress func(local.Progress)) (*TestServer, error) {
	found, err := a.FindTestServer()
	if fault.CodeOf(err) != fault.NotFound {
		return found, err
	}
	engine := scratch.Native
	if a.engine(a.Config.Dev.Postgres.Engine) == Docker {
		engine = scratch.Docker
	}
	s, err := a.Scratch(ctx, scratch.Options{Engine: engine, InMemory: true, Progress: progress})
	if err != nil {
		return nil, err
	}
	return &TestServer{URL: s.URL(), started: s}, nil
}

// mayTest refuses a protected environment, on whose server nothing is made.
func (a *App) mayTest() error {
	if !a.Config.Protected {
		return nil
	}
	return fault.New(fault.Forbidden, "make a database for tests", fmt.Sprintf("the environment %q is protected", a.Config.Environment),
		"use test, or another that is not protected")
}

// TestDatabases makes databases for tests: with the project's tables and the rows of some sets of fixtures, each a copy of a
// template, which is made once and again when what it is made of has changed.
type TestDatabases struct {
	server   clone.Server
	template clone.Template
	prefix   string // of the names of the databases
}

// TestDatabases returns what makes databases on a server. Without sets it is the configured ones that they have.
func (a *App) TestDatabases(server *TestServer, sets ...string) (*TestDatabases, error) {
	if err := a.mayTest(); err != nil {
		return nil, err
	}
	at, err := clone.WithDatabase(server.URL, "postgres")
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		sets = a.seedSets()
	}
	digest, err := a.testDigest(sets)
	if err != nil {
		return nil, err
	}
	prefix := "krowoc_template_" + a.projectHash() + "_"
	return &TestDatabases{server: clone.Server{URL: at}, prefix: a.testPrefix(), template: clone.Template{
		Name: prefix + digest, Prefix: prefix,
		Label: fmt.Sprintf("krowoc: %s, %s, %s", a.Config.Project, a.Config.Environment, cmp.Or(strings.Join(sets, " "), "no sets")),
		Build: func(ctx context.Context, url string) error { return a.fillTestDatabase(ctx, url, sets) },
	}}, nil
}

// Prepare makes the template, unless it is there. Create does so, too.
func (d *TestDatabases) Prepare(ctx context.Context) error { return d.server.Ensure(ctx, d.template) }

// Create makes a database and returns its URL.
func (d *TestDatabases) Create(ctx context.Context) (string, error) {
	name := d.prefix + strings.ToLower(rand.Text()[:12])
	if err := d.server.FromTemplate(ctx, d.template, name); err != nil {
		return "", err
	}
	return clone.WithDatabase(d.server.URL, name)
}

// DropTestDatabase drops a database that Create has made, and no other; one that is not there any more is no error.
func (a *App) DropTestDatabase(ctx context.Context, at string) error {
	const op = "drop a database of tests"
	server, err := clone.WithDatabase(at, "postgres")
	if err = errors.Join(a.mayTest(), err); err != nil {
		return err
	}
	u, err := url.Parse(at)
	if err != nil {
		return fault.New(fault.Invalid, op, "its URL is none")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if !strings.HasPrefix(name, a.testPrefix()) {
		return fault.New(fault.Invalid, op, fmt.Sprintf("%q is none that was made for the tests of this project", name),
			"give the URL that `krowoc db test create` has printed")
	}
	return clone.Server{URL: server}.DropIfExists(ctx, name)
}

// DropTestDatabases drops all that Create has made on a server for this project, in whatever process, and returns their names.
func (a *App) DropTestDatabases(ctx context.Context, s *TestServer) (dropped []string, err error) {
	at, err := clone.WithDatabase(s.URL, "postgres")
	if err = errors.Join(a.mayTest(), err); err != nil {
		return nil, err
	}
	server := clone.Server{URL: at}
	list, err := server.List(ctx, a.testPrefix())
	for _, d := range list {
		if err := server.DropIfExists(ctx, d.Name); err != nil {
			return dropped, err
		}
		dropped = append(dropped, d.Name)
	}
	return dropped, err
}

func (a *App) testPrefix() string { return "krowoc_test_" + a.projectHash() + "_" }

// projectHash tells a copy of a project from others that use the same server.
func (a *App) projectHash() string {
	sum := sha256.Sum256([]byte(a.Config.Root + "\x00" + a.Config.Project))
	return hex.EncodeToString(sum[:4])
}
