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

// Leftover is something that earlier sessions have left on the machine.
type Leftover struct {
	Kind string `json:"kind"` // container, volume, data, cache
	Name string `json:"name"` // a path for data and cache
	Size int64  `json:"size"` // bytes; -1 if unknown
	Of   string `json:"of"`   // its purpose
}

// Leftovers returns what no session uses: containers that are still running, and the volumes and data of deleted projects. With all, it
// also returns the volumes of projects without a running session, and caches. It considers only containers and volumes with Krowoc's
// label.
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
		return nil, fault.Wrap("find the data of deleted projects", err)
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
		found = append(found, Leftover{"cache", cache, size, "downloaded Postgres, and templates of its data"})
	}
	return found, err
}

// projectOf returns the project folder in a purpose, or "" if it does not belong to a session.
func projectOf(purpose string) string {
	parts := strings.SplitN(purpose, " ", 3)
	if len(parts) < 3 || parts[0] != "dev" {
		return ""
	}
	return parts[2]
}

// inUse reports whether a session of a folder is running.
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

// Reset removes the project's own databases, including those in volumes. No session may be running. It returns the number of bytes freed,
// as far as known.
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

// Size returns the size of the project's own databases in bytes, and their volumes and containers.
func (s *Stack) Size(ctx context.Context) (int64, []container.Owned, error) {
	size, err := dev.Size(s.StateDir)
	if err != nil {
		return 0, nil, err
	}
	if _, err := os.Stat(filepath.Join(s.StateDir, "postgres-docker.port")); err != nil && !s.Redis.Enabled {
		return size, nil, nil // the project never had a container, so do not require an engine
	}
	list, err := container.List(ctx, s.Logger)
	if err != nil {
		return size, nil, nil //nolint:nilerr // without an engine there is nothing to remove
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
