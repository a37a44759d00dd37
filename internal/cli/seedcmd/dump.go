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
		Short: "Write part of a database as fixtures, with personal data masked",
		Long: `Write part of a database as fixtures. A dump contains the rows of each --root, the rows that refer to them, and all rows that
any of these refer to. Without --root, it contains some rows of every table. Loading the fixtures gives the same rows again. The
database is only read.

Fields that the schema marks with @pii are masked. Equal values get equal masks, and a mask has the form of its value. Two dumps
with the same mask key have the same masks.`,
		Example: `krowoc seed dump --limit 20
krowoc seed dump --from "$PRODUCTION_URL" --root "prompts where created_at > now() - interval '7 days'" --out seeds/recent
krowoc seed dump --root Team --children 500 --depth 2 --mask-key-file ~/.krowoc-mask-key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDump(cmd.Context(), f, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.From, "from", "", "dump the database at `URL` (default: seeds.from of krowoc.yaml, else the database of the environment)")
	flags.StringArrayVar(&o.Roots, "root", nil, "start at this `table`, optionally with a condition; example: \"prompts where visibility = 'PUBLIC'\"; repeatable")
	flags.IntVar(&o.Limit, "limit", 100, "dump at most `N` rows of each root; 0 means all")
	flags.IntVar(&o.Children, "children", 100, "follow each reference to a row to at most `N` rows; 0 means none")
	flags.IntVar(&o.Depth, "depth", 1, "follow references to rows down to this number of `levels` below the roots")
	flags.StringSliceVar(&o.Omit, "omit", nil, "leave out this `field`, such as one that a trigger fills; example: Prompt.voteCount; repeatable")
	flags.StringVar(&o.Out, "out", "", "write to this `folder` (default: dumped, in the seeds folder)")
	flags.StringVar(&o.MaskKeyFile, "mask-key-file", "", "read the mask key from `file` (default: seeds.maskKey of krowoc.yaml, else a random key)")
	flags.BoolVar(&o.Strict, "strict", false, "write nothing and exit with code 3 when unmarked fields look like personal data, or contain some")
	flags.BoolVar(&o.Overwrite, "yes", false, "replace existing fixtures in the folder without asking")
	return cmd
}

func runDump(ctx context.Context, f *factory.Factory, o dump.Options) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	path := func(name string) string {
		if (name == "") || filepath.IsAbs(name) {
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
	if r.RandomKey && (r.Masked() > 0) {
		fmt.Fprintln(t.Err, "masked with a random key, so the next dump has different masks; use --mask-key-file to get the same masks every time")
	}
	if len(r.Unmarked) > 0 {
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("these fields look like personal data and are not masked:"), strings.Join(r.Unmarked, ", ")+"; mark each with @pii, or with @pii(kind: NONE) if it is not personal")
	}
	for _, c := range r.Clear {
		what := "personal data is not masked:"
		if c.Masked {
			what = "personal data was found and masked, and there may be more:"
		}
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render(what), c.String()+"; mark the field with @pii(kind: TEXT), or leave it out with --omit "+c.Field)
	}
	table := t.NewTable("TABLE", "ROWS", "MASKED", "FILE")
	for _, row := range r.Tables {
		table.Row(row.Table, fmt.Sprint(row.Rows), fmt.Sprint(row.Masked), row.File)
	}
	return table.Flush()
}
