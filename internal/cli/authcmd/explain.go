package authcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
)

// explained is what `auth explain --output json` prints.
type explained struct {
	Refused    string      `json:"refused,omitempty"` // why the operation is refused
	Statements []statement `json:"statements"`
	Rules      []decision  `json:"rules"`
}

type statement struct {
	Name       string      `json:"name"`
	SQL        string      `json:"sql"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Source string `json:"source"`
	Value  any    `json:"value"` // null also for what only an earlier statement tells
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
	var as, variables string
	cmd := &cobra.Command{
		Use:   "explain QUERY",
		Short: "Show the SQL of an operation and the rules that decide about it",
		Long: `Show the SQL that an operation runs for a caller, with its parameters, and for each type the access rules that decide which rows
the caller may read or write. Nothing is run, and no database is needed.

QUERY is a GraphQL document, @FILE to read it from a file, or - to read it from stdin. --as is the caller: a user ID, then
roles and a tier. Without it, the caller is anonymous.`,
		Example: "krowoc auth explain '{ prompts { nodes { title } } }'\nkrowoc auth explain --as ada,admin '{ teams { totalCount } }'\n" +
			"krowoc auth explain --as ada,tier=TEAM @create-team.graphql --variables '{\"name\": \"Core\"}'",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			op := exec.Operation{Caller: caller.Parse(as, ","), Time: f.Term.Now()}
			var err error
			if op.Document, err = document(f, args[0]); err != nil {
				return err
			}
			if op.Variables, err = parseVariables(variables); err != nil {
				return err
			}
			result, err := explain(cmd.Context(), f, &op)
			if err != nil {
				return err
			}
			return f.Term.Result(result, func() error { showExplained(f.Term, result); return nil })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&as, "as", "", "the `caller`: a user ID, then roles and a tier, such as ada,admin,tier=PRO (default: anonymous)")
	flags.StringVar(&variables, "variables", "", "variables of the operation as a `JSON` object")
	return cmd
}

// document returns the document that an argument is or names.
func document(f *factory.Factory, arg string) (string, error) {
	if arg == "-" {
		text, err := io.ReadAll(f.Term.In)
		return string(text), fault.Wrap("read the document from stdin", err)
	}
	path, isFile := strings.CutPrefix(arg, "@")
	if !isFile {
		return arg, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.WorkDir(), path)
	}
	text, err := os.ReadFile(path)
	return string(text), fault.Wrap("read the document", err)
}

func parseVariables(text string) (values map[string]any, err error) {
	if text == "" {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, factory.Usage(fmt.Errorf("--variables is not a JSON object: %w", err))
	}
	return values, nil
}

func explain(ctx context.Context, f *factory.Factory, op *exec.Operation) (explained, error) {
	a, err := f.App()
	if err != nil {
		return explained{}, err
	}
	s, err := a.Schema()
	if err != nil {
		return explained{}, err
	}
	api, err := a.API(s)
	if err != nil {
		return explained{}, err
	}
	e, err := exec.Explain(ctx, api, op)
	result := explained{Statements: []statement{}, Rules: decisions(e.Decisions, op.Caller)}
	switch code := fault.CodeOf(err); {
	case err == nil:
	case code == fault.Forbidden || code == fault.Unauthenticated:
		result.Refused = err.Error()
		return result, nil
	default:
		return result, err
	}
	result.Statements, err = statements(e)
	return result, err
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

func statements(e exec.Explained) (list []statement, err error) {
	add := func(name string, s graph.Statement) {
		if s.SQL == "" {
			return
		}
		out := statement{Name: name, SQL: s.SQL, Parameters: []parameter{}}
		for i := range s.Params {
			value, _, bindErr := s.Params[i].Bound(e.Request)
			err = errors.Join(err, bindErr)
			out.Parameters = append(out.Parameters, parameter{s.Params[i].String(), value})
		}
		list = append(list, out)
	}
	add("query", e.Plan.Statement)
	for _, s := range e.Plan.Steps {
		if s.OneTrip != nil {
			s.Write, s.Read = s.OneTrip.Write, s.OneTrip.Read
		}
		if s.Deletes {
			add("read", s.Read)
			add("write", s.Write)
			continue
		}
		add("write", s.Write)
		for _, l := range s.Links {
			add("link", l.Statement)
		}
		add("check", s.After)
		add("read", s.Read)
	}
	return list, err
}

func showExplained(t *term.Terminal, e explained) {
	s := t.Styles()
	if e.Refused != "" {
		fmt.Fprintf(t.Out, "%s %s\n", s.Bad.Render("refused:"), e.Refused)
	}
	for _, st := range e.Statements {
		fmt.Fprintf(t.Out, "%s\n%s\n", s.Faint.Render("-- "+st.Name), st.SQL)
		for i, p := range st.Parameters {
			value, _ := json.Marshal(p.Value)
			fmt.Fprintf(t.Out, "%s\n", s.Faint.Render(fmt.Sprintf("-- $%d = %s, %s", i+1, value, p.Source)))
		}
		fmt.Fprintln(t.Out)
	}
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
