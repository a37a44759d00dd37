package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

func TestExitCodes(t *testing.T) {
	invalid := fault.New(fault.Invalid, "x", "y")
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("boom"), 1},
		{invalid, 1},
		{fault.New(fault.Unavailable, "connect", "no answer"), 1},
		{&factory.UsageError{Err: invalid}, 2},
		{fmt.Errorf("wrapped: %w", &factory.UsageError{Err: invalid}), 2},
		{fault.New(fault.CheckFailed, "check", "2 mistakes"), 3},
		{fault.Wrap("health", fault.New(fault.CheckFailed, "check", "x")), 3},
		{context.Canceled, 130},
		{fault.Wrap("migrate up", context.Canceled), 130},
	} {
		if got := cli.ExitCode(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

// broken is a stream whose writer has a bug.
type broken struct{}

func (broken) Write([]byte) (int, error) { panic("bug") }

func TestAPanicIsAnErrorWithoutAStackTrace(t *testing.T) {
	for debug, traced := range map[string]bool{"": false, "1": true} {
		var stderr bytes.Buffer
		code := cli.Main(t.Context(), cli.Process{
			Args: []string{"version"}, Streams: term.Streams{Out: broken{}, Err: &stderr}, Environ: factory.Environ{"KROWOC_DEBUG=" + debug},
		})
		if code != cli.ExitFailed || !strings.HasPrefix(stderr.String(), "error: krowoc met a bug\ncause: bug\n hint: ") ||
			strings.Contains(stderr.String(), "goroutine") != traced {
			t.Errorf("code %d\n%s", code, &stderr)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	code := cli.Report(ctx, term.New(term.Streams{Out: io.Discard, Err: &stderr}, factory.Environ{}.Lookup), fault.Wrap("load seeds", ctx.Err()))
	if code != cli.ExitInterrupted || stderr.String() != "error: interrupted\n" {
		t.Errorf("code %d\n%s", code, &stderr)
	}
}

// What an interrupted command has done in part, it says, and how to go on.
func TestInterruptedHalfway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	err := fault.Wrap("load the rows", fault.New(fault.Canceled, "", "50 of 100 rows are in", "The same command goes on from there."))
	cli.Report(ctx, term.New(term.Streams{Out: io.Discard, Err: &stderr}, factory.Environ{}.Lookup), err)
	if stderr.String() != "error: interrupted\ncause: 50 of 100 rows are in\n hint: The same command goes on from there.\n" {
		t.Error(stderr.String())
	}
}

// closed is a pipe that nobody reads any more.
type closed struct{}

func (closed) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestNoReader(t *testing.T) {
	var stderr bytes.Buffer
	code := cli.Main(t.Context(), cli.Process{
		Args: []string{"version"}, Streams: term.Streams{Out: closed{}, Err: &stderr},
	})
	if code != cli.ExitNoReader || stderr.Len() != 0 {
		t.Errorf("code %d\n%s", code, &stderr)
	}
}

// Every command can be read about: what it does, and how it is called.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short is a phrase without full stop, not %q", cmd.CommandPath(), cmd.Short)
		}
		if !cmd.HasSubCommands() && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.Contains(line, "krowoc") {
				t.Errorf("%s: an example that does not run krowoc: %q", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(cli.NewRoot())
}
