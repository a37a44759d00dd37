package devcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// runCommand starts a development session, runs a command in it, and ends the session. Warnings of the session go to stderr,
// everything else to its log.
func runCommand(ctx context.Context, f *factory.Factory, args []string) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	if err := developmentOnly(a.Config); err != nil {
		return err
	}
	log, err := openLog(a.StateDir())
	if err != nil {
		return err
	}
	defer log.Close()
	a.Config.Dev.Watch = false
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	v := &view{t: f.Term, screen: term.PlainParts(f.Term.Err), log: term.PlainParts(log), least: slog.LevelWarn}
	var problems startProblems
	ended := make(chan error, 1)
	report := func(e dev.Event) {
		if e.Part == "postgres" {
			e.Level = min(e.Level, slog.LevelInfo) // the log has the server's messages
		}
		if e.Settled == nil {
			if e.Ready == nil {
				v.show(e)
			}
			problems.note(e)
			return
		}
		if err := problems.err(e.Settled.Failed); err != nil {
			if ctx.Err() == nil { // after Ctrl-C, parts fail only because they were stopped
				ended <- err
			}
			stop()
			return
		}
		go func() {
			ended <- runProgram(ctx, f, e.Settled.Env(), args)
			stop()
		}()
	}
	err = a.Dev(ctx, app.DevOptions{PID: os.Getpid(), Environ: f.Environ, Report: report, Progress: f.Fetching()})
	select {
	case commandErr := <-ended:
		return commandErr
	default:
		return err
	}
}

// startProblems are the errors of a stack that starts.
type startProblems struct {
	failed []string // parts
	broken bool     // a file of the project is invalid
}

func (p *startProblems) note(e dev.Event) {
	if e.Err == nil {
		return
	}
	if !slices.Contains(p.failed, e.Part) {
		p.failed = append(p.failed, e.Part)
	}
	p.broken = p.broken || (fault.CodeOf(e.Err) == fault.Invalid)
}

// err is the error of a stack in which parts have failed, or nil.
func (p *startProblems) err(incomplete bool) error {
	const op, hint = "start the stack", "fix the errors above; .krowoc/dev.log has the details"
	switch {
	case p.broken:
		return fault.New(fault.Invalid, op, "files of the project are invalid: "+strings.Join(p.failed, ", "), hint)
	case len(p.failed) > 0:
		return fault.New(fault.Unavailable, op, "these parts failed: "+strings.Join(p.failed, ", "), hint)
	case incomplete:
		return fault.New(fault.Unavailable, op, "not all parts started", hint)
	}
	return nil
}

// runProgram runs a program to its end. Ctrl-C reaches the program as well, and it gets some time to end.
func runProgram(ctx context.Context, f *factory.Factory, env, args []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = f.Dir, append(f.Environ, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f.Term.In, f.Term.Out, f.Term.Err
	cmd.Cancel = func() error { return dev.Interrupt(cmd.Process) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		return &factory.CommandError{Code: exit.ExitCode()}
	}
	return fault.New(fault.Invalid, "run "+args[0], err.Error())
}

func newReset(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "reset",
		Short:   "Delete the local database; the next session starts with a new one",
		Long:    "Delete the local database with all its rows, snapshots and branch databases. Stop the development session first.",
		Example: "krowoc dev reset",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			if other, err := dev.Find(a.StateDir()); err == nil {
				return dev.AlreadyRunning(other)
			}
			size, volumes, err := a.Stack().Size(cmd.Context())
			if err != nil {
				return err
			}
			if size == 0 && len(volumes) == 0 {
				fmt.Fprintln(f.Term.Err, "nothing to delete: there is no local database")
				return nil
			}
			if !yes {
				sure, err := f.Term.Confirm(cmd.Context(), fmt.Sprintf("Delete the local database (%.0f MB)? Its data is lost.", float64(size)/1e6))
				if err != nil {
					return err
				}
				if !sure {
					return fault.New(fault.Canceled, "delete the local database", "nothing was changed")
				}
			}
			if size, err = a.Stack().Reset(cmd.Context()); err != nil {
				return err
			}
			return f.Term.Result(removed{size}, func() error {
				_, err := fmt.Fprintf(f.Term.Out, "deleted; %.0f MB freed\n", float64(size)/1e6)
				return err
			})
		},
	}
	factory.YesFlag(cmd.Flags(), &yes)
	return cmd
}

// removed is what `dev reset --output json` prints.
type removed struct {
	Removed int64 `json:"removed"` // bytes
}
