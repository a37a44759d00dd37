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
		Short: "Create and drop test databases",
		Long: `Create and drop test databases with the tables and fixtures of the project. Migrations and fixtures run once, into a template
database. Each test database is a copy of it.

The databases are on the server of database.url. Without database.url they are on the server of the running development
session. The environment is test unless --env names another; KROWOC_ENV is ignored. In Go tests, use the package
github.com/krowoc/krowoc/krowoctest.`,
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
		Short:   "Create a test database and print its URL, including the password",
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
			a.AnnounceDatabase(server.URL)
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
	cmd.Flags().StringArrayVar(&sets, "set", nil, "load the fixture `set` instead of the configured ones; repeatable")
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
		Short:   "Drop one test database, or all of this project",
		Example: "krowoc db test drop \"$DATABASE_URL\"\nkrowoc db test drop --all",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return factory.Usage(fault.New(fault.Invalid, "", "it needs either the URL of a test database or --all", cmd.Example))
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
			a.AnnounceDatabase(server.URL)
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
	cmd.Flags().BoolVar(&all, "all", false, "drop all test databases of this project on the server, including those in use")
	return cmd
}
