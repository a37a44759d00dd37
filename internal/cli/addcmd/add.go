// Package addcmd implements `krowoc add`.
package addcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add a type, field or index; write its migration and models",
		Long: `Add a type, field or index to the schema. Comments and the order of the schema are kept. The command then writes the
migration, an empty fixture file for a new type, and the generated files. When a step fails, the schema is left unchanged.`,
	}
	cmd.AddCommand(
		verb(f, "type NAME FIELD:TYPE…", "Add a stored type", "krowoc add type Comment text:String! prompt:Prompt!", 2, addType),
		verb(f, "field TYPE FIELD:TYPE…", "Add fields to a type", "krowoc add field Prompt summary:String", 2, addField),
		verb(f, "index TYPE FIELD,…", "Add an index to a type", "krowoc add index Prompt visibility,createdAt", 2, addIndex),
	)
	return cmd
}

func verb(f *factory.Factory, use, short, example string, least int, read func([]string) (change.Addition, error)) *cobra.Command {
	var server scratch.Options
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.MinimumNArgs(least),
		RunE: func(cmd *cobra.Command, args []string) error {
			addition, err := read(args)
			if err != nil {
				return factory.Usage(fault.New(fault.Invalid, "krowoc add", err.Error(), example))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			return addAndGenerate(cmd.Context(), f, a, server, addition)
		},
	}
	factory.ScratchFlags(cmd.Flags(), &server, "url")
	return cmd
}

func addType(args []string) (change.Addition, error) {
	fields, err := fields(args[1:])
	return change.Addition{Type: args[0], New: true, Field: fields, Name: "add_" + schema.Plural(schema.SnakeCase(args[0]))}, err
}

func addField(args []string) (change.Addition, error) {
	list, err := fields(args[1:])
	var names []string
	for _, field := range list {
		name, _, _ := strings.Cut(field, ":")
		names = append(names, schema.SnakeCase(name))
	}
	return change.Addition{Type: args[0], Field: list, Name: "add_" + strings.Join(names, "_") + "_to_" + schema.Plural(schema.SnakeCase(args[0]))}, err
}

func addIndex(args []string) (change.Addition, error) {
	names := strings.FieldsFunc(strings.Join(args[1:], ","), func(r rune) bool { return r == ',' })
	if len(names) == 0 {
		return change.Addition{}, errors.New("an index needs at least one field")
	}
	return change.Addition{Type: args[0], Index: names, Name: "index_" + schema.Plural(schema.SnakeCase(args[0]))}, nil
}

func fields(args []string) (list []string, err error) {
	for _, arg := range args {
		field, err := sdl.Field(arg)
		if err != nil {
			return nil, err
		}
		list = append(list, field)
	}
	return list, nil
}

// addAndGenerate makes the addition and prints the files that it wrote.
func addAndGenerate(ctx context.Context, f *factory.Factory, a *app.App, o scratch.Options, addition change.Addition) error {
	var paths []string
	err := f.WithScratch(ctx, a, o, func(s *scratch.Server) (err error) {
		paths, err = change.Add(ctx, a, s, addition)
		return err
	})
	if err != nil {
		return err
	}
	return f.Term.Result(map[string][]string{"files": paths}, func() error {
		_, err := fmt.Fprintln(f.Term.Out, strings.Join(paths, "\n"))
		return err
	})
}
