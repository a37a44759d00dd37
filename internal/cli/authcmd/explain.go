package authcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app/explain"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
)

// explanation is what `auth explain --output json` prints.
type explanation struct {
	Refused    string              `json:"refused,omitempty"` // why the operation is refused
	Statements []explain.Statement `json:"statements"`
	Rules      []decision          `json:"rules"`
}

type decision struct {
	Type      string `json:"type"`
	Field     string `json:"field,omitempty"`
	Operation string `json:"operation"`
	Fresh     string `json:"fresh,omitempty"` // how long ago the caller may have logged in
	Rules     []rule `json:"rules"`           // none for a field that only Fresh restricts
}

type rule struct {
	Position string `json:"position"`
	Applies  bool   `json:"applies"` // to the caller, whatever the row
	Words    string `json:"words"`
}

func newExplain(f *factory.Factory) *cobra.Command {
	var flags factory.OperationFlags
	cmd := &cobra.Command{
		Use:   "explain QUERY",
		Short: "Show the SQL of an operation and the rules that decide about it",
		Long: `Show the SQL that an operation runs for a caller, with its parameters, and for each type the access rules that decide which rows
the caller may read or write. Nothing is run, and no database is needed. ` + "`krowoc api explain`" + ` shows the cost and the plan.

QUERY is a GraphQL document, @FILE to read it from a file, or - to read it from stdin. --as is the caller: a user ID, then
roles and a tier. Without it, the caller is anonymous.`,
		Example: "krowoc auth explain '{ prompts { nodes { title } } }'\nkrowoc auth explain --as ada,admin '{ teams { totalCount } }'\n" +
			"krowoc auth explain --as ada,tier=TEAM @create-team.graphql --variables '{\"name\": \"Core\"}'",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := explained(cmd.Context(), f, args[0], flags)
			if err != nil {
				return err
			}
			return f.Term.Result(result, func() error { showExplained(f.Term, result); return nil })
		},
	}
	flags.Add(cmd.Flags())
	return cmd
}

func explained(ctx context.Context, f *factory.Factory, arg string, flags factory.OperationFlags) (explanation, error) {
	a, err := f.App()
	if err != nil {
		return explanation{}, err
	}
	op, file, err := f.Operation(arg, flags)
	if err != nil {
		return explanation{}, err
	}
	r, err := explain.Run(ctx, a, op, explain.Options{File: file})
	return explanation{r.Refused, r.Statements, decisions(r.Decisions, op.Caller)}, err
}

func decisions(list []graph.Decision, who caller.Caller) []decision {
	out := []decision{}
	for _, d := range list {
		line := decision{Type: d.Type.Name, Operation: strings.ToLower(string(d.Operation)), Rules: []rule{}}
		if d.Field != nil {
			line.Field = d.Field.Name
		}
		if d.Fresh > 0 {
			line.Fresh = schema.FormatDuration(d.Fresh)
		}
		for _, r := range d.Rules {
			line.Rules = append(line.Rules, rule{r.Pos.String(), access.Applies(r, who), access.Words(r)})
		}
		out = append(out, line)
	}
	return out
}

func showExplained(t *term.Terminal, e explanation) {
	s := t.Styles()
	if e.Refused != "" {
		fmt.Fprintf(t.Out, "%s %s\n", s.Bad.Render("refused:"), e.Refused)
	}
	factory.ShowStatements(t, e.Statements)
	for _, d := range e.Rules {
		showDecision(t, d)
	}
}

func showDecision(t *term.Terminal, d decision) {
	s := t.Styles()
	subject := d.Type
	if d.Field != "" {
		subject += "." + d.Field
	}
	verdict := "no rule applies to the caller"
	if len(d.Rules) == 0 && d.Fresh != "" {
		verdict = "allowed as its type"
	}
	for _, r := range d.Rules {
		if r.Applies {
			verdict = "allowed by"
		}
	}
	fmt.Fprintf(t.Out, "%s %s: %s\n", d.Operation, s.Bold.Render(subject), verdict)
	for _, r := range d.Rules {
		if r.Applies {
			fmt.Fprintf(t.Out, "  %s  %s\n", s.Faint.Render(r.Position), r.Words)
		}
	}
	if d.Fresh != "" {
		fmt.Fprintf(t.Out, "  after a log-in within %s\n", d.Fresh)
	}
}
