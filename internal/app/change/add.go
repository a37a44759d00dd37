package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Addition is something to add to the schema.
type Addition struct {
	Type  string
	New   bool     // the type itself is new, with Fields
	Field []string // SDL of the fields to add
	Index []string // names of the fields of an index
	Name  string   // of the migration
}

// Add edits the schema and writes the migration, a seed template for a new type, and the generated files. It returns the paths of the
// written files. If a step fails, Add restores the schema.
func Add(ctx context.Context, a *app.App, s *scratch.Server, add Addition) (paths []string, err error) {
	file, err := schemaFile(a, add)
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap("add to the schema", err)
	}
	text, err := edit(string(old), add)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Write(file, []byte(text), 0o644); err != nil {
		return nil, fault.Wrap("add to the schema", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, restore(file, old))
		}
	}()
	if _, err := a.Schema(); err != nil {
		return nil, err
	}
	plan, err := Diff(ctx, a, s, ddl.PlanOptions{})
	if err != nil {
		return nil, err
	}
	if err := plan.Refusal(); err != nil {
		return nil, err
	}
	migrations, err := WriteDiff(a, add.Name, plan)
	if err != nil {
		return nil, err
	}
	paths = append([]string{a.Relative(file)}, relatives(a, migrations)...)
	if add.New {
		stub, err := seedStub(a, add)
		if err != nil {
			return paths, err
		}
		paths = append(paths, stub...)
	}
	jobs, err := a.GenerateJobs(nil)
	if err != nil {
		return paths, err
	}
	changes, err := a.Generate(jobs)
	if err != nil {
		return paths, err
	}
	for _, c := range changes {
		paths = append(paths, a.Relative(c.Path))
	}
	return paths, generate.Write(changes, false)
}

func relatives(a *app.App, paths []string) (out []string) {
	for _, p := range paths {
		out = append(out, a.Relative(p))
	}
	return out
}

func restore(file string, old []byte) error {
	if old == nil {
		return os.Remove(file)
	}
	return atomicfile.Write(file, old, 0o644)
}

// schemaFile returns the file to edit: the one that contains the type, or the one for a new type.
func schemaFile(a *app.App, add Addition) (string, error) {
	const op = "add to the schema"
	place := a.Config.Path(a.Config.Schema)
	info, err := os.Stat(place)
	types, err2 := a.Schema()
	if err2 != nil {
		return "", err2
	}
	t := types.Type(add.Type)
	switch {
	case !add.New && (t == nil || !t.Stored() || t.Join != nil):
		return "", fault.New(fault.NotFound, op, "the schema has no stored type "+add.Type, "add it with `krowoc add type "+add.Type+" …`")
	case !add.New:
		return a.Config.Path(filepath.FromSlash(t.Pos.File)), nil
	case t != nil || types.Enum(add.Type) != nil:
		return "", fault.New(fault.Conflict, op, "the schema already has "+add.Type, "add fields with `krowoc add field "+add.Type+" …`")
	case err == nil && info.IsDir():
		return filepath.Join(place, schema.SnakeCase(add.Type)+".graphql"), nil
	case strings.ContainsAny(a.Config.Schema, "*?["):
		return filepath.Join(filepath.Dir(place), schema.SnakeCase(add.Type)+".graphql"), nil
	}
	return place, nil
}

func edit(text string, add Addition) (string, error) {
	if add.New {
		return sdl.AddType(text, add.Type, add.Field), nil
	}
	ok := true
	for _, f := range add.Field {
		text, ok = sdl.AddField(text, add.Type, f)
	}
	if len(add.Index) > 0 {
		text, ok = sdl.AddIndex(text, add.Type, add.Index)
	}
	if !ok {
		return "", fault.New(fault.Internal, "add to the schema", "the type "+add.Type+" is not at its recorded position")
	}
	return text, nil
}

// seedStub writes a file that shows in comments how to write fixtures of a type.
func seedStub(a *app.App, add Addition) ([]string, error) {
	set := "dev"
	if sets := a.Config.Seeds.Sets; len(sets) > 0 {
		set = sets[len(sets)-1]
	}
	name := path.Join(a.Config.Seeds.Dir, set, schema.Plural(schema.SnakeCase(add.Type))+".yaml")
	file := a.Config.Path(filepath.FromSlash(name))
	if _, err := os.Stat(file); err == nil {
		return nil, nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Rows of %s. Each has a name, by which other rows refer to it.\n# %s:\n#   first:\n", add.Type, add.Type)
	for _, f := range add.Field {
		field, typ, _ := strings.Cut(f, ": ")
		fmt.Fprintf(&b, "#     %s: # %s\n", field, typ)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fault.Wrap("write the seed template", err)
	}
	return []string{name}, fault.Wrap("write the seed template", os.WriteFile(file, []byte(b.String()), 0o644))
}
