// Package devcmd implements `krowoc dev`.
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
		Short: "Run the development stack and apply every saved change",
		Long: `Start a development session: Postgres (no set-up needed), migrations, seeds, the API with GraphiQL, a mail inbox, a log-in
page and a trace viewer. The session also starts everything that krowoc.yaml declares under dev: Redis, containers and your own
processes.

When you save the schema, a migration or a fixture, the session applies the change at once. When a file has a mistake, the
session shows it and the API keeps serving the last valid state. Ctrl-C stops everything. The session keeps its state in
.krowoc/, which git ignores.

On a terminal you get a dashboard; press ? for its keys. --plain prints log lines instead. When a session is already running,
the command shows its log, and Ctrl-C leaves the session running.

With --ci, the command starts the stack, runs COMMAND, stops the stack, and returns the exit code of COMMAND. The variables
DATABASE_URL and KROWOC_URL tell COMMAND where the stack is; .krowoc/env contains the same variables.`,
		Example: "krowoc dev\nkrowoc dev --detach\nkrowoc dev logs --follow\nkrowoc dev stop\nkrowoc dev --ci -- npm test",
		Args: func(cmd *cobra.Command, args []string) error {
			if ci {
				return nil
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case ci && (background || (len(args) == 0)):
				return factory.Usage(fault.New(fault.Invalid, "krowoc dev", "--ci needs a command and cannot be combined with --detach", "krowoc dev --ci -- npm test"))
			case ci:
				return runCommand(cmd.Context(), f, args)
			case background:
				return detach(cmd.Context(), f, cmd.Flags())
			}
			return runForeground(cmd.Context(), f, plain)
		},
	}
	cmd.Flags().BoolVar(&background, "detach", false, "run in the background and return when the stack is up")
	cmd.Flags().BoolVar(&ci, "ci", false, "start the stack, run the command after --, and stop the stack")
	cmd.Flags().BoolVar(&plain, "plain", false, "print log lines instead of the dashboard")
	cmd.Flags().String("address", "", "serve the API on `host:port` (default 127.0.0.1:8080); example: :9000")
	f.Bind(cmd.Flags().Lookup("address"), "server.address")
	cmd.Flags().String("engine", "", "run Postgres and Redis with this `engine`: auto, native or docker (default auto)")
	f.Bind(cmd.Flags().Lookup("engine"), "dev.engine")
	cmd.AddCommand(newStatus(f), newLogs(f), newStop(f), newReset(f), newPrune(f), newGuard(f))
	return cmd
}

// runForeground runs the session until Ctrl-C. Its messages go to the terminal and, without colour, to the log file.
func runForeground(ctx context.Context, f *factory.Factory, plain bool) error {
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
	onTerminal := f.Term.InTTY && f.Term.OutTTY
	if onTerminal && !plain && (f.Term.Format == term.Text) {
		return runOnScreen(ctx, f, a, o, log)
	}
	o.Report, o.Progress = newView(f.Term, log, level).show, f.Fetching()
	return a.Dev(ctx, o)
}

// attach shows the log of a running session until the session ends. Ctrl-C leaves the session running.
func attach(ctx context.Context, f *factory.Factory, dir string, state dev.State) error {
	fmt.Fprintf(f.Term.Err, "showing the log of the running session (pid %d); Ctrl-C leaves it running, `krowoc dev stop` stops it\n", state.PID)
	return printLog(ctx, f.Term.Out, dir, logsOptions{Follow: true, Tail: -1})
}

// developmentOnly refuses other environments than development and test: a session loads seeds and trusts callers to name
// themselves, which production must never do.
func developmentOnly(c *config.Config) error {
	if c.IsLocal() {
		return nil
	}
	return fault.New(fault.Invalid, "start the development session", "`krowoc dev` runs in development and test only; the environment is "+c.Environment,
		"use `krowoc serve` for "+c.Environment)
}

// openLog starts a new log for the session. It fails while another session is writing to the log.
func openLog(stateDir string) (io.WriteCloser, error) {
	const op = "open the session's log"
	if state, err := dev.Find(stateDir); err == nil {
		return nil, dev.AlreadyRunning(state)
	}
	if err := dev.MakeStateDir(stateDir); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Clean(dev.LogPath(stateDir)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	return file, fault.Wrap(op, err)
}
