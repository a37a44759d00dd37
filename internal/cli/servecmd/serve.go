// Package servecmd is `krowoc serve`.
package servecmd

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/config"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API in production",
		Long: `Serve the GraphQL API and the health endpoints until SIGTERM or Ctrl-C. Then /readyz fails first, requests
in flight finish, and the process ends.

The environment is production unless --env or KROWOC_ENV names another. Whatever the environment, the server
never trusts the header Krowoc-Act-As; "krowoc dev" does.

Postgres need not be up when the server starts: it answers 503 until Postgres does. Migrations are not
applied: run "krowoc migrate up" before a release.`,
		Example: "krowoc serve\nkrowoc serve --address :8080\nkrowoc serve --env staging",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			f.FallbackEnvironment(config.Production)
			closeLog, err := f.LogToFile()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, closeLog()) }()
			a, err := f.App()
			if err != nil {
				return err
			}
			return a.Serve(cmd.Context())
		},
	}
	cmd.Flags().String("address", "", "`host:port` to listen on")
	f.Bind(cmd.Flags().Lookup("address"), "server.address")
	cmd.Flags().String("probe-address", "", "`host:port` of the probes alone, which --address then does not answer")
	f.Bind(cmd.Flags().Lookup("probe-address"), "server.probeAddress")
	return cmd
}
