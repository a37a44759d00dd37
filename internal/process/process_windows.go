package process

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Job is a group of processes. Windows kills them when its last handle is closed, which happens when this process ends.
type Job struct{ handle windows.Handle }

type tie = *Job

// NewJob returns a job without a process.
func NewJob() (*Job, error) {
	handle, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(handle, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	return &Job{handle}, err
}

// Start starts a command within the job.
func (j *Job) Start(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	err := j.assign(cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	return err
}

func (j *Job) assign(pid int) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(handle) //nolint:errcheck // nothing is written
	return windows.AssignProcessToJobObject(j.handle, handle)
}

// Close ends the processes of the job.
func (j *Job) Close() { _ = windows.CloseHandle(j.handle) }

func shell(line string) []string { return []string{"cmd.exe", "/D", "/S", "/C", line} }

func start(c Command, output *os.File) (*Group, error) {
	job, err := NewJob()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.Args[0], c.Args[1:]...) //nolint:noctx // Group.Stop ends it
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, output, output
	cmd.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if err := job.Start(cmd); err != nil {
		job.Close()
		return nil, err
	}
	return &Group{Cmd: cmd, grace: c.Grace, tie: job, exited: make(chan struct{})}, nil
}

// askToEnd sends Ctrl-Break to the group, or kills it if there is no console.
func (g *Group) askToEnd() {
	if windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.Process.Pid)) != nil {
		g.kill()
	}
}

func (g *Group) kill() { _ = windows.TerminateJobObject(g.tie.handle, 1) }

func (g *Group) endRest() { g.tie.Close() }
