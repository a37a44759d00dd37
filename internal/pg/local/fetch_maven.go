package local

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// mavenVersions are the versions of Postgres that the library knows, by major version.
var mavenVersions = map[int]embeddedpostgres.PostgresVersion{
	18: embeddedpostgres.V18, 17: embeddedpostgres.V17, 16: embeddedpostgres.V16,
	15: embeddedpostgres.V15, 14: embeddedpostgres.V14,
}

// mavenFetcher downloads the binaries of github.com/zonkyio/embedded-postgres-binaries with github.com/fergusstrange/embedded-postgres,
// which knows their URLs, platforms and checksums.
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

// mavenFetch uses the library to download and unpack the binaries. The library does that only as part of its Start, so mavenFetch starts it
// with an impossible data folder and uses the unpacked files. The library does not support contexts. When ctx ends, it continues in the
// background, in a folder that it removes by itself.
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
		DataPath(filepath.Join(file, "data")). // below a file, so that the folder cannot be created
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
