// Package dbcmd implements `krowoc db`.
package dbcmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "db", Short: "Open, snapshot and restore the database; create test databases"}
	cmd.AddCommand(newURL(f), newPsql(f), newSnapshot(f), newSnapshots(f), newRestore(f), newBranch(f), newTest(f))
	return cmd
}

// withDatabase calls work with the database of the project.
func withDatabase(ctx context.Context, f *factory.Factory, work func(*app.App, *app.Database) error) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return f.WithDatabase(ctx, a, func(db *app.Database) error { return work(a, db) })
}

// location is what `db url --output json` prints.
type location struct {
	URL string `json:"url"`
}

func newURL(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "url",
		Short:   "Print the URL of the database, including the password",
		Example: "psql \"$(krowoc db url)\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), f, func(_ *app.App, db *app.Database) error {
				if db.Started() {
					return fault.New(fault.NotFound, "find the local database", "no development session is running",
						"run `krowoc dev`, or use `krowoc db psql`, which starts Postgres temporarily")
				}
				return f.Term.Result(location{db.URL}, func() error { _, err := fmt.Fprintln(f.Term.Out, db.URL); return err })
			})
		},
	}
}

func newPsql(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:         "psql [ARGUMENT…]",
		Short:       "Open psql on the database",
		Args:        cobra.ArbitraryArgs,
		Annotations: map[string]string{factory.PassThrough: "psql"},
		Example:     "krowoc db psql\nkrowoc db psql -c 'select count(*) from prompts'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error {
				program, err := local.Tool(cmd.Context(), f.Getenv, "psql", 0)
				if err != nil {
					return err
				}
				u, err := url.Parse(db.URL)
				if err != nil {
					return fault.New(fault.Invalid, "open psql", "the database URL is not valid")
				}
				password, _ := u.User.Password() // other processes can see arguments, but not the environment
				u.User = url.User(u.User.Username())
				psql := exec.CommandContext(cmd.Context(), program, append([]string{"--dbname", u.String()}, args...)...)
				psql.Stdin, psql.Stdout, psql.Stderr = f.Term.In, f.Term.Out, f.Term.Err
				psql.Env = append(f.Environ, "PGPASSWORD="+password)
				var exit *exec.ExitError
				if err := psql.Run(); errors.As(err, &exit) {
					return fault.New(fault.Invalid, "run psql", fmt.Sprintf("psql exited with code %d", exit.ExitCode()))
				} else if err != nil {
					return fault.Wrap("run psql", err)
				}
				return nil
			})
		},
	}
}
