//go:build unix

package local

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/krowoc/krowoc/internal/fault"
)

// account is the user that the server runs as, if it is not the current user. A nil account is the current user.
type account struct {
	name     string
	uid, gid int
}

// serverAccount returns nil for a user who can run Postgres. Postgres does not run as root, so root runs it as the user postgres of the
// system, or as nobody.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return &account{name: name, uid: uid, gid: gid}, nil
		}
	}
	return nil, fault.New(fault.Unavailable, "start Postgres",
		"Postgres does not run as root, and the users postgres and nobody do not exist",
		"add a user, for example with `useradd --system postgres`, or run krowoc as an ordinary user")
}

// ownerOf returns the account that owns a file.
func ownerOf(path string) (*account, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil, fault.New(fault.Forbidden, "use "+path, "it belongs to root, but Postgres does not run as root",
			"change its owner to the user who runs the server, with chown -R")
	}
	a := &account{name: strconv.Itoa(int(st.Uid)), uid: int(st.Uid), gid: int(st.Gid)}
	if u, err := user.LookupId(a.name); err == nil {
		a.name = u.Username
	}
	return a, nil
}

// String returns the name of the account, or "" for the current user.
func (a *account) String() string {
	if a == nil {
		return ""
	}
	return a.name
}

// own makes the account the owner of a file or folder.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// canEnter reports whether the permission bits allow the account to enter a folder and all folders above it.
func (a *account) canEnter(dir string) bool {
	if a == nil {
		return true
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for ; ; real = filepath.Dir(real) {
		info, err := os.Stat(real)
		if err != nil {
			return false
		}
		allowed := info.Mode().Perm() & 0o001
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == a.uid {
			allowed = info.Mode().Perm() & 0o100
		} else if ok && int(st.Gid) == a.gid {
			allowed = info.Mode().Perm() & 0o010
		}
		if allowed == 0 {
			return false
		}
		if real == filepath.Dir(real) {
			return true
		}
	}
}

// configure makes cmd run as the account and in its own session. A Ctrl-C for krowoc does not reach it, and the end of its context also
// ends its children.
func (a *account) configure(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	if cmd.Cancel != nil {
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	}
}
