//go:build unix

package process

import "syscall"

// OwnSession detaches a process from the terminal: Ctrl-C and closing the window do not end it.
func OwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
