//go:build unix

package local

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"github.com/krowoc/krowoc/internal/fault"
)

// account is the user that the server runs as when it is not the current one. Its nil value is the current
// user, and every method of it does nothing.
type account struct {
	name     string
	uid, gid int
}

// serverAccount returns nil for a user who may run Postgres. Postgres refuses to run as root, so root hands
// it to the account of the system's own Postgres, or to nobody.
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
	return nil, fault.New(fault.Unavailable, "start Postgres", "it does not run as root, and there is neither a user postgres nor a user nobody",
		"Add one, as in `useradd --system postgres`, or run krowoc as an ordinary user.")
}

// String names the account, "" for the current user.
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
	return fault.Wrap("give "+path+" to "+a.name, os.Lchown(path, a.uid, a.gid))
}

// run makes cmd run as the account, in a session of its own so that a Ctrl-C meant for krowoc does not reach
// it.
func (a *account) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
