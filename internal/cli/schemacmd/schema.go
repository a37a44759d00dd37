// Package schemacmd implements `krowoc schema`.
package schemacmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "schema", Short: "Check, compare, import and print the schema; write policies"}
	cmd.AddCommand(newCheck(f), newDiff(f), newImport(f), newPersist(f), newPrint(f), newRLS(f))
	return cmd
}

// checked is what `schema check --output json` prints.
type checked struct {
	OK          bool      `json:"ok"`
	Types       int       `json:"types"` // that the files declare; 0 when there are errors
	Errors      int       `json:"errors"`
	Warnings    int       `json:"warnings"`
	Diagnostics diag.List `json:"diagnostics"`
}

func newCheck(f *factory.Factory) *cobra.Command {
	var server scratch.Options
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the schema for mistakes",
		Long: `Report every mistake in the schema with its file, line and column, and a fix. The exit code is 3 when there is an error.
Warnings do not change the exit code.

SQL in the schema (@sql, @function, @view) is prepared on a scratch database that the migrations build, and does not run. The scratch
database is on a temporary Postgres, which runs in a container with --engine docker. --url names another server. Without any, the SQL is
not checked, which is a warning. A schema without SQL needs no Postgres.`,
		Example: "krowoc schema check\nkrowoc schema check --output json | jq '.diagnostics[].message'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			s, list := a.ParseSchema()
			if s != nil {
				inSQL, err := checkSQL(cmd.Context(), f, a, s, server)
				if err != nil {
					return err
				}
				list = append(list, inSQL...)
			}
			report := checked{Errors: list.Errors(), Warnings: len(list) - list.Errors(), Diagnostics: append(diag.List{}, list...)}
			if report.OK = report.Errors == 0; report.OK {
				report.Types = declared(s)
			}
			if err := f.Term.Result(report, func() error { return show(f, a.Config.Schema, report) }); err != nil {
				return err
			}
			if !report.OK {
				return fault.New(fault.CheckFailed, "check "+a.Config.Schema, term.Count(report.Errors, "mistake"))
			}
			return nil
		},
	}
	factory.ScratchFlags(cmd.Flags(), &server, "url")
	return cmd
}

// checkSQL returns what is wrong with the names that a schema has in the API, and with its SQL.
func checkSQL(ctx context.Context, f *factory.Factory, a *app.App, s *schema.Schema, o scratch.Options) (list diag.List, err error) {
	hasSQL, err := a.HasSQL(s)
	if errors.As(err, &list) {
		return list, nil
	}
	if err != nil || !hasSQL {
		return nil, err
	}
	opened := false
	err = f.WithScratch(ctx, a, o, func(server *scratch.Server) (err error) {
		opened = true
		list, err = a.CheckSQL(ctx, server, s)
		return err
	})
	isChosen := o.URL != "" || o.Engine != scratch.Native
	isMissing := err != nil && !opened // and not because of an interruption
	if !isMissing || isChosen || ctx.Err() != nil {
		return list, err
	}
	return diag.List{{
		Severity: diag.Warning, Code: "unchecked-sql", Message: "the SQL of the schema was not checked: " + err.Error(),
		Remedy: "name a server with --url, or use --engine docker", Position: diag.Position{File: a.Config.Schema},
	}}, nil
}

// declared counts the types that the files declare, without the join tables that Krowoc adds.
func declared(s *schema.Schema) int {
	n := len(s.Plain)
	for _, t := range s.Tables {
		if t.Join == nil {
			n++
		}
	}
	return n
}

func show(f *factory.Factory, path string, r checked) error {
	f.Term.Diagnostics(r.Diagnostics)
	if !r.OK {
		return nil
	}
	_, err := fmt.Fprintf(f.Term.Out, "%s is valid: %s, %s\n", path, term.Count(r.Types, "type"), term.Count(r.Warnings, "warning"))
	return err
}

func newPrint(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "print",
		Short:   "Print the schema in its canonical form",
		Example: "krowoc schema print > canonical.graphql",
		RunE: func(*cobra.Command, []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			s, err := a.Schema()
			if err != nil {
				return err
			}
			return sdl.Print(f.Term.Out, s)
		},
	}
}
