package schemacmd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema/diff"
)

func newDiff(f *factory.Factory) *cobra.Command {
	var operations []string
	var server scratch.Options
	cmd := &cobra.Command{
		Use:   "diff REVISION",
		Short: "Show schema changes since a git revision, and what they break",
		Long: `Compare the schema with that of a git revision. Each change is breaking, dangerous or safe for three sides: clients of the API,
stored data, and code that uses generated models. The command also shows the SQL of the change and its dangerous statements,
stored GraphQL operations that break, changed model fields, and seeds that need attention.

The exit code is 3 when a change is breaking.`,
		Example: "krowoc schema diff main\nkrowoc schema diff origin/main --operations 'web/**/*.graphql' --output markdown",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			b, err := blastRadius(cmd.Context(), f, a, server, args[0], operations)
			if err != nil {
				return err
			}
			if f.Term.Format == term.Markdown {
				writeMarkdown(f.Term.Out, b)
			} else if err := f.Term.Result(b, func() error { showBlastRadius(f.Term, b); return nil }); err != nil {
				return err
			}
			if n := b.Breaking(); n > 0 {
				return fault.New(fault.CheckFailed, "compare the schema with "+args[0], term.Count(n, "breaking change"))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&operations, "operations", nil, "check the GraphQL operations in files that match `pattern`; example: 'web/**/*.graphql'; repeatable")
	factory.ScratchFlags(flags, &server, "url")
	f.Output(flags, term.Markdown)
	return cmd
}

func blastRadius(ctx context.Context, f *factory.Factory, a *app.App, o scratch.Options, revision string, operations []string) (b change.Radius, err error) {
	err = f.WithScratch(ctx, a, o, func(s *scratch.Server) error {
		b, err = change.RadiusSince(ctx, a, s, revision, operations)
		return err
	})
	return b, err
}

func showBlastRadius(t *term.Terminal, b change.Radius) {
	s := t.Styles()
	styles := map[diff.Severity]func(...string) string{diff.Breaking: s.Bad.Render, diff.Dangerous: s.Warn.Render, diff.Safe: s.Good.Render}
	for _, c := range b.Changes {
		fmt.Fprintf(t.Out, "%s %s: %s%s\n", styles[c.Worst()](string(c.Worst())+":"), s.Bold.Render(c.Path), c.Message, s.Faint.Render(forWhom(c)))
	}
	for _, o := range b.Operations {
		fmt.Fprintf(t.Out, "%s %s:%d:%d: %s\n", s.Bad.Render("breaking:"), o.File, o.Line, o.Column, o.Message)
	}
	for _, sql := range b.SQL {
		fmt.Fprintf(t.Out, "\n%s", sql)
	}
	for _, l := range b.Locks {
		fmt.Fprintf(t.Out, "%s %s%s\n", s.Warn.Render(l.Rule+":"), l.Message, s.Faint.Render(lock(l.Lock, l.Tables)))
	}
	for _, m := range b.Models {
		fmt.Fprintf(t.Out, "model %s: %s\n", m.Type, model(m))
	}
	if len(b.Seeds) > 0 {
		fmt.Fprintf(t.Out, "check these seeds: %s\n", strings.Join(b.Seeds, ", "))
	}
	if len(b.Changes) == 0 {
		fmt.Fprintf(t.Err, "no schema changes since %s\n", b.Since)
	}
}

// forWhom names the sides for which a change has its worst severity.
func forWhom(c diff.Change) string {
	var whom []string
	for _, side := range []struct {
		name     string
		severity diff.Severity
	}{{"clients", c.Clients}, {"data", c.Data}, {"models", c.Models}} {
		isWorst := side.severity == c.Worst()
		if isWorst && (side.severity != diff.Safe) {
			whom = append(whom, side.name)
		}
	}
	if whom == nil {
		return ""
	}
	return " (" + strings.Join(whom, ", ") + ")"
}

func lock(mode string, tables []string) string {
	if mode == "" {
		return ""
	}
	return " (" + mode + " lock on " + strings.Join(tables, ", ") + ")"
}

func model(m change.ModelChange) string {
	var parts []string
	for _, p := range []struct {
		word  string
		names []string
	}{{"added ", m.Added}, {"removed ", m.Removed}, {"changed ", m.Changed}} {
		if len(p.names) > 0 {
			parts = append(parts, strings.ReplaceAll(p.word+strings.Join(p.names, ", "), " *", ""))
		}
	}
	return strings.Join(parts, "; ")
}

// writeMarkdown writes a comment for a pull request.
func writeMarkdown(w io.Writer, b change.Radius) {
	fmt.Fprintf(w, "### Schema: %s since %s\n", term.Count(len(b.Changes), "change"), b.Since)
	if len(b.Changes) > 0 {
		fmt.Fprintf(w, "\n| | path | change | clients | data | models |\n| --- | --- | --- | --- | --- | --- |\n")
	}
	signs := map[diff.Severity]string{diff.Breaking: "❌", diff.Dangerous: "⚠️", diff.Safe: "✅"}
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, c := range b.Changes {
		fmt.Fprintf(w, "| %s | `%s` | %s | %s | %s | %s |\n", signs[c.Worst()], c.Path, cell.Replace(c.Message), c.Clients, c.Data, c.Models)
	}
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(w, "\n**%s**\n\n- %s\n", title, strings.Join(lines, "\n- "))
		}
	}
	var broken, locks, models []string
	for _, o := range b.Operations {
		broken = append(broken, fmt.Sprintf("`%s:%d:%d` %s", o.File, o.Line, o.Column, o.Message))
	}
	for _, l := range b.Locks {
		locks = append(locks, fmt.Sprintf("`%s` %s%s", l.Rule, l.Message, lock(l.Lock, l.Tables)))
	}
	for _, m := range b.Models {
		models = append(models, fmt.Sprintf("`%s`: %s", m.Type, model(m)))
	}
	section("Broken operations", broken)
	section("Dangerous statements", locks)
	section("Models", models)
	section("Seeds to check", b.Seeds)
	for _, sql := range b.SQL {
		fmt.Fprintf(w, "\n<details><summary>SQL</summary>\n\n```sql\n%s```\n\n</details>\n", sql)
	}
}
