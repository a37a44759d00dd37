package devcmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/process"
)

// detach runs the session in a background process and returns when it is up. Ctrl-C before that stops the process.
func detach(ctx context.Context, f *factory.Factory, flags *pflag.FlagSet) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	if err := developmentOnly(a.Config); err != nil {
		return err
	}
	if state, err := dev.Find(a.StateDir()); err == nil {
		return dev.AlreadyRunning(state)
	}
	printed, err := os.CreateTemp("", "krowoc-dev-*") // not a pipe, because the child outlives its reader
	if err != nil {
		return fault.Wrap("start the development session", err)
	}
	defer os.Remove(printed.Name())
	defer printed.Close()
	child, exited, err := start(f, flags, printed)
	if err != nil {
		return fault.Wrap("start the development session", err)
	}
	state, err := dev.Await(ctx, a.StateDir(), exited)
	if err != nil {
		return giveUp(child, exited, printed, err)
	}
	if err := f.Term.Result(state, func() error {
		_, err := fmt.Fprint(f.Term.Out, banner(f.Term.Parts(), &dev.Ready{State: state, Took: f.Term.Now().Sub(state.Started)}))
		return err
	}); err != nil || len(state.Failed) == 0 {
		return err
	}
	return fault.New(fault.Invalid, "apply the files of the project", "these parts failed: "+strings.Join(state.Failed, ", "),
		"see `krowoc dev logs`, and fix the files: the session is running and applies them")
}

// start starts the detached process and closes exited when it has ended. The process prints errors as JSON, for giveUp to read.
func start(f *factory.Factory, flags *pflag.FlagSet, stderr *os.File) (*os.Process, <-chan struct{}, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	args := []string{"dev", "--output=json"}
	flags.Visit(func(flag *pflag.Flag) {
		if flag.Name != "detach" && flag.Name != "output" {
			args = append(args, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	child := exec.Command(program, args...) //nolint:noctx // it must outlive this process
	child.Dir, child.Env, child.Stderr = f.Dir, f.Environ, stderr
	child.SysProcAttr = process.OwnSession()
	if err := child.Start(); err != nil {
		return nil, nil, err
	}
	exited := make(chan struct{})
	go func() {
		_ = child.Wait() // its error is on stderr
		close(exited)
	}()
	return child.Process, exited, nil
}

// giveUp ends a process that failed to start a session, and returns the error that the process printed, if any.
func giveUp(child *os.Process, exited <-chan struct{}, printed io.ReadSeeker, err error) error {
	_ = dev.Interrupt(child) // fails only when the process has ended already
	<-exited
	if fault.CodeOf(err) == fault.Canceled {
		return err
	}
	var last struct{ Error *term.ErrorReport }
	if _, seekErr := printed.Seek(0, io.SeekStart); seekErr != nil {
		return err
	}
	text, readErr := io.ReadAll(printed)
	if start := bytes.LastIndex(text, []byte("{\n  \"error\"")); readErr != nil || start < 0 || json.Unmarshal(text[start:], &last) != nil {
		return err
	}
	return last.Error.Fault()
}
