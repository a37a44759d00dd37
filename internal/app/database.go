package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/copies"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/local"

	"github.com/jackc/pgx/v5/pgxpool"
)

// StateDir is the folder of everything that is not source code: the local database, logs, the state of the running session.
func (a *App) StateDir() string { return filepath.Join(a.Config.Root, ".krowoc") }

// Database is an open database, together with the server that was started for it, if any.
type Database struct {
	*pgxpool.Pool
	URL    string
	server dev.Postgres // nil unless it was started for this process
}

// Started reports whether a server was started for this process, which ends with it.
func (d *Database) Started() bool { return d.server != nil }

// Close closes the pool and stops the server that was started for it.
func (d *Database) Close(ctx context.Context) error {
	d.Pool.Close()
	if d.server == nil {
		return nil
	}
	return d.server.Stop(context.WithoutCancel(ctx))
}

// Open opens the environment's database. Without a configured one, development and test use the local Postgres: that of the running
// session, or one that runs until Close.
func (a *App) Open(ctx context.Context, progress func(local.Progress)) (*Database, error) {
	url, server, err := a.locate(ctx, progress)
	if err != nil {
		return nil, err
	}
	pool, err := a.Connect(ctx, url)
	if err != nil {
		if server != nil {
			_ = server.Stop(context.WithoutCancel(ctx))
		}
		return nil, err
	}
	return &Database{Pool: pool, URL: url, server: server}, nil
}

func (a *App) locate(ctx context.Context, progress func(local.Progress)) (string, dev.Postgres, error) {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
		return url, nil, nil
	}
	if !a.Config.IsLocal() {
		return "", nil, fault.New(fault.Invalid, "find the database of "+a.Config.Environment, "database.url is not set",
			"set KROWOC_DATABASE_URL, or database.url under environments."+a.Config.Environment+" in krowoc.yaml, or choose another environment with --env")
	}
	switch state, err := dev.Find(a.StateDir()); {
	case err == nil && state.DatabaseURL != "":
		a.AnnounceDatabase(state.DatabaseURL)
		return state.DatabaseURL, nil, nil
	case err == nil:
		return "", nil, fault.New(fault.Unavailable, "find the local database", "the development session is still starting",
			"try again in a moment, or see `krowoc dev logs`")
	case fault.CodeOf(err) != fault.NotFound:
		return "", nil, err
	}
	a.announceLocal()
	server, err := a.Stack().StartPostgres(ctx, a.Logger, progress)
	if err != nil {
		return "", nil, err
	}
	if b := a.branches(server.URL("postgres")); b != nil {
		if _, err := b.Follow(ctx); err != nil {
			return "", nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
		}
	}
	return server.URL(a.Config.Project), server, nil
}

// branches returns the branch databases on a server, or nil if the project does not use them.
func (a *App) branches(url string) *copies.Branches {
	head := git.HeadFile(a.Config.Root)
	if !a.Config.Dev.Branching || head == "" {
		return nil
	}
	return &copies.Branches{Server: clone.Server{URL: url}, Name: a.Config.Project, Head: head}
}

// Branches returns the databases of the git branches. db is that of the current branch.
func (a *App) Branches(db *Database) (*copies.Branches, error) {
	server, _, err := a.localServer(db)
	if err != nil {
		return nil, err
	}
	b := a.branches(server.URL)
	if b == nil {
		return nil, fault.New(fault.Invalid, "find the databases of branches", "the project is not in a git repository, or dev.branching is false",
			"run `git init`, or remove dev.branching from krowoc.yaml")
	}
	return b, nil
}

// Snapshots returns the snapshots of an open database.
func (a *App) Snapshots(db *Database) (*copies.Snapshots, error) {
	server, name, err := a.localServer(db)
	return &copies.Snapshots{Server: server, Name: name, Disconnect: db.Reset}, err
}

// localServer returns the server and name of the local database. Other databases cannot be copied.
func (a *App) localServer(db *Database) (clone.Server, string, error) {
	const op = "copy the database"
	if a.Config.Database.URL.Reveal() != "" || !a.Config.IsLocal() {
		return clone.Server{}, "", fault.New(fault.Invalid, op, "only the local development database can be copied",
			"use pg_dump for other databases")
	}
	u, err := url.Parse(db.URL)
	if err != nil {
		return clone.Server{}, "", fault.New(fault.Internal, op, "the database URL is not valid")
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	return clone.Server{URL: u.String()}, name, nil
}

// Protected returns the protected environment that a database belongs to, or "" if it belongs to none: the chosen environment, or another
// one of krowoc.yaml with the same database, wherever the URL comes from.
func (a *App) Protected(url string) string {
	if a.Config.Protected {
		return a.Config.Environment
	}
	for _, other := range a.Config.ProtectedDatabases {
		if pg.SameDatabase(url, other.URL.Reveal()) {
			return other.Environment
		}
	}
	return ""
}

// RefuseElsewhere returns an error if a database belongs to a protected environment other than the chosen one. A command that deletes or
// overwrites data must then be run in that environment.
func (a *App) RefuseElsewhere(op, url string) error {
	name := a.Protected(url)
	if name == "" || name == a.Config.Environment {
		return nil
	}
	return fault.New(fault.Forbidden, op, fmt.Sprintf("the database %s belongs to the environment %q, which is protected", pg.Where(url), name),
		fmt.Sprintf("If that is what you want, run the command with --env %s.", name))
}
