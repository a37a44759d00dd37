// Package testdb creates databases for tests, with the tables of a project and the rows of some sets of fixtures. Each one is a copy of a
// template database, which is rebuilt when the project's files change.
package testdb

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

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// Server is the Postgres server for test databases.
type Server struct {
	URL     string
	started *scratch.Server // nil unless it was started for this process
}

// Close stops the server if it was started for this process.
func (s *Server) Close(ctx context.Context) error {
	if s.started == nil {
		return nil
	}
	return s.started.Close(ctx)
}

// Find returns the server of the configured database, or that of the running session. Without either, the error is a not_found fault.
func Find(a *app.App) (*Server, error) {
	if err := checkUnprotected(a); err != nil {
		return nil, err
	}
	if url := a.Config.Database.URL.Reveal(); url != "" {
		if err := a.RefuseElsewhere("create a test database", url); err != nil {
			return nil, err
		}
		return &Server{URL: url}, nil
	}
	state, err := dev.Find(a.StateDir())
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return nil, fault.New(fault.NotFound, "find a Postgres for the tests", "no development session is running, and database.url is not set",
			"start one with `krowoc dev`, run the tests with `krowoc dev --ci -- COMMAND`, or set KROWOC_DATABASE_URL")
	case err != nil:
		return nil, err
	case state.DatabaseURL == "":
		return nil, fault.New(fault.Unavailable, "find a Postgres for the tests", "the development session is still starting", "try again in a moment")
	}
	return &Server{URL: state.DatabaseURL}, nil
}

// Open finds a server, or starts a temporary Postgres. Each temporary Postgres has its own data folder, so that several processes can
// start one at the same time.
func Open(ctx context.Context, a *app.App, progress func(local.Progress)) (*Server, error) {
	found, err := Find(a)
	if fault.CodeOf(err) != fault.NotFound {
		return found, err
	}
	s, err := a.Scratch(ctx, scratch.Options{Engine: a.ScratchEngine(), Progress: progress})
	if err != nil {
		return nil, err
	}
	return &Server{URL: s.URL(), started: s}, nil
}

// checkUnprotected rejects a protected environment, on whose server no test database may be created.
func checkUnprotected(a *app.App) error {
	if !a.Config.Protected {
		return nil
	}
	return fault.New(fault.Forbidden, "create a test database", fmt.Sprintf("the environment %q is protected", a.Config.Environment),
		"use test or another environment that is not protected")
}

// Databases creates databases on a server, each one a copy of the same template.
type Databases struct {
	server   clone.Server
	template clone.Template
	prefix   string // of the names of the databases
}

// New returns a Databases for a server. Without sets, it uses the configured sets of fixtures.
func New(a *app.App, server *Server, sets ...string) (*Databases, error) {
	if err := checkUnprotected(a); err != nil {
		return nil, err
	}
	at, err := clone.WithDatabase(server.URL, "postgres")
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		sets = a.SeedSets()
	}
	digest, err := digestOf(a, sets)
	if err != nil {
		return nil, err
	}
	prefix := "krowoc_template_" + projectHash(a) + "_"
	return &Databases{server: clone.Server{URL: at}, prefix: prefixOf(a), template: clone.Template{
		Name: prefix + digest, Prefix: prefix,
		Label: fmt.Sprintf("krowoc: %s, %s, %s", a.Config.Project, a.Config.Environment, cmp.Or(strings.Join(sets, " "), "no sets")),
		Build: func(ctx context.Context, url string) error { return fill(ctx, a, url, sets) },
	}}, nil
}

// Prepare builds the template unless it exists. Create does the same.
func (d *Databases) Prepare(ctx context.Context) error { return d.server.Ensure(ctx, d.template) }

// Create creates a database and returns its URL.
func (d *Databases) Create(ctx context.Context) (string, error) {
	name := d.prefix + strings.ToLower(rand.Text()[:12])
	if err := d.server.FromTemplate(ctx, d.template, name); err != nil {
		return "", err
	}
	return clone.WithDatabase(d.server.URL, name)
}

// Drop drops a database that Create has created, and rejects all others. A database that no longer exists is not an error.
func Drop(ctx context.Context, a *app.App, at string) error {
	const op = "drop a test database"
	server, err := clone.WithDatabase(at, "postgres")
	if err = errors.Join(checkUnprotected(a), err); err != nil {
		return err
	}
	u, err := url.Parse(at)
	if err != nil {
		return fault.New(fault.Invalid, op, "the database URL is not valid")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if !strings.HasPrefix(name, prefixOf(a)) {
		return fault.New(fault.Invalid, op, fmt.Sprintf("%q was not created for the tests of this project", name),
			"use the URL that `krowoc db test create` printed")
	}
	return clone.Server{URL: server}.DropIfExists(ctx, name)
}

// DropAll drops all databases that Create has created on a server for this project, in any process. It returns their names.
func DropAll(ctx context.Context, a *app.App, s *Server) (dropped []string, err error) {
	at, err := clone.WithDatabase(s.URL, "postgres")
	if err = errors.Join(checkUnprotected(a), err); err != nil {
		return nil, err
	}
	server := clone.Server{URL: at}
	list, err := server.List(ctx, prefixOf(a))
	for _, d := range list {
		if err := server.DropIfExists(ctx, d.Name); err != nil {
			return dropped, err
		}
		dropped = append(dropped, d.Name)
	}
	return dropped, err
}

// prefixOf is the prefix of the names of a project's test databases.
func prefixOf(a *app.App) string { return "krowoc_test_" + projectHash(a) + "_" }

// projectHash distinguishes a copy of a project from others that use the same server.
func projectHash(a *app.App) string {
	sum := sha256.Sum256([]byte(a.Config.Root + "\x00" + a.Config.Project))
	return hex.EncodeToString(sum[:4])
}
