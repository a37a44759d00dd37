package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// attempt plans without the objects that are left out, and tests the plan.
func (d *differ) attempt(ctx context.Context, before *catalog.Catalog) (Plan, error) {
	d.want, _, _ = leave(before, d.target.catalog, d.target.written, d.refused)
	first, err := d.prepare(ctx, before)
	if err != nil {
		return Plan{}, err
	}
	cur, err := d.rename(ctx, before, &first)
	if err != nil {
		return Plan{}, err
	}
	var left []LeftOut
	d.want, d.options.written, left = leave(cur, d.target.catalog, d.target.written, d.refused)
	if d.options.AllowDrop {
		for _, s := range rebuilds(cur, d.want, d.options.Options) {
			first.add(s)
			if err := d.run(ctx, s, false); err != nil {
				return Plan{}, err
			}
			if cur, err = d.read(ctx); err != nil {
				return Plan{}, err
			}
		}
	}
	plan, err := d.planned(ctx, cur)
	if err != nil {
		return Plan{}, err
	}
	plan.LeftOut = left
	applied := plan.Files
	plan.Files = joined(first, plan.Files)
	if len(plan.Files) == 0 {
		return plan, nil
	}
	return plan, d.prove(ctx, before, applied)
}

// planned returns the plan. It leaves out the rollbacks of new enum values that Postgres refuses.
func (d *differ) planned(ctx context.Context, cur *catalog.Catalog) (Plan, error) {
	d.options.oneWay = nil
	plan := Diff(cur, d.want, d.options.Options)
	oneWay, err := d.refusedRollbacks(ctx, plan)
	if err != nil || len(oneWay) == 0 {
		return plan, err
	}
	d.options.oneWay = oneWay
	return Diff(cur, d.want, d.options.Options), nil
}

func (f *File) add(s step) { f.Up, f.Down = append(f.Up, s.up...), slices.Concat(s.down, f.Down) }

// rename asks about possible renames and executes them. It returns the resulting catalog.
func (d *differ) rename(ctx context.Context, before *catalog.Catalog, first *File) (*catalog.Catalog, error) {
	cur := before
	for changed := len(first.Up) > 0; ; changed = true {
		var err error
		if changed {
			if cur, err = d.read(ctx); err != nil {
				return nil, err
			}
		}
		if renamed, err := d.ask(ctx, cur, first); !renamed || err != nil {
			return cur, err
		}
	}
}

// prepare executes the statements that must run first: they create the function for IDs and the extensions, and rename objects.
func (d *differ) prepare(ctx context.Context, cur *catalog.Catalog) (first File, err error) {
	steps := d.preparations(cur)
	for _, s := range steps {
		first.add(s)
		if err := d.run(ctx, s, false); err != nil {
			return first, err
		}
	}
	return first, nil
}

// preparations returns the steps that must run first.
func (d *differ) preparations(cur *catalog.Catalog) (steps []step) {
	has := func(kind, name string) bool {
		return slices.ContainsFunc(cur.Others, func(o catalog.Other) bool { return o.Kind == kind && strings.HasPrefix(o.Name, name) })
	}
	for _, name := range Extensions(d.types) {
		users := d.columns(func(c *catalog.Column) bool { return isOfExtension(c, name) })
		if name == trigrams {
			users = d.trigramIndexes()
		}
		if len(users) > 0 && !has("extension", name) {
			steps = append(steps, one("CREATE EXTENSION "+name, "DROP EXTENSION "+name).changing(users...))
		}
	}
	users := d.columns(func(c *catalog.Column) bool { return strings.Contains(c.Default, UUIDFunction+"()") })
	if len(users) > 0 && !has("function", "public."+UUIDFunction+"(") {
		steps = append(steps, one(CreateUUIDFunction, "DROP FUNCTION "+UUIDFunction+"()").changing(users...))
	}
	list := d.possible(renames(cur, d.types))
	for _, r := range list {
		steps = append(steps, r.step())
	}
	d.options.former = formerNames(list)
	return append(d.unnoted(), steps...)
}

// possible returns the renames of a list that are not left out. It also leaves out those that need another rename that is left out.
func (d *differ) possible(list []rename) []rename {
	left := map[object]bool{}
	for changed := true; changed; {
		changed = false
		list = slices.DeleteFunc(list, func(r rename) bool {
			needs := slices.IndexFunc(r.needs, func(o object) bool { return left[o] })
			isRefused := slices.ContainsFunc(d.refused, func(x refusal) bool { return x.renames && x.of[0] == r.now && x.of[1] == r.former })
			if needs < 0 && !isRefused {
				return false
			}
			left[r.now], changed = true, true
			if !isRefused && r.needs[needs] != r.now.container() { // the container is already reported
				d.refused = append(d.refused, refusal{Refused: &Refused{}, of: []object{r.now, r.former}, onto: &r.needs[needs], renames: true})
			}
			return true
		})
	}
	return list
}

// columns returns the columns of the plan's result that a condition selects.
func (d *differ) columns(is func(*catalog.Column) bool) (list []object) {
	for i := range d.want.Tables {
		t := &d.want.Tables[i]
		for k := range t.Columns {
			if is(&t.Columns[k]) {
				list = append(list, columnObject(t, t.Columns[k].Name))
			}
		}
	}
	return list
}

// isOfExtension reports whether the type of a column belongs to an extension and has its name.
func isOfExtension(c *catalog.Column, name string) bool {
	typ, _, _ := strings.Cut(strings.TrimSuffix(c.Type, "[]"), "(")
	return typ[strings.LastIndexByte(typ, '.')+1:] == name
}

// joined adds the statements of first before those of the files.
func joined(first File, files []File) []File {
	switch {
	case len(first.Up) == 0:
		return files
	case len(files) == 0 || files[0].NoTransaction || files[0].Suffix == "values":
		return append([]File{first}, files...)
	}
	f := files[0]
	f.Up, f.Down = slices.Concat(first.Up, f.Up), slices.Concat(f.Down, first.Down)
	return append([]File{f}, files[1:]...)
}
