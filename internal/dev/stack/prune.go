package stack

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// Leftover is something that sessions have left on the machine.
type Leftover struct {
	Kind string `json:"kind"` // container, volume, data, cache
	Name string `json:"name"` // a path for data and a cache
	Size int64  `json:"size"` // bytes; -1 where the engine does not say
	Of   string `json:"of"`   // what it was for
}

// Leftovers returns what no session uses: containers that were left running, and volumes and data of projects that are gone; with all,
// also the volumes of projects whose session does not run, and what was fetched or made for speed alone. Only what carries
// Krowoc's label is looked at.
func (s *Stack) Leftovers(ctx context.Context, all bool) ([]Leftover, error) {
	found := []Leftover{}
	owned, err := container.List(ctx, s.Logger)
	if err != nil && fault.CodeOf(err) != fault.Unavailable { // no engine, no containers
		return nil, err
	}
	for _, o := range owned {
		root := projectOf(o.Purpose)
		_, gone := os.Stat(root)
		switch {
		case (root != "" && inUse(root)) || (root == "" && !all): // another command may be using it
		case o.Kind == "container", all, errors.Is(gone, fs.ErrNotExist):
			found = append(found, Leftover{o.Kind, o.Name, o.Size, o.Purpose})
		}
	}
	data, err := local.Abandoned()
	if err != nil {
		return nil, fault.Wrap("look for data of projects that are gone", err)
	}
	for _, dir := range slices.Sorted(maps.Keys(data)) {
		size, err := dev.SizeOf(dir)
		if err != nil {
			return nil, err
		}
		found = append(found, Leftover{"data", dir, size, "dev postgres " + data[dir]})
	}
	if !all {
		return found, nil
	}
	cache, err := local.CacheDir(s.Env)
	if err != nil {
		return nil, err
	}
	size, err := dev.SizeOf(cache)
	if err == nil && size > 0 {
		found = append(found, Leftover{"cache", cache, size, "Postgres that was fetched, and templates of its data"})
	}
	return found, err
}

// projectOf returns the folder that a purpose names, "" where it is of no session.
func projectOf(purpose string) string {
	parts := strings.SplitN(purpose, " ", 3)
	if len(parts) < 3 || parts[0] != "dev" {
		return ""
	}
	return parts[2]
}

// inUse reports whether the session of a folder runs.
func inUse(root string) bool {
	_, err := dev.Find(filepath.Join(root, ".krowoc"))
	return err == nil
}

// Prune removes leftovers.
func (s *Stack) Prune(ctx context.Context, list []Leftover) error {
	var owned []container.Owned
	for _, l := range list {
		if l.Kind == "cache" || l.Kind == "data" {
			if err := os.RemoveAll(l.Name); err != nil {
				return fault.Wrap("remove "+l.Name, err)
			}
			continue
		}
		owned = append(owned, container.Owned{Kind: l.Kind, Name: l.Name})
	}
	return container.Remove(ctx, s.Logger, owned...)
}

// Reset removes the project's own databases, also those in volumes. No session may run. It returns how many bytes that frees, as far as
// it is known.
func (s *Stack) Reset(ctx context.Context) (int64, error) {
	size, volumes, err := s.Size(ctx)
	if err != nil {
		return 0, err
	}
	if err := dev.Reset(s.StateDir); err != nil {
		return 0, err
	}
	return size, container.Remove(ctx, s.Logger, volumes...)
}

// Size returns how many bytes the project's own databases take, and the volumes and containers among them.
func (s *Stack) Size(ctx context.Context) (int64, []container.Owned, error) {
	size, err := dev.Size(s.StateDir)
	if err != nil {
		return 0, nil, err
	}
	if _, err := os.Stat(filepath.Join(s.StateDir, "postgres-docker.port")); err != nil && !s.Redis.Enabled {
		return size, nil, nil // it never had a container, and there may be no engine to ask
	}
	list, err := container.List(ctx, s.Logger)
	if err != nil {
		return size, nil, nil //nolint:nilerr // without an engine there is nothing that it could remove
	}
	var own []container.Owned
	for _, o := range list {
		if projectOf(o.Purpose) == s.Root {
			own = append(own, o)
			size += max(0, o.Size)
		}
	}
	return size, own, nil
}
