package dev

import "os"

// Interrupt ends the process outright: Windows has no signal that one process may send to another. The
// watchdog of pg/local stops Postgres.
func Interrupt(p *os.Process) error { return p.Kill() }
