// Package quiet prevents testcontainers-go from inspecting every process of the machine when a program that imports it starts, which
// would cost each krowoc command tens of milliseconds on a busy machine (docs/decisions/0006).
//
// It relies on Go's order of initialization (https://go.dev/ref/spec#Package_initialization): packages without uninitialized imports
// are initialized in the order of their import paths. This package imports only os and comes before those of testcontainers-go;
// package container imports them, so it calls Restore after them.
package quiet

import "os"

// key is the variable with the path of /proc for gopsutil, which testcontainers-go uses.
const key = "HOST_PROC"

// before is the original value of the variable.
var before, was = hide()

func hide() (string, bool) {
	value, ok := os.LookupEnv(key) //nolint:forbidigo // to restore it
	if err := os.Setenv(key, os.DevNull); err != nil {
		return "", false
	}
	return value, ok
}

// Restore restores the variable. It returns a value so that a package can call it during its initialization.
func Restore() bool {
	if was {
		return os.Setenv(key, before) == nil
	}
	return os.Unsetenv(key) == nil
}
