package dev

import "os"

// Interrupt kills the process: on Windows, a process cannot send a signal to another. The watchdog of pg/local stops Postgres.
func Interrupt(p *os.Process) error { return p.Kill() }
