//go:build !linux

package local

// inMemory returns "". Only Linux always has an in-memory file system.
func inMemory() string { return "" }
