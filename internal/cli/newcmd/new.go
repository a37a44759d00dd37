// Package newcmd implements `krowoc new` and `krowoc init`.
package newcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/scaffold"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/templates"
)

// New returns `krowoc new`.
func New(f *factory.Factory) *cobra.Command {
	var o scaffold.Options
	var yes bool
	cmd := &cobra.Command{
		Use:   "new [NAME]",
		Short: "Create a new project in a new folder",
		Long: `Create a folder with a project that runs and passes its own CI at once: krowoc.yaml, schema, migrations, seeds, generated
files, CI workflow and editor settings. On a terminal, the command asks for every option that you do not pass as a flag. --yes
accepts the defaults instead.`,
		Example: "krowoc new shop\nkrowoc new shop --template minimal --frontend react --ci gitlab --yes\nkrowoc new shop --module github.com/acme/shop --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Name = args[0]
			}
			if err := ask(cmd, f.Term, &o, yes); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return factory.Usage(err)
			}
			dir := filepath.Join(f.WorkDir(), o.Name)
			if scaffold.HasFiles(dir) {
				return factory.Usage(fault.New(fault.Conflict, "create a project", "the folder "+o.Name+" exists and is not empty", "run `krowoc init` in that folder to turn it into a project"))
			}
			return create(cmd.Context(), f, dir, o)
		},
	}
	addFlags(cmd.Flags(), &o, &yes)
	return cmd
}

// NewInit returns `krowoc init`.
func NewInit(f *factory.Factory) *cobra.Command {
	var o scaffold.Options
	var yes bool
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Turn this folder into a project; existing files are kept",
		Long:    "Add the files of a project to this folder. Existing files are kept. When the folder has a schema or migrations, those of the template are left out.",
		Example: "krowoc init --yes\nkrowoc init --ci gitlab -C services/api",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir := f.WorkDir()
			o.Name, o.Existing = scaffold.NameFor(dir), os.DirFS(dir)
			if o.Has("krowoc.yaml") {
				return factory.Usage(fault.New(fault.Conflict, "krowoc init", "this folder is already a project: it contains krowoc.yaml"))
			}
			if err := ask(cmd, f.Term, &o, yes); err != nil {
				return err
			}
			if err := o.Validate(); err != nil {
				return factory.Usage(err)
			}
			return create(cmd.Context(), f, dir, o)
		},
	}
	addFlags(cmd.Flags(), &o, &yes)
	return cmd
}

func addFlags(flags *pflag.FlagSet, o *scaffold.Options, yes *bool) {
	flags.StringVar(&o.Template, "template", scaffold.Templates[0], "start from this `template`: minimal, or prompts (the Krowoc prompt platform)")
	flags.StringVar(&o.Frontend, "frontend", scaffold.Frontends[0], "add this front `end`: none or react")
	flags.StringVar(&o.CI, "ci", scaffold.CIs[0], "write a pipeline for this CI `service`: github, gitlab or none")
	flags.StringVar(&o.Module, "module", "", "also generate Go models for the Go `module` of this path; example: github.com/acme/shop")
	flags.BoolVarP(yes, "yes", "y", false, "do not ask; use the defaults")
}

// ask asks for the options that no flag sets.
func ask(cmd *cobra.Command, t *term.Terminal, o *scaffold.Options, yes bool) error {
	if yes || !t.Interactive() {
		return nil
	}
	var questions []term.Question
	if o.Name == "" {
		questions = append(questions, term.Question{Title: "Name of the project", Value: &o.Name, Check: func(name string) error {
			if named := (scaffold.Options{Name: name, Template: o.Template, Frontend: o.Frontend, CI: o.CI}); named.Validate() != nil {
				return errors.New("use lower-case letters, digits, - and _")
			}
			return nil
		}})
	}
	for _, q := range []struct {
		flag, title string
		of          []string
		value       *string
	}{
		{"template", "Template", scaffold.Templates, &o.Template},
		{"frontend", "Front end", scaffold.Frontends, &o.Frontend},
		{"ci", "Pipeline", scaffold.CIs, &o.CI},
	} {
		if !cmd.Flags().Changed(q.flag) {
			questions = append(questions, term.Question{Title: q.title, Options: q.of, Value: q.value})
		}
	}
	return t.Ask(cmd.Context(), questions)
}

// made is the result of new and init.
type made struct {
	Name  string   `json:"name"`
	Dir   string   `json:"dir"`
	Files []string `json:"files"`
	Kept  []string `json:"kept"` // files that existed before
}

// create writes the files of the template, and then the files that are generated from them.
func create(_ context.Context, f *factory.Factory, dir string, o scaffold.Options) error {
	o.Version, o.Commit = f.Build.Version, f.Build.Commit
	files, err := scaffold.Plan(o, scaffold.Sources{Templates: templates.FS, Platform: krowoc.Platform, Schema: config.JSONSchema(), Types: sdl.Directives()})
	if err != nil {
		return err
	}
	kept, err := scaffold.Write(dir, files)
	if err != nil {
		return err
	}
	result := made{Name: o.Name, Dir: dir, Kept: append([]string{}, kept...)}
	for _, file := range files {
		result.Files = append(result.Files, file.Path)
	}
	generated, err := generateIn(f, dir)
	if err != nil {
		return err
	}
	result.Files = append(result.Files, generated...)
	return f.Term.Result(result, func() error { show(f.Term, o, result); return nil })
}

func generateIn(f *factory.Factory, dir string) ([]string, error) {
	a, err := factory.New(f.Term, f.Build, dir, f.Environ).App()
	if err != nil {
		return nil, err
	}
	jobs, err := a.GenerateJobs(nil)
	if err != nil {
		return nil, err
	}
	changes, err := a.Generate(jobs)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, c := range changes {
		paths = append(paths, a.Relative(c.Path))
	}
	return paths, generate.Write(changes, false)
}

func show(t *term.Terminal, o scaffold.Options, m made) {
	fmt.Fprintf(t.Out, "%s: %s\n", m.Name, term.Count(len(m.Files)-len(m.Kept), "file"))
	for _, path := range m.Kept {
		fmt.Fprintf(t.Err, "kept existing file: %s\n", path)
	}
	next := ""
	if o.Existing == nil {
		next = "cd " + o.Name + " && "
	}
	fmt.Fprintf(t.Err, "next: %skrowoc dev\n", next)
	if o.Module != "" {
		fmt.Fprintln(t.Err, "then run this for the Go models: go mod tidy")
	}
}
