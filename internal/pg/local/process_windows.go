package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	groups "github.com/krowoc/krowoc/internal/process"
)

const exeSuffix = ".exe"

// serverEnv is the environment of initdb and postgres; exec adds SYSTEMROOT.
func serverEnv() []string { return []string{"TZ=UTC"} }

// process is a server and its job object, which ends the server if our process ends.
type process struct {
	*exec.Cmd
	job *groups.Job
}

func startProcess(path string, args []string, data *dataFolder, output *os.File) (*process, error) {
	job, err := groups.NewJob()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) //nolint:noctx // it outlives every context
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = data.path, serverEnv(), output, output
	data.account.configure(cmd)
	if err := job.Start(cmd); err != nil {
		job.Close()
		return nil, err
	}
	return &process{Cmd: cmd, job: job}, nil
}

func (p *process) wait() {
	_ = p.Wait()
	p.job.Close()
}

// stop makes the server disconnect its clients, write all data to disk and exit. Postgres emulates signals on Windows, and pg_ctl can send
// them.
func (p *process) stop() { p.signal("INT") }

// abort makes the server exit immediately. It recovers at its next start.
func (p *process) abort() { p.signal("QUIT") }

func (p *process) signal(name string) {
	control := filepath.Join(filepath.Dir(p.Path), "pg_ctl.exe")
	if err := exec.Command(control, "kill", name, strconv.Itoa(p.Process.Pid)).Run(); err != nil { //nolint:noctx // it takes a moment
		_ = p.Process.Kill()
	}
}
