package seedcmd

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app/dump"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func newDump(f *factory.Factory) *cobra.Command {
	var o dump.Options
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "Write a part of a database as fixtures, with personal data masked",
		Long: `Write a part of a database as fixtures that load again to the same rows: the rows of each --root, what refers to
them, and everything that any of these refers to. Without --root, a part of every table.

Fields that the schema marks with @pii are masked: equal values have equal masks, of the same form. With the same key the
next dump has the same masks. The database is only read.`,
		Example: `krowoc seed dump --limit 20
krowoc seed dump --from "$PRODUCTION_URL" --root "prompts where created_at > now() - interval '7 days'" --out seeds/recent
krowoc seed dump --root Team --children 500 --depth 2 --mask-key-file ~/.krowoc-mask-key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDump(cmd.Context(), f, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.From, "from", "", "`URL` of the database (default seeds.from, else the environment's)")
	flags.StringArrayVar(&o.Roots, "root", nil, "`table` to begin at, with or without a condition: \"prompts where visibility = 'PUBLIC'\"; repeatable")
	flags.IntVar(&o.Limit, "limit", 100, "at most `N` rows of each root; 0 is all")
	flags.IntVar(&o.Children, "children", 100, "at most `N` rows by each reference to a row, from the roots downwards; 0 is none")
	flags.IntVar(&o.Depth, "depth", 1, "`levels` downwards")
	flags.StringSliceVar(&o.Omit, "omit", nil, "`field` to leave out, such as one that a trigger keeps: Prompt.voteCount; repeatable")
	flags.StringVar(&o.Out, "out", "", "`folder` to write (default dumped, in the seeds folder)")
	flags.StringVar(&o.MaskKeyFile, "mask-key-file", "", "`file` with the key for masks (default seeds.maskKey, else a random key)")
	flags.BoolVar(&o.Strict, "strict", false, "write nothing when fields look like personal data and are not marked (exit code 3)")
	flags.BoolVar(&o.Overwrite, "yes", false, "replace the fixtures in the folder")
	return cmd
}

func runDump(ctx context.Context, f *factory.Factory, o dump.Options) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	path := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(f.WorkDir(), name)
	}
	o.MaskKeyFile = path(o.MaskKeyFile)
	if o.Name = o.Out; o.Out == "" {
		o.Name = filepath.ToSlash(filepath.Join(a.Config.Seeds.Dir, "dumped"))
		o.Out = a.Config.Path(o.Name)
	}
	o.Out = path(o.Out)
	progress := f.Term.Progress("dumping")
	defer progress.Fail()
	result, err := dump.Run(ctx, a, o, f.Fetching())
	if err != nil {
		return err
	}
	progress.Done(fmt.Sprintf("%s of %s in %s, %s masked", term.Count(result.Rows(), "row"), term.Count(len(result.Tables), "table"), result.Dir, term.Count(result.Masked(), "value")))
	return f.Term.Result(result, func() error { return showDump(f.Term, result) })
}

func showDump(t *term.Terminal, r dump.Result) error {
	if r.RandomKey && r.Masked() > 0 {
		fmt.Fprintln(t.Err, "masked with a random key: the next dump will have other masks, unless both get one with --mask-key-file")
	}
	if len(r.Unmarked) > 0 {
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("not masked, though it looks like personal data:"), strings.Join(r.Unmarked, ", ")+"; mark it with @pii, or with @pii(kind: NONE)")
	}
	table := t.NewTable("TABLE", "ROWS", "MASKED", "FILE")
	for _, row := range r.Tables {
		table.Row(row.Table, fmt.Sprint(row.Rows), fmt.Sprint(row.Masked), row.File)
	}
	return table.Flush()
}
