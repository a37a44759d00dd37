package schemacmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// recorded is what `schema import --record --output json` prints.
type recorded struct {
	Recorded []int64 `json:"recorded"` // versions that were noted now
}

func newImport(f *factory.Factory) *cobra.Command {
	var url string
	var server scratch.Options
	var force, record bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Write the schema of a database that exists",
		Long: `Write the types of the tables in a database, which is only read, and where the project has no migrations the one
that builds it. Both are proved on scratch databases: from then on "krowoc migrate diff" writes what you change.

What the language cannot say (views, functions, triggers, expression indexes and so on) stays in the migrations, and is
listed. --record notes in a database that it has the baseline, and writes no file: do so for every database that exists.`,
		Example: "krowoc schema import --url postgres://localhost/shop\nkrowoc schema import --record --url postgres://localhost/shop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			if record {
				return recordBaseline(cmd.Context(), f, a, url)
			}
			result, err := importSchema(cmd.Context(), f, a, server, url, force)
			if err != nil {
				return err
			}
			return f.Term.Result(result, func() error { showImported(f.Term, result); return nil })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&url, "url", "", "`URL` of the database; the environment's when not given")
	flags.BoolVar(&force, "force", false, "write over a schema that is there")
	flags.BoolVar(&record, "record", false, "note in the database that it has the baseline, and write no file")
	factory.ScratchFlags(flags, &server, "scratch-url")
	f.Output(flags)
	return cmd
}

func importSchema(ctx context.Context, f *factory.Factory, a *app.App, o scratch.Options, url string, force bool) (result takeover.Schema, err error) {
	url, done, err := databaseURL(ctx, f, a, url)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, done()) }()
	err = f.WithScratch(ctx, a, o, func(s *scratch.Server) error {
		result, err = takeover.ImportSchema(ctx, a, s, url, force)
		return err
	})
	return result, err
}

// databaseURL returns the database that is given, else the environment's, and what closes it.
func databaseURL(ctx context.Context, f *factory.Factory, a *app.App, given string) (string, func() error, error) {
	if given != "" {
		return given, func() error { return nil }, nil
	}
	db, err := a.Open(ctx, f.Fetching())
	if err != nil {
		return "", nil, err
	}
	return db.URL, func() error { return db.Close(ctx) }, nil
}

func recordBaseline(ctx context.Context, f *factory.Factory, a *app.App, url string) (err error) {
	url, done, err := databaseURL(ctx, f, a, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	db, err := a.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	versions, err := takeover.RecordBaseline(ctx, a, db)
	if err != nil {
		return err
	}
	return f.Term.Result(recorded{append([]int64{}, versions...)}, func() error {
		_, err := fmt.Fprintln(f.Term.Out, map[bool]string{true: "the database had the baseline already", false: "the database has the baseline now"}[len(versions) == 0])
		return err
	})
}

func showImported(t *term.Terminal, r takeover.Schema) {
	s := t.Styles()
	fmt.Fprintf(t.Out, "%s: %s, %s\n", r.Schema, term.Count(r.Types, "type"), term.Count(r.Enums, "enum"))
	if r.Baseline != "" {
		fmt.Fprintln(t.Out, r.Baseline)
	}
	for _, l := range r.Left {
		fmt.Fprintf(t.Err, "left out: %s%s\n", l.What, s.Faint.Render(": "+l.Why))
	}
	if len(r.Differs) > 0 {
		fmt.Fprintf(t.Err, "%s `krowoc migrate diff` would still write\n%s\n", s.Warn.Render("not quite the same:"), strings.Join(r.Differs, ";\n"))
	}
	next := "krowoc generate"
	if r.Baseline != "" {
		next = "for each database that exists: krowoc schema import --record --url URL"
	}
	fmt.Fprintf(t.Err, "no type has a rule yet, so nobody but the service reaches them: see @auth\n%s\n", next)
}
