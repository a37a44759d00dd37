// Package quiet keeps testcontainers-go from looking at every process of the machine when a program that imports it
// starts, which costs each command of krowoc tens of milliseconds where many run (docs/decisions/0006).
//
// It works because Go initialises packages that are ready in the order of their import paths
// (https://go.dev/ref/spec#Package_initialization): this one imports os alone and comes before those of testcontainers-go;
// package container, which imports them, takes Restore's effect after them.
package quiet

import "os"

// key is the variable that says where gopsutil, on behalf of testcontainers-go, finds Linux's /proc.
const key = "HOST_PROC"

// before is what the variable was.
var before, was = hide()

func hide() (string, bool) {
	value, ok := os.LookupEnv(key) //nolint:forbidigo // to put it back
	if err := os.Setenv(key, os.DevNull); err != nil {
		return "", false
	}
	return value, ok
}

// Restore gives the variable its value back. It returns true, so that a package can call it when it is initialised.
func Restore() bool {
	if was {
		return os.Setenv(key, before) == nil
	}
	return os.Unsetenv(key) == nil
}
