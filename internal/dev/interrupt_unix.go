//go:build unix

package dev

import (
	"os"
	"syscall"
)

// Interrupt asks a process to exit gracefully.
func Interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
