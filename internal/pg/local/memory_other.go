//go:build !linux

package local

// MemoryFolder returns "". Only Linux always has an in-memory file system.
func MemoryFolder(bool) string { return "" }
