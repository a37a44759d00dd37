//go:build unix

package process

import "syscall"

// OwnSession takes a process out of the terminal's reach: Ctrl-C and a closed window do not end it.
func OwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
