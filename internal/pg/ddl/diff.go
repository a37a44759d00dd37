package ddl

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// File is a migration to write.
type File struct {
	Suffix        string // appended to the requested name; empty for the first file
	NoTransaction bool
	Note          string // what the user has to do in the file
	Up, Down      []string

	steps []step
}

// Plan contains the migrations that change one database into another, and back.
type Plan struct {
	Files []File
	// Left lists what only the database has, and keeps because AllowDrop is not set.
	Left []string
	// Drops is what only the database has, and loses with its data.
	Drops []Drop
	// LeftOut lists what the files do not change, because Postgres refuses it. Only a plan for a partial target leaves something out.
	LeftOut []LeftOut
}

// Options configure a plan.
type Options struct {
	AllowDrop bool // allow drops of tables, columns and enum values
	// Keep is what AllowDrop must not drop: the result of the migrations, for a plan that undoes additions to it.
	Keep *catalog.Catalog
	// Plain is for a database without other users. Each file can then run in one transaction.
	Plain bool

	former  map[string]string  // the old names of renamed tables and columns
	written written            // the SQL of parts of want, as the schema writes it
	types   *schema.Schema     // of want; nil without a schema
	oneWay  map[object]Refused // the enums whose new values Postgres does not let a rollback remove
	apart   map[string]bool    // the tables, by tableKey, whose columns get a statement each, to find the one that Postgres refuses
}

// mayDropColumn, mayDropTable and mayDropEnum report whether the plan may drop something that only the database has.
func (o Options) mayDropColumn(t *catalog.Table, column string) bool {
	if o.Keep == nil || !o.AllowDrop {
		return o.AllowDrop
	}
	kept := o.Keep.Table(t.Schema, t.Name)
	return kept == nil || kept.Column(column) == nil
}

func (o Options) mayDropTable(t *catalog.Table) bool {
	return o.AllowDrop && (o.Keep == nil || o.Keep.Table(t.Schema, t.Name) == nil)
}

func (o Options) mayDropEnum(e *catalog.Enum) bool {
	return o.AllowDrop && (o.Keep == nil || enumOf(o.Keep, e.Schema, e.Name) == nil)
}

// mayRebuild reports whether the plan may remove the enum values that want does not have.
func (o Options) mayRebuild(e, want *catalog.Enum) bool {
	if o.Keep == nil || !o.AllowDrop {
		return o.AllowDrop
	}
	kept := enumOf(o.Keep, e.Schema, e.Name)
	return kept == nil || !slices.ContainsFunc(kept.Values, func(v string) bool { return !slices.Contains(want.Values, v) })
}

// planner collects the steps of a plan.
type planner struct {
	Options
	cur, want *catalog.Catalog
	values    []step   // new enum values, which cannot be used in the same transaction
	main      []step   // quick changes
	online    []step   // slower ones that stop nobody, outside of a transaction
	alone     []lone   // each in a file of its own
	last      []lone   // as alone, when everything else is there
	fill      []string // required columns that have no default
	filled    []string // new columns that rekey has filled
	keys      []string // new keys that mustBeKey has checked
	left      []string
	drops     []Drop
	gone      map[string]bool // the tables that are dropped, by tableKey
	dropped   map[string]bool // the constraints that are dropped, by table and name
	named     map[string]bool // the indexes of partitions that have got a name
}

// step is a change and the statements that undo it.
type step struct {
	up, down []string
	table    string // the existing table that the step locks, if any

	oneWay bool // nothing undoes it; down is a comment that tells why

	of      []object // what the step changes
	renames bool     // it renames the second object of two to the first one
}

// changing notes what a step changes.
func (s step) changing(of ...object) step {
	s.of = of
	return s
}

// renaming notes what a step renames.
func (s step) renaming(now, former object) step {
	s.of, s.renames = []object{now, former}, true
	return s
}

// lone are the steps of a separate file.
type lone struct {
	name  string
	steps []step
}

func one(up, down string) step { return step{up: []string{up}, down: []string{down}} }

// Diff returns the migrations that change the tables and enums of cur into those of want. It drops constraints and indexes that are only in
// cur if Krowoc has named them, and other objects with AllowDrop. It ignores functions, triggers, views, policies and grants.
func Diff(cur, want *catalog.Catalog, o Options) Plan {
	own := *cur // the planner takes constraints from its tables
	own.Tables = slices.Clone(cur.Tables)
	cur = &own
	p := &planner{Options: o, cur: cur, want: want, gone: map[string]bool{}, named: map[string]bool{}, dropped: map[string]bool{}}
	for i := range cur.Tables {
		t := &cur.Tables[i]
		p.gone[tableKey(t)] = p.isGone(t) && p.mayDropTable(t)
	}
	p.newEnums()
	var created, kept []*catalog.Table
	for i := range want.Tables {
		t := &want.Tables[i]
		if cur.Table(t.Schema, t.Name) == nil {
			created = append(created, t)
		} else {
			kept = append(kept, t)
		}
	}
	p.changeEnums()
	for _, t := range kept {
		p.dropConstraints(cur.Table(t.Schema, t.Name), t)
	}
	p.createTables(created)
	for _, t := range kept {
		p.alterTable(cur.Table(t.Schema, t.Name), t)
	}
	p.dropTables()
	p.dropEnums()
	return Plan{Files: p.files(), Left: p.left, Drops: p.drops}
}

// files distributes the steps among files, in the order of execution.
func (p *planner) files() []File {
	var files []File
	add := func(suffix string, noTransaction bool, steps []step) {
		if len(steps) == 0 {
			return
		}
		f := File{Suffix: suffix, NoTransaction: noTransaction, steps: steps}
		for _, s := range steps {
			f.Up = append(f.Up, s.up...)
			f.Down = slices.Concat(s.down, f.Down)
		}
		files = append(files, f)
	}
	add("values", false, slices.DeleteFunc(slices.Clone(p.values), func(s step) bool { return s.oneWay }))
	for _, s := range p.values {
		if s.oneWay { // a file with another rollback would seem to undo it
			add("values", false, []step{s})
		}
	}
	for _, group := range byTable(p.main) {
		add(group[0].table, false, group)
	}
	if len(files) > 0 && len(p.values) == 0 {
		files[0].Suffix = ""
	}
	add("online", true, p.online)
	if len(p.fill) > 0 {
		files[len(files)-1].Note = "Existing rows have no value in " + strings.Join(p.fill, ", ") + ": set one before the checks below."
	}
	for _, l := range slices.Concat(p.alone, p.last) {
		add(l.name, true, l.steps)
	}
	for i := range files {
		if f := &files[i]; strings.Contains(f.Suffix, ".") {
			f.Suffix = f.Suffix[strings.IndexByte(f.Suffix, '.')+1:]
		}
	}
	return files
}

// byTable splits steps into groups that lock at most one table, so that no transaction waits for a table while it holds another lock.
func byTable(steps []step) (groups [][]step) {
	locked := ""
	for _, s := range steps {
		if len(groups) == 0 || (s.table != "" && locked != "" && s.table != locked) {
			groups, locked = append(groups, nil), ""
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], s)
		locked = cmp.Or(s.table, locked)
	}
	return groups
}

// tableKey returns the qualified name of a table.
func tableKey(t *catalog.Table) string { return t.Schema + "." + t.Name }

func tableName(t *catalog.Table) string { return name(t.Schema, t.Name) }

// name returns a qualified name for SQL.
func name(schema, name string) string {
	if schema == "public" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

// short removes the Postgres schema public from names in SQL. They contain it because the catalog is read without a search path.
func short(sql string) string {
	var b strings.Builder
	for len(sql) > 0 {
		n, _ := sqltext.Token(sql)
		if n < 0 {
			n = len(sql)
		}
		if sql[:n] == "public" && strings.HasPrefix(sql[n:], ".") {
			sql = sql[n+1:]
			continue
		}
		b.WriteString(sql[:n])
		sql = sql[n:]
	}
	return b.String()
}

var ownName = regexp.MustCompile(`_(idx|key|fkey|pkey|check\d*)$`)

// droppable reports whether the plan may drop a constraint or index that the schema does not have.
func (p *planner) droppable(table, name, what string) bool {
	ours := strings.HasPrefix(name, table+"_") || (p.former[table] != "" && strings.HasPrefix(name, p.former[table]+"_"))
	if (p.AllowDrop && p.Keep == nil) || (ours && ownName.MatchString(name)) {
		return true
	}
	p.left = append(p.left, what+" "+name+" of "+table)
	return false
}

func alter(table string, commands ...string) string {
	if len(commands) == 1 {
		return "ALTER TABLE " + table + " " + commands[0]
	}
	return "ALTER TABLE " + table + "\n  " + strings.Join(commands, ",\n  ")
}

// constraint returns the definition of a constraint of want.
func (p *planner) constraint(t *catalog.Table, c *catalog.Constraint) string {
	return cmp.Or(p.written["constraint "+t.Name+"."+c.Name], short(c.Definition))
}

func (p *planner) addConstraintOf(t *catalog.Table, c *catalog.Constraint) string {
	return "ADD CONSTRAINT " + ident(c.Name) + " " + p.constraint(t, c)
}

// column returns the definition of a column of want.
func (p *planner) column(t *catalog.Table, c *catalog.Column) string {
	return cmp.Or(p.written["column "+t.Name+"."+c.Name], columnDefinition(c))
}

// index returns the statement that creates an index of want.
func (p *planner) index(i *catalog.Index) string {
	return cmp.Or(p.written["index "+i.Table+"."+i.Name], plainIndex(i))
}

// plainIndex writes an index, with those of all partitions, without the default method.
func plainIndex(i *catalog.Index) string {
	return strings.Replace(strings.Replace(short(i.Definition), " USING btree (", " (", 1), " ON ONLY ", " ON ", 1)
}

func addConstraint(c *catalog.Constraint) string {
	return fmt.Sprintf("ADD CONSTRAINT %s %s", ident(c.Name), short(c.Definition))
}

func dropConstraint(c *catalog.Constraint) string { return "DROP CONSTRAINT " + ident(c.Name) }
