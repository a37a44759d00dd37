package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
		if code != cli.ExitFailed || !strings.HasPrefix(stderr.String(), "error: krowoc has a bug\ncause: bug\n hint: ") ||
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

// An interrupted command reports what it completed, and how to continue.
func TestInterruptedHalfway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	err := fault.Wrap("load the rows", fault.New(fault.Canceled, "", "50 of 100 rows are in", "Run the same command again to continue from there."))
	cli.Report(ctx, term.New(term.Streams{Out: io.Discard, Err: &stderr}, factory.Environ{}.Lookup), err)
	if stderr.String() != "error: interrupted\ncause: 50 of 100 rows are in\n hint: Run the same command again to continue from there.\n" {
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

// The first help screen stays short: at most 20 commands in five groups, the commands of development first.
func TestRootHelpStaysShort(t *testing.T) {
	root := cli.NewRoot()
	visible := 0
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() || (cmd.Name() == "help") {
			visible++
		}
	}
	if visible > 20 {
		t.Errorf("krowoc --help shows %d commands; group or hide some to get to 20", visible)
	}
	groups := root.Groups()
	if (len(groups) != 5) || (groups[0].Title != "Development") {
		t.Errorf("krowoc --help must show five groups, Development first; it shows %d, %s first", len(groups), groups[0].Title)
	}
}

// flagUsage matches the help of a flag: it begins with a lower-case word and ends without a full stop.
var flagUsage = regexp.MustCompile(`^[a-z` + "`" + `-].*[^.]$`)

// Every flag is described by a phrase, and one that takes a value names it.
func TestEveryFlagIsDocumented(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if !flagUsage.MatchString(flag.Usage) {
				t.Errorf("%s --%s: describe the flag by a phrase without full stop, not %q", cmd.CommandPath(), flag.Name, flag.Usage)
			}
			if value, _ := pflag.UnquoteUsage(flag); value == "string" || value == "int" || value == "strings" {
				t.Errorf("%s --%s: name the value in back quotes: %q", cmd.CommandPath(), flag.Name, flag.Usage)
			}
			repeatable := strings.HasSuffix(flag.Value.Type(), "Array") || strings.HasSuffix(flag.Value.Type(), "Slice")
			if repeatable && !strings.Contains(flag.Usage, "repeatable") {
				t.Errorf("%s --%s: say that it is repeatable", cmd.CommandPath(), flag.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(cli.NewRoot())
}

// Every command has help: what it does, and how to call it.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short is a phrase without full stop, not %q", cmd.CommandPath(), cmd.Short)
		}
		if len(cmd.Short) > 66 {
			t.Errorf("%s: Short must fit on a terminal of 80 columns: at most 66 characters, not %d", cmd.CommandPath(), len(cmd.Short))
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
