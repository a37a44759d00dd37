package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/fault"
)

// binaries is an installed Postgres.
type binaries struct {
	dir     string // contains initdb and postgres
	version string // 15.13
	major   int
}

func (b *binaries) initdb() string   { return filepath.Join(b.dir, "initdb"+exeSuffix) }
func (b *binaries) postgres() string { return filepath.Join(b.dir, "postgres"+exeSuffix) }

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect runs the binaries in a folder to find out their version. It runs them as the account of the server, so that it also finds
// binaries that the account cannot run.
func (s *starting) inspect(ctx context.Context, dir string) (*binaries, error) {
	b := &binaries{dir: dir}
	if _, err := os.Stat(b.initdb()); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.postgres(), "--version")
	cmd.Dir, cmd.Env = filepath.VolumeName(dir)+string(filepath.Separator), serverEnv()
	s.account.configure(cmd)
	out, err := cmd.Output()
	if err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
			return nil, fmt.Errorf("%s: %w: %s", b.postgres(), err, lastLine(exit.Stderr))
		}
		return nil, err
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("%s --version: %q", b.postgres(), out)
	}
	b.version = string(m[1])
	b.major, err = strconv.Atoi(string(m[2]))
	return b, err
}

// findBinaries chooses the Postgres to run. The first available one counts: the one in Bin, the newest installed one of the requested major
// version, one in the cache, or one that it downloads.
func (s *starting) findBinaries(ctx context.Context) error {
	major, err := s.wantedMajor()
	if err != nil {
		return err
	}
	if s.Bin != "" {
		return s.useBin(ctx, major)
	}
	found, err := s.installed(ctx)
	if err != nil {
		return err
	}
	fits := func(b *binaries) bool { return major == 0 || b.major == major }
	if i := slices.IndexFunc(found, fits); i >= 0 {
		s.bin = found[i]
		return nil
	}
	s.bin, err = s.fetch(ctx, major)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return s.notFound(major, found, err)
}

// wantedMajor returns the required major version, or 0 for any.
func (s *starting) wantedMajor() (int, error) {
	if made := s.data.major; made != 0 {
		if s.Major != 0 && s.Major != made {
			return 0, fault.New(fault.Conflict, "open the data folder "+s.data.path,
				fmt.Sprintf("it was created by PostgreSQL %d, but PostgreSQL %d is configured", made, s.Major), otherMajorHint(made, s.data.path))
		}
		return made, nil
	}
	return s.Major, nil
}

func otherMajorHint(made int, path string) string {
	return fmt.Sprintf("configure PostgreSQL %d, or move %s away to start with an empty database; pg_dump and psql can transfer the data", made, path)
}

func (s *starting) useBin(ctx context.Context, major int) error {
	op := "use the Postgres in " + s.Bin
	b, err := s.inspect(ctx, s.Bin)
	switch {
	case err != nil:
		return &fault.Error{Code: fault.Invalid, Op: op, Message: err.Error(), Err: err,
			Hint: "set it to the folder that contains initdb and postgres, or leave it empty to search for Postgres"}
	case !supported(b.major):
		return fault.New(fault.Invalid, op, fmt.Sprintf("PostgreSQL %d is not supported", b.major),
			fmt.Sprintf("use a version from %d to %d", OldestMajor, NewestMajor))
	case major != 0 && b.major != major:
		return fault.New(fault.Conflict, op, fmt.Sprintf("it is PostgreSQL %d, but PostgreSQL %d is needed", b.major, major),
			otherMajorHint(major, s.data.path))
	}
	s.bin = b
	return nil
}

// installed returns every installed and supported Postgres, newest major version first. Within a major version, the one on PATH is first.
func (s *starting) installed(ctx context.Context) ([]*binaries, error) {
	dirs := s.candidates(ctx)
	found := make([]*binaries, len(dirs))
	var g errgroup.Group
	for i, dir := range dirs {
		g.Go(func() error {
			if b, err := s.inspect(ctx, dir); err == nil && supported(b.major) {
				found[i] = b
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.Logger.Debug("ignoring an unusable Postgres", "folder", dir, "error", err)
			}
			return nil
		})
	}
	_ = g.Wait()
	found = slices.DeleteFunc(found, func(b *binaries) bool { return b == nil })
	slices.SortStableFunc(found, func(a, b *binaries) int { return b.major - a.major })
	return found, ctx.Err()
}

// candidates lists the folders that may contain Postgres: those on PATH, that of pg_config, and those of installers.
func (s *starting) candidates(ctx context.Context) []string {
	var dirs []string
	add := func(dir string) {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range filepath.SplitList(s.Env("PATH")) {
		if real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"+exeSuffix)); err == nil {
			add(filepath.Dir(real))
			add(dir)
		}
	}
	if config := s.lookPath("pg_config"); config != "" {
		if out, err := exec.CommandContext(ctx, config, "--bindir").Output(); err == nil {
			add(filepath.FromSlash(strings.TrimSpace(string(out))))
		}
	}
	for _, pattern := range s.folders {
		matches, _ := filepath.Glob(pattern)
		for _, dir := range matches {
			add(dir)
		}
	}
	return dirs
}

// lookPath finds a program in the PATH of Env. It returns "" if it is missing.
func (s *starting) lookPath(name string) string {
	suffixes := []string{""}
	if runtime.GOOS == "windows" {
		suffixes = []string{".exe", ".cmd", ".bat"}
	}
	for _, dir := range filepath.SplitList(s.Env("PATH")) {
		for _, suffix := range suffixes {
			path := filepath.Join(dir, name+suffix)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && (suffix != "" || info.Mode()&0o111 != 0) {
				return path
			}
		}
	}
	return ""
}

// usualFolders are patterns of the folders in which the installers of all systems put Postgres. Those of other systems do not match
// anything.
func usualFolders() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",              // Debian, Ubuntu
		"/usr/pgsql-*/bin",                       // Fedora, RHEL: the PostgreSQL project's packages
		"/usr/bin",                               // Fedora's own, Arch
		"/usr/libexec/postgresql*",               // Alpine
		"/usr/lib/postgresql*/bin",               // SUSE
		"/usr/local/bin", "/usr/local/pgsql/bin", // FreeBSD, from source
		"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew, Apple silicon
		"/usr/local/opt/postgresql@*/bin",                         // Homebrew, Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",         // Homebrew, Linux
		"/opt/homebrew/opt/postgresql/bin",                        // Homebrew, the unversioned formula
		"/usr/local/opt/postgresql/bin",                           //
		"/Applications/Postgres.app/Contents/Versions/*/bin",      // Postgres.app
		"/Library/PostgreSQL/*/bin",                               // EDB, macOS
		"/opt/PostgreSQL/*/bin", "/opt/local/lib/postgresql*/bin", // EDB, Linux; MacPorts
		`C:\Program Files\PostgreSQL\*\bin`, // EDB, Windows
	}
}
