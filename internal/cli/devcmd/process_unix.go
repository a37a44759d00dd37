//go:build unix

package devcmd

import "syscall"

// ownSession takes a process out of the terminal's reach: Ctrl-C and a closed window do not end it.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
