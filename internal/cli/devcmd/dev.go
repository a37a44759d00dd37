// Package devcmd is `krowoc dev`.
package devcmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	var background, ci, plain bool
	cmd := &cobra.Command{
		Use:   "dev [--ci -- COMMAND…]",
		Short: "Run the development stack and follow every save",
		Long: `Start a Postgres with no set-up, apply the migrations, load the seeds and serve the API with GraphiQL. Beside it run an inbox
for mail, a log-in page and a sink for traces, and what krowoc.yaml declares under dev: Redis, containers, your own processes.
A save of the schema, a migration or a fixture takes effect at once; a mistake is shown and the last good
state keeps serving. Ctrl-C stops everything. The state is in .krowoc/, which git should ignore.
On a terminal there is a dashboard, in which ? has the keys; --plain prints lines.
Where a session runs already, its log is shown, and Ctrl-C leaves it running.

With --ci it runs a command once the stack is up, such as the tests of a front end, and ends with that, and with its exit
code. The command finds the stack in the variables DATABASE_URL and KROWOC_URL, as does whoever reads .krowoc/env.`,
		Example: "krowoc dev\nkrowoc dev --detach\nkrowoc dev logs --follow\nkrowoc dev stop\nkrowoc dev --ci -- npm test",
		Args: func(cmd *cobra.Command, args []string) error {
			if ci {
				return nil
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case ci && (len(args) == 0 || background):
				return factory.Usage(fault.New(fault.Invalid, "krowoc dev", "--ci runs a command, in the foreground", "krowoc dev --ci -- npm test"))
			case ci:
				return runCommand(cmd.Context(), f, args)
			case background:
				return detach(cmd.Context(), f, cmd.Flags())
			}
			return run(cmd.Context(), f, plain)
		},
	}
	cmd.Flags().BoolVar(&background, "detach", false, "run in the background; return when it is up")
	cmd.Flags().BoolVar(&ci, "ci", false, "run a command once the stack is up, and end with it")
	cmd.Flags().BoolVar(&plain, "plain", false, "print lines, also on a terminal")
	cmd.Flags().String("address", "", "`host:port` of the API")
	f.Bind(cmd.Flags().Lookup("address"), "server.address")
	cmd.Flags().String("engine", "", "what runs Postgres and Redis: auto, `native` or docker")
	f.Bind(cmd.Flags().Lookup("engine"), "dev.engine")
	cmd.AddCommand(newStatus(f), newLogs(f), newStop(f), newReset(f), newPrune(f), newGuard(f))
	return cmd
}

// run is the session in the foreground. What it says goes to the terminal and, plain, to the log file.
func run(ctx context.Context, f *factory.Factory, plain bool) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	if err := developmentOnly(a.Config); err != nil {
		return err
	}
	if state, err := dev.Find(a.StateDir()); err == nil {
		return attach(ctx, f, a.StateDir(), state)
	}
	level, err := f.LogLevel()
	if err != nil {
		return err
	}
	log, err := openLog(a.StateDir())
	if err != nil {
		return err
	}
	defer log.Close()
	o := app.DevOptions{PID: os.Getpid(), Environ: f.Environ}
	if !plain && f.Term.InTTY && f.Term.OutTTY && f.Term.Format == term.Text {
		return runOnScreen(ctx, f, a, o, log)
	}
	o.Report, o.Progress = newView(f.Term, log, level).show, f.Fetching()
	return a.Dev(ctx, o)
}

// attach shows the log of a session that runs already, until it ends or Ctrl-C, which leaves it running.
func attach(ctx context.Context, f *factory.Factory, dir string, state dev.State) error {
	fmt.Fprintf(f.Term.Err, "attached to the session that runs (pid %d); Ctrl-C leaves it running, `krowoc dev stop` ends it\n", state.PID)
	return logs(ctx, f.Term.Out, dir, logsOptions{Follow: true, Tail: -1})
}

// developmentOnly keeps the session, with its seeds and its callers who say who they are, away from
// production.
func developmentOnly(c *config.Config) error {
	if c.Environment == config.Development || c.Environment == config.Test {
		return nil
	}
	return fault.New(fault.Invalid, "start the development session", "the environment is "+c.Environment,
		"`krowoc dev` runs in development and test; `krowoc serve` is for "+c.Environment+".")
}

// openLog starts the session's log afresh, unless a session is writing it.
func openLog(stateDir string) (io.WriteCloser, error) {
	const op = "open the session's log"
	if state, err := dev.Find(stateDir); err == nil {
		return nil, dev.Running(state)
	}
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return nil, fault.Wrap(op, err)
	}
	file, err := os.OpenFile(filepath.Clean(dev.LogPath(stateDir)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	return file, fault.Wrap(op, err)
}
