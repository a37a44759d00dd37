package local

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/krowoc/krowoc/internal/fault"
)

// ErrMissing is in the error of a start that found no Postgres on this machine and could fetch none.
var ErrMissing = errors.New("there is no Postgres")

// notFound is the fault of a machine with no Postgres that will do, and no way to fetch one.
func (s *starting) notFound(major int, found []*binaries, cause error) error {
	f := &fault.Error{Code: fault.Unavailable, Op: "find Postgres", Err: errors.Join(ErrMissing, cause)}
	f.Message = fmt.Sprintf("PostgreSQL %d to %d is not installed, and none could be fetched: %v", OldestMajor, NewestMajor, cause)
	if major != 0 {
		f.Message = fmt.Sprintf("PostgreSQL %d is not installed%s, and could not be fetched: %v", major, hereIs(found), cause)
	}
	osRelease, _ := os.ReadFile("/etc/os-release")
	f.Hint = "Install the package postgresql or postgresql-server and try again."
	if command := installCommand(runtime.GOOS, string(osRelease), major); command != "" {
		f.Hint = "Install it with `" + command + "` and try again."
	}
	if made := s.data.major; made != 0 {
		f.Code = fault.Conflict
		f.Message = fmt.Sprintf("PostgreSQL %d made the data in %s. %s", made, s.data.path, f.Message)
		f.Hint += " Or move that folder away to start with an empty database."
	}
	return f
}

func hereIs(found []*binaries) string {
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (here is %s, in %s)", found[0].version, found[0].dir)
}

// installCommand returns what installs Postgres on a system, of which osRelease is the text of
// /etc/os-release. Major 0 is whichever the system has.
func installCommand(goos, osRelease string, major int) string {
	version := strconv.Itoa(cmp.Or(major, NewestMajor))
	switch goos {
	case "darwin":
		return "brew install postgresql@" + version
	case "windows":
		return "winget install PostgreSQL.PostgreSQL." + version
	}
	var ids []string
	for line := range strings.Lines(osRelease) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			ids = append(ids, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	for _, id := range ids {
		switch id {
		case "debian", "ubuntu":
			if major != 0 {
				return "sudo apt-get install postgresql-" + version
			}
			return "sudo apt-get install postgresql"
		case "fedora", "rhel", "centos":
			return "sudo dnf install postgresql-server"
		case "alpine":
			return "sudo apk add postgresql" + version
		case "arch":
			return "sudo pacman -S postgresql"
		case "suse", "opensuse":
			return "sudo zypper install postgresql" + version + "-server"
		}
	}
	return ""
}

// explainDisk wraps an error and, if it is one of the disk's, says what to do about it.
func explainDisk(op string, err error) error {
	wrapped := fault.Wrap(op, err)
	f, ok := wrapped.(*fault.Error) //nolint:errorlint // it is the fault that Wrap has just made
	if !ok || f.Hint != "" {
		return wrapped
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		f.Code, f.Hint = fault.Unavailable, "The disk is full: free some space and try again."
	case errors.Is(err, os.ErrPermission):
		f.Code, f.Hint = fault.Forbidden, "Make the folder writable for the user who runs krowoc, or choose another."
	case errors.Is(err, syscall.EROFS):
		f.Code, f.Hint = fault.Forbidden, "The file system is read-only: choose another folder."
	}
	return f
}
