package schemacmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// rlsFlags are the flags of rls.
type rlsFlags struct {
	server                scratch.Options
	name                  string
	check, dryRun, remove bool
}

func newRLS(f *factory.Factory) *cobra.Command {
	var o rlsFlags
	cmd := &cobra.Command{
		Use:   "rls",
		Short: "Write the access rules as row-level security",
		Long: `Write a migration with the @auth rules of the schema as row-level security of Postgres: policies, grants of columns and the
functions that they use. Clients that reach the database without the API, such as those of Supabase, can then read and write what
the API allows them. The migration is run up, down and up on a scratch database first.

After a change of the schema, the command writes the difference only. The API connects as the owner of the tables, whom policies
do not restrict, and works as before. With database.rls.enforce, the migration also has the roles as which krowoc serve runs
statements under the policies. Policies from other sources stay and are listed, unless their names begin with krowoc_.

The command lists the fields whose rules depend on the row, on roles or on a recent log-in. No policy can hide a field: clients read the named view,
which shows null for hidden fields. Triggers check such rules when clients write the table.`,
		Example: "krowoc schema rls\nkrowoc schema rls --check\nkrowoc schema rls --remove --name without_rls",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			return f.WithScratch(cmd.Context(), a, o.server, func(s *scratch.Server) error { return runRLS(cmd.Context(), f, a, s, o) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.check, "check", false, "write nothing; exit with code 3 when the migrations do not match the rules")
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing; print the migration instead")
	flags.BoolVar(&o.remove, "remove", false, "write a migration that removes the row-level security, for example before columns that policies use change")
	flags.StringVar(&o.name, "name", "row_level_security", "use this `name` for the migration")
	factory.ScratchFlags(flags, &o.server, "url")
	return cmd
}

// rlsResult is the result of rls.
type rlsResult struct {
	Files    []rlsFile   `json:"files"`
	Notes    []rls.Note  `json:"notes"`    // fields that clients read or set in another way
	Policies []rls.Other `json:"policies"` // from other sources
}

type rlsFile struct {
	File string `json:"file,omitempty"`
	SQL  string `json:"sql"`
}

func runRLS(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, o rlsFlags) error {
	security, err := change.RowLevelSecurity(ctx, a, s, o.name, o.remove)
	if err != nil {
		return err
	}
	result := rlsResult{Files: []rlsFile{}, Notes: append([]rls.Note{}, security.Notes...), Policies: append([]rls.Other{}, security.Others...)}
	for _, d := range security.Drafts {
		result.Files = append(result.Files, rlsFile{SQL: d.Text()})
	}
	if !o.check && !o.dryRun {
		paths, err := migrate.Write(a.Config.Path(a.Config.Migrations.Dir), security.Drafts, a.Now())
		if err != nil {
			return err
		}
		for i, p := range paths {
			result.Files[i].File = path.Join(a.Config.Migrations.Dir, filepath.Base(p))
		}
	}
	if err := f.Term.Result(result, func() error { showRLS(f.Term, result, o); return nil }); err != nil {
		return err
	}
	if o.check && len(result.Files) > 0 {
		return fault.New(fault.CheckFailed, "compare the rules with the row-level security", "the migrations do not match the access rules", "run `krowoc schema rls`")
	}
	return nil
}

func showRLS(t *term.Terminal, result rlsResult, o rlsFlags) {
	for _, file := range result.Files {
		switch {
		case file.File != "":
			fmt.Fprintln(t.Out, file.File)
		default:
			fmt.Fprintln(t.Out, file.SQL)
		}
	}
	for _, n := range result.Notes {
		fields := n.Type + "." + strings.Join(n.Fields, ", "+n.Type+".")
		text := "read " + n.View + " instead of " + n.Table + ": it shows null where the rules hide " + fields
		if n.View == "" {
			text = "use the API to set " + fields + " of a new row: its rules depend on the row, on roles or on the log-in, and Postgres computes its default"
		}
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("note:"), text)
	}
	for _, p := range result.Policies {
		effect := "less"
		if p.Permissive {
			effect = "more"
		}
		fmt.Fprintf(t.Err, "%s the policy %s of %s is not from the rules and allows %s than they do\n", t.ErrStyles().Warn.Render("note:"), p.Policy, p.Table, effect)
	}
	switch {
	case len(result.Files) == 0:
		fmt.Fprintln(t.Err, "the migrations match the access rules")
	case !o.check && !o.dryRun:
		fmt.Fprintln(t.Err, t.ErrStyles().Faint.Render("review the file, then run: krowoc migrate up"))
	}
}
