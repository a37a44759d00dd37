// Package servecmd is `krowoc serve`.
package servecmd

import (
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API in production",
		Long: `Serve the GraphQL API, the health endpoints and nothing else, until SIGTERM or Ctrl-C; then /readyz
fails first, requests in flight finish, and the process ends.

Postgres need not be up when the server starts: it answers 503 until Postgres does. Migrations are not
applied: run "krowoc migrate up" before a release.`,
		Example: "krowoc serve --env production\nkrowoc serve --address :8080",
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			return a.Serve(cmd.Context())
		},
	}
	cmd.Flags().String("address", "", "`host:port` to listen on")
	f.Bind(cmd.Flags().Lookup("address"), "server.address")
	return cmd
}
