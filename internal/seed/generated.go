package seed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// generateKey is the key of the section that specifies the rows to generate.
const generateKey = "generate"

// Count requests generated rows of a type, which the fixtures do not have to mention.
type Count struct {
	Type string // name of the type or of its table; empty for all types without another specification
	Rows int64  // 0 leaves the type out
}

// ParseCount parses 1000 or Prompt=1000. Prompt=0 leaves a type out.
func ParseCount(text string) (Count, error) {
	name, number, named := strings.Cut(text, "=")
	if !named {
		name, number = "", text
	}
	rows, ok := maker.ParseRows(number)
	if leftOut := number == "0" && name != ""; leftOut {
		return Count{Type: name}, nil
	}
	if !ok || (named && name == "") {
		return Count{}, fault.New(fault.Invalid, "", fmt.Sprintf("%q is not a number of rows", text), "Write 1000 for every type, Prompt=1000 for one, or Prompt=0 to leave one out.")
	}
	return Count{Type: name, Rows: rows}, nil
}

// recipe is the specification of generated rows of a type in a file.
type recipe struct {
	table      *table
	source     *source
	key, value *yaml.Node
}

// generate reads the section that specifies the rows to generate.
func (r *reader) generate(n *yaml.Node) {
	if node.IsNull(n) {
		return
	}
	for _, e := range r.entries(n, "the types to generate rows for, each with a count") {
		t, ok := r.tables.byName[e.Key.Value]
		if !ok {
			r.report(e.Key, wrong("unknown-table", didYouMean(e.Key.Value, r.tables.names), "the schema has no table %q", e.Key.Value))
			continue
		}
		r.recipes = append(r.recipes, recipe{t, r.source, e.Key, node.Resolve(e.Value)})
	}
}

// specify combines the specifications in the files and the counts.
func (o *Options) specify(ctx context.Context, f *fixtures, recipes []recipe) (mistakes diag.List, err error) {
	sources := map[*yaml.Node]*source{}
	r := maker.Reader{Schema: o.Schema, Now: f.now}
	r.Report = func(p maker.Problem) {
		s := sources[p.Node]
		if s == nil { // of no file
			s = &source{name: "--" + generateKey}
		}
		mistakes = append(mistakes, s.at(p.Node, wrong(p.Code, p.Remedy, "%s", p.Message)))
	}
	r.Value = func(f *schema.Field, n *yaml.Node) (text string, null, ok bool) {
		if node.IsNull(n) {
			return "", true, true
		}
		text, p := newField(f, nil).text(n)
		if p != nil {
			mistakes = append(mistakes, sources[n].at(n, p))
		}
		return text, false, p == nil
	}
	named := names(f.rows)
	r.Missing = func(table, row string) *maker.Problem {
		if _, ok := named(table)[row]; ok {
			return nil
		}
		return &maker.Problem{Code: "dangling-reference", Remedy: noSuchRow(table, row, slices.Sorted(maps.Keys(named(table)))),
			Message: fmt.Sprintf("there is no row $%s.%s", table, row)}
	}
	var specs []*maker.Spec
	first := map[*table]recipe{}
	for _, made := range recipes {
		sources[made.key] = made.source
		if !eachNode(made.value, func(n *yaml.Node) { sources[n] = made.source }) {
			r.Report(maker.Problem{Node: made.key, Code: "too-large", Message: "an alias contains itself or is used too often", Remedy: "write it out"})
			continue
		}
		if before, twice := first[made.table]; twice {
			r.Report(maker.Problem{Node: made.key, Code: "given-twice", Remedy: "keep one of them",
				Message: fmt.Sprintf("the generation of %s is already defined at %s:%d", made.table.Table, before.source.name, before.key.Line+before.source.shift)})
			continue
		}
		first[made.table] = made
		spec := r.Table(made.table.Type, made.key, made.value)
		spec.Place = fmt.Sprintf("%s:%d", made.source.name, made.key.Line+made.source.shift)
		specs = append(specs, spec)
	}
	if specs, err = o.counted(f.tables, first, specs); err != nil || len(specs) == 0 {
		return mistakes, err
	}
	if o.DB != nil && len(mistakes) == 0 {
		if err := r.ReadConstraints(ctx, o.DB, o.parser(), types(specs)); err != nil {
			return mistakes, pg.Fault("read the constraints of the tables", err)
		}
	}
	f.generation = r.Generation(specs, o.RandomSeed)
	return mistakes, nil
}

func types(specs []*maker.Spec) []*schema.Type {
	list := make([]*schema.Type, len(specs))
	for i, s := range specs {
		list[i] = s.Type
	}
	return list
}

// parser returns the parser of the conditions in the database.
func (o *Options) parser() *sqltext.Parser {
	if o.Parser != nil {
		return o.Parser
	}
	return sqltext.NewParser("")
}

// counted adds the specifications of the counts.
func (o *Options) counted(all *tables, said map[*table]recipe, specs []*maker.Spec) ([]*maker.Spec, error) {
	rows, named := map[*table]int64{}, map[*table]bool{}
	for _, c := range o.Generate {
		if c.Type == "" {
			continue
		}
		t := all.byName[c.Type]
		if t == nil {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("the schema has no table %q", c.Type), didYouMean(c.Type, all.names))
		}
		if made, twice := said[t]; twice {
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("the generation of %s is already defined at %s:%d", t.Table, made.source.name, made.key.Line+made.source.shift),
				"Change the count there.")
		}
		rows[t], named[t] = c.Rows, true
	}
	for _, c := range o.Generate {
		for _, typ := range o.Schema.Tables {
			t := all.byName[typ.Name]
			_, files := said[t]
			_, counted := rows[t]
			if c.Type == "" && !files && !counted {
				rows[t] = c.Rows
			}
		}
	}
	for _, typ := range o.Schema.Tables {
		if n := rows[all.byName[typ.Name]]; n > 0 {
			spec := maker.Guess(typ, n)
			spec.Exact = named[all.byName[typ.Name]]
			specs = append(specs, spec)
		}
	}
	return specs, nil
}

// mostNodes limits the size of a section after aliases are expanded.
const mostNodes = 50_000

// eachNode visits a node and all nodes below it, following aliases. It returns false if there are too many.
func eachNode(n *yaml.Node, visit func(*yaml.Node)) bool {
	left := mostNodes
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if left--; n == nil || left < 0 {
			return
		}
		visit(n)
		walk(n.Alias)
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	return left >= 0
}

// names returns the keys of named rows by table, name and column, for generators to pick from.
func names(rows []*row) func(table string) map[string]map[string]string {
	list := map[string]map[string]map[string]string{}
	for _, r := range rows {
		if r.name == "" || r.match == nil {
			continue
		}
		if list[r.table.Table] == nil {
			list[r.table.Table] = map[string]map[string]string{}
		}
		key := map[string]string{}
		for _, c := range r.match {
			key[r.table.columns[c].name] = r.values[c].text
		}
		list[r.table.Table][r.name] = key
	}
	return func(table string) map[string]map[string]string { return list[table] }
}

// make generates the rows.
func (o *Options) make(ctx context.Context, f *fixtures) ([]maker.Made, error) {
	if f.generation == nil {
		return []maker.Made{}, nil
	}
	return f.generation.Run(ctx, maker.Options{Pool: o.DB, Seed: o.RandomSeed, Named: names(f.rows), Report: o.Report})
}

// preview returns the rows that would be generated after the fixtures that tx has loaded.
func (o *Options) preview(ctx context.Context, tx pgx.Tx, f *fixtures) ([]maker.Made, error) {
	if f.generation == nil {
		return []maker.Made{}, nil
	}
	return f.generation.Preview(ctx, tx, maker.Options{Seed: o.RandomSeed, Named: names(f.rows)})
}
