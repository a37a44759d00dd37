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
	Recorded []int64 `json:"recorded"` // versions that this run recorded
}

func newImport(f *factory.Factory) *cobra.Command {
	var url string
	var server scratch.Options
	var force, record bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Write the schema of an existing database",
		Long: `Write a schema with the types of the tables in an existing database. The database is only read. When the project has no
migrations, the command also writes a baseline that builds the database. It checks both on scratch databases.

Objects that the schema language does not support (views, functions, triggers, expression indexes and so on) stay in the
migrations, and the command lists them.

Afterwards, run the command with --record for every existing database. It then records the baseline as applied and writes no
files.`,
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
	flags.StringVar(&url, "url", "", "import from the database at `URL` (default: the database of the environment)")
	flags.BoolVar(&force, "force", false, "overwrite an existing schema")
	flags.BoolVar(&record, "record", false, "only record the baseline as applied in the database; write no files")
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

// databaseURL returns the given URL, or else that of the environment's database, and a function that closes the database.
func databaseURL(ctx context.Context, f *factory.Factory, a *app.App, given string) (string, func() error, error) {
	if given != "" {
		a.AnnounceDatabase(given)
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
	message := "recorded the baseline as applied"
	if len(versions) == 0 {
		message = "the baseline was already recorded as applied"
	}
	return f.Term.Result(recorded{append([]int64{}, versions...)}, func() error {
		_, err := fmt.Fprintln(f.Term.Out, message)
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
		fmt.Fprintf(t.Err, "%s the schema differs from the database; `krowoc migrate diff` would write\n%s\n", s.Warn.Render("warning:"), strings.Join(r.Differs, ";\n"))
	}
	if len(r.Ignored) > 0 {
		fmt.Fprintf(t.Err, "the baseline has no grants to roles; krowoc.yaml now has drift.ignore: [%s]\n", strings.Join(r.Ignored, ", "))
	}
	if len(r.IgnoreByHand) > 0 {
		fmt.Fprintf(t.Err, "%s the baseline has no grants to roles; add %s to drift.ignore in krowoc.yaml\n", s.Warn.Render("warning:"), strings.Join(r.IgnoreByHand, ", "))
	}
	next := "next: krowoc generate"
	if r.Baseline != "" {
		next = "next, for each existing database: krowoc schema import --record --url URL"
	}
	fmt.Fprintf(t.Err, "no type has an @auth rule yet, so only the service can access them\n%s\n", next)
}
