// Package cli is the command line: the tree of commands, and the translation of their errors into messages and exit codes.
// Commands hold no logic. They turn flags into the options of a library, and its results into text.
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

// Process is everything that the command line takes from the process it runs in.
type Process struct {
	Args    []string // without the program's name
	Streams term.Streams
	Environ factory.Environ
	Dir     string // the working directory
	Build   factory.Build
}

// Main runs one command line and returns the exit code of the process. It writes an error to standard error. It never panics.
func Main(ctx context.Context, p Process) (code int) {
	t := term.New(p.Streams, p.Environ.Lookup)
	defer func() {
		if problem := recover(); problem != nil {
			t.Error(fault.New(fault.Internal, "krowoc has a bug", fmt.Sprint(problem),
				"run the command again with KROWOC_DEBUG=1 and report its output"))
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
	err := execute(ctx, factory.New(t, p.Build, p.Dir, p.Environ), p.Args)
	if out.gone.Load() {
		return ExitNoReader
	}
	return report(ctx, t, err)
}

// interrupted reduces the error to one word, unless it has a hint about work that is left to do.
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
	if err != nil && !errors.As(err, &command) { // the program has printed its own error
		t.Error(err)
	}
	return exitCode(err)
}
