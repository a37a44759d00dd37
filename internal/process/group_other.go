//go:build unix && !linux

package process

import "syscall"

// groupEnded reports whether no process of a group is left.
func groupEnded(id int) bool { return syscall.Kill(-id, 0) != nil }
