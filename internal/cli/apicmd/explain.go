package apicmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/explain"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// Options are the arguments and flags of `krowoc api explain`.
type Options struct {
	Document      string // - for stdin
	Operation     factory.OperationFlags
	Plan, Analyze bool
}

func newExplain(f *factory.Factory) *cobra.Command {
	return explainCommand(func(cmd *cobra.Command, o Options) error {
		result, err := run(cmd.Context(), f, o)
		if err != nil {
			return err
		}
		return f.Term.Result(result, func() error { show(f.Term, result); return nil })
	})
}

// explainCommand parses the command line.
func explainCommand(do func(*cobra.Command, Options) error) *cobra.Command {
	o := Options{Document: "-"}
	cmd := &cobra.Command{
		Use:   "explain [FILE|-]",
		Short: "Show the SQL, the plan and the cost of an operation",
		Long: `Show the SQL that an operation runs for a caller, with its parameters, what it costs, and the limits of the caller. Limits that the
operation exceeds are shown, and so is a refusal by the access rules. No database is needed.

FILE has a GraphQL document; - or no argument reads it from stdin. A document itself can take its place. --as is the caller: a user
ID, then roles and a tier. Without it, the caller is anonymous.

--plan adds how Postgres would run each statement in the database of the environment. Nothing is run. --analyze runs the operation
as a server would, shows the times and buffers of each statement, and rolls everything back, also a mutation. It runs each statement
twice and uses up values of sequences. A mutation with @sql or @function is refused, because its SQL can have effects that no rollback undoes.
With database.rls.enforce, statements run as the role of the caller, under the policies of the database.`,
		Example: "krowoc api explain feed.graphql --operation Feed --as ada,admin\nkrowoc api explain '{ prompts { nodes { title } } }' --plan\n" +
			"krowoc api explain create-team.graphql --as ada --variables @team.json --analyze --env production",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Document = args[0]
			}
			return do(cmd, o)
		},
	}
	flags := cmd.Flags()
	o.Operation.Add(flags)
	flags.BoolVar(&o.Plan, "plan", false, "add the plans of Postgres, from the database of the environment")
	flags.BoolVar(&o.Analyze, "analyze", false, "run the operation in a transaction that is rolled back, and add plans with times and buffers")
	return cmd
}

func run(ctx context.Context, f *factory.Factory, o Options) (result explain.Result, err error) {
	a, err := f.App()
	if err != nil {
		return result, err
	}
	op, file, err := f.Operation(o.Document, o.Operation)
	if err != nil {
		return result, err
	}
	with := explain.Options{Analyze: o.Analyze, JSON: f.Term.Format == term.JSON, File: file}
	if needsDatabase := o.Plan || o.Analyze; !needsDatabase {
		return explain.Run(ctx, a, op, with)
	}
	err = f.WithDatabase(ctx, a, func(db *app.Database) (err error) {
		with.Database = db.Pool
		result, err = explain.Run(ctx, a, op, with)
		return err
	})
	return result, err
}

func show(t *term.Terminal, r explain.Result) {
	s := t.Styles()
	factory.ShowStatements(t, r.Statements)
	if r.Cost != nil {
		showCost(t, r)
	}
	for _, over := range r.Exceeded {
		fmt.Fprintf(t.Out, "%s %s\n", s.Bad.Render("limit exceeded:"), over)
	}
	if r.Refused != "" {
		fmt.Fprintf(t.Out, "%s %s\n", s.Bad.Render("refused:"), r.Refused)
	}
	if r.Failed != "" {
		fmt.Fprintf(t.Out, "%s %s\n", s.Bad.Render("failed:"), r.Failed)
	}
	if r.RolledBack {
		fmt.Fprintln(t.Out, "the operation has run and is rolled back")
	}
}

func showCost(t *term.Terminal, r explain.Result) {
	fmt.Fprintf(t.Out, "%s\n", t.Styles().Bold.Render("cost of "+strings.TrimSpace(r.Operation.Type+" "+r.Operation.Name)))
	fmt.Fprintf(t.Out, "  fields     %d of %d\n  depth      %d of %d\n", r.Cost.Fields, r.Limits.MaxComplexity, r.Cost.Depth, r.Limits.MaxDepth)
	fmt.Fprintf(t.Out, "  aliases    %d of %d\n", r.Cost.Aliases, r.Limits.MaxAliases)
	for _, l := range r.Cost.Lists {
		fmt.Fprintf(t.Out, "  page size  %d of %d: %s, %d fields\n", l.Rows, r.Limits.MaxPageSize, l.Path, l.Fields)
	}
}
