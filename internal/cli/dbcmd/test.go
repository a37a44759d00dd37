package dbcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/testdb"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
)

func newTest(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Databases for tests, with the project's tables and fixtures",
		Long: `Databases for tests. Migrations and fixtures run once, into a template; each database is a copy of it. They are on the server
of database.url, else on that of the running session of "krowoc dev". The environment is test unless --env names another; what
KROWOC_ENV says is not for tests. In Go there is the package github.com/krowoc/krowoc/krowoctest.`,
	}
	cmd.AddCommand(newTestCreate(f), newTestDrop(f))
	return cmd
}

// testApp returns the parts of the project in its test environment.
func testApp(f *factory.Factory) (*app.App, error) {
	f.DefaultEnvironment(config.Test)
	return f.App()
}

func newTestCreate(f *factory.Factory) *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:     "create",
		Short:   "Make a database for a test, and print its URL, with its password",
		Example: "krowoc db test create\nkrowoc db test create --set common --set demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := testApp(f)
			if err != nil {
				return err
			}
			server, err := testdb.Find(a)
			if err != nil {
				return err
			}
			databases, err := testdb.New(a, server, sets...)
			if err != nil {
				return err
			}
			url, err := databases.Create(cmd.Context())
			if err != nil {
				return err
			}
			return f.Term.Result(location{url}, func() error { _, err := fmt.Fprintln(f.Term.Out, url); return err })
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "load the `set` of fixtures, in place of the configured ones; may be given again")
	return cmd
}

// dropped is what `db test drop --all --output json` prints.
type dropped struct {
	Dropped []string `json:"dropped"`
}

func newTestDrop(f *factory.Factory) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "drop [URL]",
		Short:   "Drop a database for a test, or all of the project",
		Example: "krowoc db test drop \"$DATABASE_URL\"\nkrowoc db test drop --all",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return factory.Usage(fault.New(fault.Invalid, "", "either the URL of a database or --all must be given", cmd.Example))
			}
			a, err := testApp(f)
			if err != nil {
				return err
			}
			if !all {
				return testdb.Drop(cmd.Context(), a, args[0])
			}
			server, err := testdb.Find(a)
			if err != nil {
				return err
			}
			names, err := testdb.DropAll(cmd.Context(), a, server)
			if err != nil {
				return err
			}
			return f.Term.Result(dropped{append([]string{}, names...)}, func() error {
				for _, name := range names {
					fmt.Fprintln(f.Term.Out, name)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "drop all that were made on the server for this project, also those that other tests use")
	return cmd
}
