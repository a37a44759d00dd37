package process

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// OwnSession detaches a process from the console: Ctrl-C and closing the window do not end it.
func OwnSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
