package copies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
)

// Snapshot is a copy of the development database.
type Snapshot struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// longestName is the maximum length of a database name in bytes: NAMEDATALEN - 1.
const longestName = 63

// snapshotMark separates the names of the database and the snapshot in the name of a snapshot's database.
const snapshotMark = "@snapshot:"

// Snapshots keeps copies of a database on the same server.
type Snapshots struct {
	Server clone.Server
	Name   string // of the database
	// Disconnect closes the caller's own connections to the database, which would block a copy.
	Disconnect func()
}

// nameOf returns the database name of a snapshot.
func (s *Snapshots) nameOf(snapshot string) string { return s.Name + snapshotMark + snapshot }

// List returns the snapshots of the database.
func (s *Snapshots) List(ctx context.Context) ([]Snapshot, error) {
	list, err := s.Server.List(ctx, s.nameOf(""))
	found := []Snapshot{}
	for _, d := range list {
		found = append(found, Snapshot{strings.TrimPrefix(d.Name, s.nameOf("")), d.Size})
	}
	return found, err
}

// Take copies the database and replaces an existing snapshot of the same name.
func (s *Snapshots) Take(ctx context.Context, snapshot string) (Snapshot, error) {
	if snapshot == "" || len(s.nameOf(snapshot)) > longestName {
		return Snapshot{}, fault.New(fault.Invalid, "take a snapshot", "its name is empty or too long", "use a short one: krowoc db snapshot before-import")
	}
	s.Disconnect()
	if err := s.Server.Copy(ctx, s.Name, s.nameOf(snapshot)); err != nil {
		return Snapshot{}, err
	}
	return s.find(ctx, snapshot)
}

// find returns a snapshot, or a not_found fault that names the existing ones.
func (s *Snapshots) find(ctx context.Context, name string) (Snapshot, error) {
	list, err := s.List(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	i := slices.IndexFunc(list, func(have Snapshot) bool { return have.Name == name })
	if i >= 0 {
		return list[i], nil
	}
	hint := "take one: krowoc db snapshot " + name
	if len(list) > 0 {
		var names []string
		for _, have := range list {
			names = append(names, have.Name)
		}
		hint = "existing snapshots: " + strings.Join(names, ", ")
	}
	return Snapshot{}, fault.New(fault.NotFound, "find the snapshot", fmt.Sprintf("unknown snapshot %q", name), hint)
}

// Restore replaces the database with a snapshot.
func (s *Snapshots) Restore(ctx context.Context, snapshot string) (Snapshot, error) {
	found, err := s.find(ctx, snapshot)
	if err != nil {
		return found, err
	}
	s.Disconnect()
	return found, s.Server.Copy(ctx, s.nameOf(snapshot), s.Name)
}

// Drop deletes a snapshot.
func (s *Snapshots) Drop(ctx context.Context, snapshot string) error {
	if _, err := s.find(ctx, snapshot); err != nil {
		return err
	}
	return s.Server.Drop(ctx, s.nameOf(snapshot))
}
