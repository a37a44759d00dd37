package local

import (
	"os/exec"
	"syscall"
)

// account is always the current user. Only on Unix can the server run as another user.
type account struct{ name string }

func serverAccount() (*account, error) { return nil, nil }

func ownerOf(string) (*account, error) { return nil, nil }

func (a *account) String() string           { return "" }
func (a *account) own(string) error         { return nil }
func (a *account) canEnter(dir string) bool { return true }

// configure prevents a Ctrl-C for krowoc from reaching cmd.
func (a *account) configure(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
