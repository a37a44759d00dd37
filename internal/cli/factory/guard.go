package factory

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/krowoc/krowoc/internal/process"
)

// guard starts what removes a container when this process is killed, and returns what dismisses it.
func (f *Factory) guard(name string) (dismiss func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(program, "dev", "guard", name) //nolint:noctx // it is to outlive this process
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
		_ = child.Wait() // it has done nothing
	}, nil
}
