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

// ErrMissing is wrapped by the error of a start that found no Postgres on this machine and could not download one.
var ErrMissing = errors.New("no Postgres available")

// notFound returns the error for a machine on which no suitable Postgres is installed and none could be downloaded.
func (s *starting) notFound(major int, found []*binaries, cause error) error {
	f := &fault.Error{Code: fault.Unavailable, Op: "find Postgres", Err: errors.Join(ErrMissing, cause)}
	f.Message = fmt.Sprintf("PostgreSQL %d to %d is not installed and could not be downloaded: %v", OldestMajor, NewestMajor, cause)
	if major != 0 {
		f.Message = fmt.Sprintf("PostgreSQL %d is not installed%s and could not be downloaded: %v", major, hereIs(found), cause)
	}
	osRelease, _ := os.ReadFile("/etc/os-release")
	f.Hint = "install the package postgresql or postgresql-server"
	if command := installCommand(runtime.GOOS, string(osRelease), major); command != "" {
		f.Hint = "install it with `" + command + "`"
	}
	if made := s.data.major; made != 0 {
		f.Code = fault.Conflict
		f.Message = fmt.Sprintf("the data in %s was created by PostgreSQL %d, but %s", s.data.path, made, f.Message)
		f.Hint += ", or move the folder away to start with an empty database"
	}
	return f
}

func hereIs(found []*binaries) string {
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (only %s, in %s)", found[0].version, found[0].dir)
}

// installCommand returns the command that installs Postgres. osRelease is the text of /etc/os-release. Major 0 means the default version of
// the system.
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

const diskFullHint = "the disk is full: free some space and try again"

// explainDisk wraps an error. If the disk caused it, it adds a hint.
func explainDisk(op string, err error) error {
	wrapped := fault.Wrap(op, err)
	f, ok := wrapped.(*fault.Error) //nolint:errorlint // Wrap returns a fault
	if !ok || f.Hint != "" {
		return wrapped
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		f.Code, f.Hint = fault.Unavailable, diskFullHint
	case errors.Is(err, os.ErrPermission):
		f.Code, f.Hint = fault.Forbidden, "make the folder writable for the user who runs krowoc, or choose another folder"
	case errors.Is(err, syscall.EROFS):
		f.Code, f.Hint = fault.Forbidden, "the file system is read-only: choose another folder"
	}
	return f
}
