package app

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// Snapshot is a copy of the development database.
type Snapshot struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// snapshotMark stands between the name of the database and that of a snapshot of it.
const snapshotMark = "@snapshot:"

// copies returns what copies the local database behind db, its name and its server; a database of somebody else's is not
// copied.
func (a *App) copies(db *Database) (clone.Server, string, error) {
	if a.Config.Database.URL.Reveal() != "" || !a.local() {
		return clone.Server{}, "", fault.New(fault.Invalid, "copy the database", "it is not the local one of development",
			"snapshots are of the Postgres that `krowoc dev` runs; for another there is pg_dump")
	}
	u, err := url.Parse(db.URL)
	if err != nil {
		return clone.Server{}, "", fault.New(fault.Internal, "copy the database", "its URL is none")
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	return clone.Server{URL: u.String()}, name, nil
}

// Snapshots lists the copies that there are.
func (a *App) Snapshots(ctx context.Context, db *Database) ([]Snapshot, error) {
	server, name, err := a.copies(db)
	if err != nil {
		return nil, err
	}
	list, err := server.List(ctx, name+snapshotMark)
	found := []Snapshot{}
	for _, d := range list {
		found = append(found, Snapshot{strings.TrimPrefix(d.Name, name+snapshotMark), d.Size})
	}
	return found, err
}

// TakeSnapshot copies the database, in the place of a snapshot of that name.
func (a *App) TakeSnapshot(ctx context.Context, db *Database, snapshot string) (Snapshot, error) {
	server, name, err := a.copies(db)
	if err != nil {
		return Snapshot{}, err
	}
	if snapshot == "" || len(name+snapshotMark+snapshot) > 63 {
		return Snapshot{}, fault.New(fault.Invalid, "take a snapshot", "its name is empty or too long", "use a short one: krowoc db snapshot before-import")
	}
	db.Reset() // our own connections
	if err := server.Copy(ctx, name, name+snapshotMark+snapshot); err != nil {
		return Snapshot{}, err
	}
	return a.findSnapshot(ctx, db, snapshot)
}

// findSnapshot returns a snapshot, or a not_found fault that names those that there are.
func (a *App) findSnapshot(ctx context.Context, db *Database, name string) (Snapshot, error) {
	list, err := a.Snapshots(ctx, db)
	if err != nil {
		return Snapshot{}, err
	}
	i := slices.IndexFunc(list, func(s Snapshot) bool { return s.Name == name })
	if i >= 0 {
		return list[i], nil
	}
	hint := "take one: krowoc db snapshot " + name
	if len(list) > 0 {
		var names []string
		for _, s := range list {
			names = append(names, s.Name)
		}
		hint = "there are: " + strings.Join(names, ", ")
	}
	return Snapshot{}, fault.New(fault.NotFound, "find the snapshot", "there is none called "+name, hint)
}

// RestoreSnapshot puts a snapshot in the place of the database.
func (a *App) RestoreSnapshot(ctx context.Context, db *Database, snapshot string) (Snapshot, error) {
	server, name, err := a.copies(db)
	if err != nil {
		return Snapshot{}, err
	}
	found, err := a.findSnapshot(ctx, db, snapshot)
	if err != nil {
		return found, err
	}
	db.Reset()
	return found, server.Copy(ctx, name+snapshotMark+snapshot, name)
}

// DropSnapshot deletes a snapshot.
func (a *App) DropSnapshot(ctx context.Context, db *Database, snapshot string) error {
	server, name, err := a.copies(db)
	if err != nil {
		return err
	}
	if _, err := a.findSnapshot(ctx, db, snapshot); err != nil {
		return err
	}
	return server.Drop(ctx, name+snapshotMark+snapshot)
}

// Psql returns the path of psql.
func (a *App) Psql(ctx context.Context) (string, error) {
	return local.Tool(ctx, a.Env, "psql", 0)
}
