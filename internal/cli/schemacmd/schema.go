// Package schemacmd implements `krowoc schema`.
package schemacmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
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
	return &cobra.Command{
		Use:   "check",
		Short: "Check the schema for mistakes",
		Long: `Report every mistake in the schema with its file, line and column, and a fix. The exit code is 3 when there is an error.
Warnings do not change the exit code.`,
		Example: "krowoc schema check\nkrowoc schema check --output json | jq '.diagnostics[].message'",
		RunE: func(*cobra.Command, []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			s, list := a.ParseSchema()
			report := checked{Errors: list.Errors(), Warnings: len(list) - list.Errors(), Diagnostics: append(diag.List{}, list...)}
			if report.OK = s != nil; report.OK {
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
