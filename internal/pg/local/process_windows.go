package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
)

const exeSuffix = ".exe"

// serverEnv is the environment of initdb and postgres; exec adds SYSTEMROOT.
func serverEnv() []string { return []string{"TZ=UTC"} }

// process is a server and the job that it belongs to: when the last handle of the job is closed, as it is
// when we die, Windows ends the job's processes.
type process struct {
	*exec.Cmd
	job windows.Handle
}

func startProcess(path string, args []string, data *dataFolder, output *os.File) (*process, error) {
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) //nolint:noctx // it outlives every context
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = data.path, serverEnv(), output, output
	data.account.run(cmd)
	if err = cmd.Start(); err == nil {
		if err = assign(job, cmd.Process.Pid); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	return &process{Cmd: cmd, job: job}, nil
}

func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	return job, err
}

func assign(job windows.Handle, pid int) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(handle) //nolint:errcheck // nothing is written through it
	return windows.AssignProcessToJobObject(job, handle)
}

func (p *process) wait() {
	_ = p.Wait()
	_ = windows.CloseHandle(p.job)
}

// stop has the server disconnect its clients, write everything down and end. Postgres emulates signals on
// Windows, and pg_ctl knows how.
func (p *process) stop() { p.signal("INT") }

// abort has the server end at once; it recovers when it starts again.
func (p *process) abort() { p.signal("QUIT") }

func (p *process) signal(name string) {
	control := filepath.Join(filepath.Dir(p.Path), "pg_ctl.exe")
	if err := exec.Command(control, "kill", name, strconv.Itoa(p.Process.Pid)).Run(); err != nil { //nolint:noctx // it takes a moment
		_ = p.Process.Kill()
	}
}
