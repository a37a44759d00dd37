package factory

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/krowoc/krowoc/internal/process"
)

// guard starts a process that removes a container when this process is killed. dismiss ends that process without effect.
func (f *Factory) guard(name string) (dismiss func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(program, "dev", "guard", name) //nolint:noctx // it must outlive this process
	child.Dir, child.Env, child.SysProcAttr = f.Dir, f.Environ, process.OwnSession()
	stdin, err := child.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	return func() {
		fmt.Fprintln(stdin, "done")
		_ = child.Wait() // its result does not matter: it did nothing
	}, nil
}
