package local

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// mavenVersions are the library's versions of Postgres, the newest major first.
var mavenVersions = map[int]embeddedpostgres.PostgresVersion{
	18: embeddedpostgres.V18, 17: embeddedpostgres.V17, 16: embeddedpostgres.V16,
	15: embeddedpostgres.V15, 14: embeddedpostgres.V14,
}

// mavenFetcher fetches the binaries of github.com/zonkyio/embedded-postgres-binaries through
// github.com/fergusstrange/embedded-postgres, which knows their places, platforms and checksums.
func mavenFetcher() fetcher {
	return fetcher{
		name: "Maven Central",
		release: func(major int) string {
			if major == 0 {
				major = NewestMajor
			}
			return "zonky-" + string(mavenVersions[major])
		},
		fetch: func(ctx context.Context, _ *starting, release, dir string) error {
			return mavenFetch(ctx, release, dir, "https://repo1.maven.org/maven2")
		},
	}
}

// mavenFetch has the library download and unpack. It offers that only as a part of its Start, so we have it
// start on a data folder that cannot be, and look at what it has unpacked. It knows no context: when ours
// ends we leave it to finish on its own, in a folder that it removes itself.
func mavenFetch(ctx context.Context, release, dir, repository string) error {
	work, err := os.MkdirTemp("", "krowoc-fetch-")
	if err != nil {
		return err
	}
	file := filepath.Join(work, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().
		Version(embeddedpostgres.PostgresVersion(release[len("zonky-"):])).
		BinaryRepositoryURL(repository).
		Port(uint32(port)).
		CachePath(filepath.Join(work, "archive")).
		RuntimePath(filepath.Join(work, "run")).
		BinariesPath(filepath.Join(work, "unpacked")).
		DataPath(filepath.Join(file, "data")). // below a file, so that there can be no such folder
		Logger(io.Discard)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = embeddedpostgres.NewDatabase(config).Start()
	}()
	select {
	case <-ctx.Done():
		go func() {
			<-done
			os.RemoveAll(work)
		}()
		return ctx.Err()
	case <-done:
	}
	defer os.RemoveAll(work)
	unpacked := filepath.Join(work, "unpacked")
	if _, statErr := os.Stat(filepath.Join(unpacked, "bin")); statErr != nil {
		return errors.Join(err, statErr)
	}
	return os.CopyFS(dir, os.DirFS(unpacked))
}
