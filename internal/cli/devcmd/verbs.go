package devcmd

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// status is what `dev status --output json` prints.
type status struct {
	Running bool `json:"running"`
	*dev.State
	Health health.Status `json:"health,omitempty"`
}

const askTimeout = 5 * time.Second

func newStatus(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show whether a development session is running, and its URLs",
		Long:    "Show whether a development session is running, its health and its URLs. The exit code is 3 when no session is running.",
		Example: "krowoc dev status\nkrowoc dev status --output json | jq -r .url",
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := stateDir(f)
			if err != nil {
				return err
			}
			state, err := dev.Find(dir)
			if fault.CodeOf(err) == fault.NotFound {
				if err := f.Term.Result(status{}, func() error { return nil }); err != nil {
					return err
				}
				return fault.New(fault.CheckFailed, "find the development session", "no development session is running in this project", "start one with `krowoc dev`")
			}
			if err != nil {
				return err
			}
			s := status{Running: true, State: &state, Health: ask(cmd.Context(), state)}
			return f.Term.Result(s, func() error { return renderStatus(f, s) })
		},
	}
}

// ask returns the health of the session's API, or "" while the session does not serve it yet.
func ask(ctx context.Context, state dev.State) health.Status {
	if state.URL == "" {
		return ""
	}
	report, err := health.Fetch(ctx, &http.Client{Timeout: askTimeout}, state.URL+"/healthz")
	if err != nil {
		return health.Fail
	}
	return report.Status
}

func renderStatus(f *factory.Factory, s status) error {
	table := f.Term.NewTable("WHAT", "VALUE")
	table.Row("project", s.Project)
	table.Row("pid", s.PID)
	table.Row("started", s.Started)
	table.Row("health", s.Health)
	if s.URL != "" {
		table.Row("graphql", s.URL+"/graphql")
	}
	table.Row("postgres", s.DatabaseURL)
	for _, l := range s.Links {
		table.Row(l.Name, l.URL)
	}
	return table.Flush()
}

// stopWait is how long `dev stop` waits: a little longer than a session may take to stop.
const stopWait = 30 * time.Second

func newStop(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "stop",
		Short:   "Stop the development session, from any terminal",
		Example: "krowoc dev stop",
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := stateDir(f)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), stopWait)
			defer cancel()
			err = dev.Stop(ctx, dir)
			if fault.CodeOf(err) == fault.NotFound {
				fmt.Fprintln(f.Term.Err, "no development session is running in this project")
				return nil
			}
			if err == nil {
				fmt.Fprintln(f.Term.Err, "stopped")
			}
			return err
		},
	}
}

func stateDir(f *factory.Factory) (string, error) {
	a, err := f.App()
	if err != nil {
		return "", err
	}
	return a.StateDir(), nil
}
