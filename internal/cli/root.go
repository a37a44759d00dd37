package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/addcmd"
	"github.com/krowoc/krowoc/internal/cli/apicmd"
	"github.com/krowoc/krowoc/internal/cli/authcmd"
	"github.com/krowoc/krowoc/internal/cli/cicmd"
	"github.com/krowoc/krowoc/internal/cli/completioncmd"
	"github.com/krowoc/krowoc/internal/cli/configcmd"
	"github.com/krowoc/krowoc/internal/cli/dbcmd"
	"github.com/krowoc/krowoc/internal/cli/devcmd"
	"github.com/krowoc/krowoc/internal/cli/doctorcmd"
	"github.com/krowoc/krowoc/internal/cli/errorscmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/generatecmd"
	"github.com/krowoc/krowoc/internal/cli/healthcmd"
	"github.com/krowoc/krowoc/internal/cli/mancmd"
	"github.com/krowoc/krowoc/internal/cli/migratecmd"
	"github.com/krowoc/krowoc/internal/cli/newcmd"
	"github.com/krowoc/krowoc/internal/cli/schemacmd"
	"github.com/krowoc/krowoc/internal/cli/seedcmd"
	"github.com/krowoc/krowoc/internal/cli/servecmd"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/cli/versioncmd"
	"github.com/krowoc/krowoc/internal/config"
)

// otherGroup holds the commands that are needed rarely, and help.
const otherGroup = "other"

// groups is the first level of the command tree: each group that help shows, with the constructors of its commands.
var groups = []struct {
	id, title string
	commands  []func(*factory.Factory) *cobra.Command
}{
	{"development", "Development", []func(*factory.Factory) *cobra.Command{newcmd.New, newcmd.NewInit, devcmd.New, addcmd.New, doctorcmd.New}},
	{"database", "Database", []func(*factory.Factory) *cobra.Command{migratecmd.New, seedcmd.New, dbcmd.New}},
	{"code", "Code and CI", []func(*factory.Factory) *cobra.Command{schemacmd.New, apicmd.New, generatecmd.New, cicmd.New}},
	{"production", "Production", []func(*factory.Factory) *cobra.Command{servecmd.New, healthcmd.New, errorscmd.New, authcmd.New}},
	{otherGroup, "Other", []func(*factory.Factory) *cobra.Command{configcmd.New, versioncmd.New, completioncmd.New, mancmd.New}},
}

// newRoot builds the command tree. It sets ran when the code of a command starts: an error before that is a mistake in the
// command line.
func newRoot(f *factory.Factory, ran *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "krowoc",
		Short: "From a GraphQL schema to a production Postgres platform",
		Long: `Krowoc builds a Postgres platform from one GraphQL schema: migrations, seed data, generated models, a development stack and
the production API.`,
		Example:       "krowoc dev\nkrowoc migrate up --env production\nkrowoc schema check --output json",
		Version:       f.Build.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	f.GlobalFlags(root.PersistentFlags())
	completeFlags(root)
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, construct := range g.commands {
			cmd := construct(f)
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	root.SetIn(f.Term.In)
	root.SetOut(f.Term.Out)
	root.SetErr(f.Term.Err)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(f.Term, cmd) })
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	prepare(root, ran)
	return root
}

// completeFlags lists the values that the shell may offer for the global flags.
func completeFlags(root *cobra.Command) {
	for flag, values := range map[string][]cobra.Completion{
		"env":       {config.Development, config.Test, config.Production},
		"output":    {string(term.Text), string(term.JSON)},
		"log-level": {"debug", "info", "warn", "error"},
	} {
		// It fails only for an unknown flag, which the completion script test would show.
		_ = root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// prepare gives every command what its author might forget: no arguments unless it declares some, an error for an unknown
// verb, and the mark that it ran.
func prepare(cmd *cobra.Command, ran *bool) {
	for _, sub := range cmd.Commands() {
		prepare(sub, ran)
	}
	if !cmd.Runnable() {
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return &factory.UsageError{Err: unknownCommand(cmd, args[0])}
		}
		return
	}
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	if own := cmd.RunE; own != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*ran = true
			return own(cmd, args)
		}
	}
}

// execute runs one command line.
func execute(ctx context.Context, f *factory.Factory, args []string) error {
	ran := false
	root := newRoot(f, &ran)
	root.SetArgs(separate(root, args))
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil || ran {
		return err
	}
	if usage := new(factory.UsageError); errors.As(err, &usage) {
		return err
	}
	return &factory.UsageError{Err: argumentError(cmd, err)}
}
