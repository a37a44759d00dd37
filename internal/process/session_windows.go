package process

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// OwnSession takes a process out of the console's reach: Ctrl-C and a closed window do not end it.
func OwnSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
