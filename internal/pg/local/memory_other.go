//go:build !linux

package local

// inMemory returns the folder of a file system in memory; only Linux has one that is always there.
func inMemory() string { return "" }
