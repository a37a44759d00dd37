// Package generatecmd implements `krowoc generate`.
package generatecmd

import (
	"fmt"
	"runtime/debug"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
)

// flags of generate.
type flags struct{ check, force, watch, targets bool }

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o flags
	cmd := &cobra.Command{
		Use:   "generate [TARGET…]",
		Short: "Generate models, clients and documents from the schema",
		Long: `Generate files from the schema: the targets that krowoc.yaml lists under generate, or those that you name. When one file
cannot be written, none is.

Each file starts with a notice that contains a checksum. A file that was edited by hand no longer matches its checksum and is
not overwritten unless you pass --force.

--check writes nothing. It shows outdated files as a diff and exits with code 3.`,
		Args:    cobra.ArbitraryArgs,
		Example: "krowoc generate\nkrowoc generate go pydantic\nkrowoc generate --check\nkrowoc generate model Prompt --target pydantic",
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			if o.targets {
				return showTargets(f.Term, a)
			}
			jobs, err := a.GenerateJobs(args)
			if err != nil {
				return factory.Usage(err)
			}
			if len(jobs) == 0 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc generate", "krowoc.yaml lists no targets under generate",
					"name targets, such as `krowoc generate go`, or add to krowoc.yaml: generate: [{target: go, out: internal/models}]"))
			}
			if o.watch {
				return watch(cmd.Context(), f, a, jobs, o)
			}
			// A process that ends within moments can collect garbage less often.
			debug.SetGCPercent(800)
			return writeFiles(f, a, jobs, o)
		},
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; show outdated files and exit with code 3")
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite files that were edited by hand")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "regenerate whenever you save the schema, until Ctrl-C")
	cmd.Flags().BoolVar(&o.targets, "targets", false, "list all targets with their default output")
	cmd.MarkFlagsMutuallyExclusive("check", "watch")
	cmd.AddCommand(newModel(f))
	return cmd
}

// result is what generate reports.
type result struct {
	Files []file `json:"files"`
}

type file struct {
	Target string `json:"target"`
	File   string `json:"file"`
	Action string `json:"action"` // create, update or delete
	Diff   string `json:"diff,omitempty"`
}

// writeFiles generates the files of jobs once, or compares them with --check, and prints the changes.
func writeFiles(f *factory.Factory, a *app.App, jobs []generate.Job, o flags) error {
	changes, err := a.Generate(jobs)
	if err != nil {
		return err
	}
	r := result{Files: []file{}}
	for _, c := range changes {
		shown := file{Target: c.Target, File: a.Relative(c.Path), Action: action(c)}
		if o.check {
			shown.Diff = string(diff.Diff(shown.File, c.Old, shown.File+" (generated)", c.New))
		}
		r.Files = append(r.Files, shown)
	}
	if !o.check {
		if err := generate.Write(changes, o.force); err != nil {
			return err
		}
	}
	if err := f.Term.Result(r, func() error { show(f.Term, r, o.check); return nil }); err != nil {
		return err
	}
	if o.check && len(changes) > 0 {
		return fault.New(fault.CheckFailed, "compare the generated files with the schema", term.Count(len(changes), "outdated file"), "run `krowoc generate`")
	}
	return nil
}

func action(c generate.Change) string {
	switch {
	case c.Old == nil:
		return "create"
	case c.New == nil:
		return "delete"
	}
	return "update"
}

func show(t *term.Terminal, r result, check bool) {
	for _, x := range r.Files {
		if check {
			fmt.Fprint(t.Out, x.Diff)
			continue
		}
		fmt.Fprintf(t.Out, "%s\t%s\n", x.Action, x.File)
	}
	if len(r.Files) == 0 {
		fmt.Fprintln(t.Err, "all generated files are up to date")
	}
}

func showTargets(t *term.Terminal, a *app.App) error {
	type target struct {
		Name string `json:"name"`
		Out  string `json:"out"`
		Doc  string `json:"doc"`
	}
	var all []target
	for _, x := range a.Targets() {
		all = append(all, target{x.Name, x.Out, x.Doc})
	}
	return t.Result(all, func() error {
		table := t.NewTable("TARGET", "OUTPUT", "DESCRIPTION")
		for _, x := range all {
			table.Row(x.Name, x.Out, x.Doc)
		}
		return table.Flush()
	})
}

func newModel(f *factory.Factory) *cobra.Command {
	var target string
	cmd := &cobra.Command{
		Use:     "model TYPE --target TARGET",
		Short:   "Print the generated code of one type",
		Example: "krowoc generate model Prompt --target pydantic",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			jobs, err := a.GenerateJobs([]string{target})
			if err != nil {
				return factory.Usage(err)
			}
			s, err := a.Schema()
			if err != nil {
				return err
			}
			text, err := generate.One(jobs[0].Target, generate.Input{Project: a.Config.Project, Schema: s}, args[0])
			if err != nil {
				return err
			}
			return f.Term.Result(map[string]string{"target": target, "source": text}, func() error {
				_, err := fmt.Fprint(f.Term.Out, text)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&target, "target", "go", "generate for this `target`; `krowoc generate --targets` lists all")
	return cmd
}
