package local

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/krowoc/krowoc/internal/fault"
)

// binaries is an installed Postgres.
type binaries struct {
	dir     string // holds initdb and postgres
	version string // 15.13
	major   int
}

func (b *binaries) initdb() string   { return filepath.Join(b.dir, "initdb"+exeSuffix) }
func (b *binaries) postgres() string { return filepath.Join(b.dir, "postgres"+exeSuffix) }

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect runs the binaries of a folder to learn their version, and so that they run at all.
func inspect(ctx context.Context, dir string) (*binaries, error) {
	b := &binaries{dir: dir}
	out, err := exec.CommandContext(ctx, b.postgres(), "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", b.postgres(), err)
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("%s does not say its version: %q", b.postgres(), out)
	}
	b.version = string(m[1])
	b.major, err = strconv.Atoi(string(m[2]))
	return b, err
}

// findBinaries settles which Postgres to run.
func (s *starting) findBinaries(ctx context.Context) error {
	if s.Bin != "" {
		b, err := inspect(ctx, s.Bin)
		s.bin = b
		return fault.Wrap("use the Postgres in "+s.Bin, err)
	}
	matches, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, m := range matches {
		b, err := inspect(ctx, filepath.Dir(m))
		if err == nil {
			s.bin = b
			return nil
		}
	}
	return fault.New(fault.Unavailable, "find Postgres", "it is not installed")
}
