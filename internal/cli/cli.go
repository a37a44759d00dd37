// Package cli is the command line: the tree of commands, and how what they return becomes output and an
// exit code. Commands hold no logic; they turn flags into a library's options and its results into text.
package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// Process is what the command line takes from the process it runs in.
type Process struct {
	Args    []string // without the program's name
	Streams term.Streams
	Environ factory.Environ
	Dir     string // the working directory
	Build   factory.Build
}

// Main runs one command line and returns the process's exit code. It writes the error, if there is one,
// to standard error. It never panics.
func Main(ctx context.Context, p Process) (code int) {
	t := term.New(p.Streams, p.Environ.Lookup)
	defer func() {
		if problem := recover(); problem != nil {
			t.Error(fault.New(fault.Internal, "krowoc met a bug", fmt.Sprint(problem),
				"report it with the output of the same command under KROWOC_DEBUG=1"))
			if value, _ := p.Environ.Lookup("KROWOC_DEBUG"); value != "" {
				fmt.Fprintf(t.Err, "%s", debug.Stack())
			}
			code = ExitFailed
		}
	}()
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	out := &reader{Writer: t.Out, leave: leave}
	if !t.OutTTY {
		t.Out = out
	}
	err := run(ctx, factory.New(t, p.Build, p.Dir, p.Environ), p.Args)
	if out.gone.Load() {
		return ExitNoReader
	}
	return report(ctx, t, err)
}

// interrupted says no more than that, unless something is left to be done.
func interrupted(err error) error {
	hint := fault.HintOf(err)
	if hint == "" {
		return fault.New(fault.Canceled, "", "interrupted")
	}
	return fault.New(fault.Canceled, "interrupted", term.NewErrorReport(err).Message, hint)
}

// report writes an error, if there is one, and returns the exit code.
func report(ctx context.Context, t *term.Terminal, err error) int {
	if ctx.Err() != nil && fault.CodeOf(err) == fault.Canceled {
		err = interrupted(err)
	}
	var command *factory.CommandError
	if err != nil && !errors.As(err, &command) { // which has said itself what was wrong
		t.Error(err)
	}
	return exitCode(err)
}
