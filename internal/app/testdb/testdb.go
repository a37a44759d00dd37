// Package testdb makes databases for tests: with the tables of a project and the rows of some sets of fixtures, each a copy of a
// template that is built once, and again when what it is built from changes.
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

// Server is the Postgres on which databases for tests are made.
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

// Find returns the server of the configured database, else that of the running session. Without either the error is a not_found
// fault.
func Find(a *app.App) (*Server, error) {
	if err := checkUnprotected(a); err != nil {
		return nil, err
	}
	if url := a.Config.Database.URL.Reveal(); url != "" {
		return &Server{URL: url}, nil
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
	return &Server{URL: state.DatabaseURL}, nil
}

// Open finds a server, or starts a Postgres that leaves nothing behind. Its data folder is its own, so that any number of processes
// may start one at the same time.
func Open(ctx context.Context, a *app.App, progress func(local.Progress)) (*Server, error) {
	found, err := Find(a)
	if fault.CodeOf(err) != fault.NotFound {
		return found, err
	}
	s, err := a.Scratch(ctx, scratch.Options{Engine: a.ScratchEngine(), InMemory: true, Progress: progress})
	if err != nil {
		return nil, err
	}
	return &Server{URL: s.URL(), started: s}, nil
}

// checkUnprotected refuses a protected environment: nothing is created on its server.
func checkUnprotected(a *app.App) error {
	if !a.Config.Protected {
		return nil
	}
	return fault.New(fault.Forbidden, "make a database for tests", fmt.Sprintf("the environment %q is protected", a.Config.Environment),
		"use test, or another that is not protected")
}

// Databases makes databases on a server, each a copy of one template.
type Databases struct {
	server   clone.Server
	template clone.Template
	prefix   string // of the names of the databases
}

// New returns what makes databases on a server, with the configured sets of fixtures when none are named.
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

// Prepare builds the template, unless it exists. Create does so as well.
func (d *Databases) Prepare(ctx context.Context) error { return d.server.Ensure(ctx, d.template) }

// Create makes a database and returns its URL.
func (d *Databases) Create(ctx context.Context) (string, error) {
	name := d.prefix + strings.ToLower(rand.Text()[:12])
	if err := d.server.FromTemplate(ctx, d.template, name); err != nil {
		return "", err
	}
	return clone.WithDatabase(d.server.URL, name)
}

// Drop drops a database that Create has made, and no other. One that no longer exists is no error.
func Drop(ctx context.Context, a *app.App, at string) error {
	const op = "drop a database of tests"
	server, err := clone.WithDatabase(at, "postgres")
	if err = errors.Join(checkUnprotected(a), err); err != nil {
		return err
	}
	u, err := url.Parse(at)
	if err != nil {
		return fault.New(fault.Invalid, op, "its URL is not valid")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if !strings.HasPrefix(name, prefixOf(a)) {
		return fault.New(fault.Invalid, op, fmt.Sprintf("%q was not created for the tests of this project", name),
			"give the URL that `krowoc db test create` printed")
	}
	return clone.Server{URL: server}.DropIfExists(ctx, name)
}

// DropAll drops all that Create has made on a server for this project, in any process, and returns their names.
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

// prefixOf is what the names of the databases of a project begin with.
func prefixOf(a *app.App) string { return "krowoc_test_" + projectHash(a) + "_" }

// projectHash distinguishes a copy of a project from others that use the same server.
func projectHash(a *app.App) string {
	sum := sha256.Sum256([]byte(a.Config.Root + "\x00" + a.Config.Project))
	return hex.EncodeToString(sum[:4])
}
