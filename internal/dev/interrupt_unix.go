//go:build unix

package dev

import (
	"os"
	"syscall"
)

// Interrupt asks a process to end in order.
func Interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
