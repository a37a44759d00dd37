package ddl

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// File is a migration to be written.
type File struct {
	Suffix        string // is added to the name that was asked for; empty for the first
	NoTransaction bool
	Note          string // what a person has to do in it
	Up, Down      []string
}

// Plan is what turns one database into another, and back.
type Plan struct {
	Files []File
	// Left is what only the database has, and keeps, since AllowDrop is not set.
	Left []string
}

// Options say what a plan may do.
type Options struct {
	AllowDrop bool // of tables, columns and enum values
	// Keep has what AllowDrop does not let go: that of the migrations, where a plan undoes what was added to them.
	Keep *catalog.Catalog
	// Plain is for a database that nobody else uses: each file can run in one transaction.
	Plain bool

	former  map[string]string // the old names of tables and columns that were renamed
	written written           // the parts of want as the schema writes them
}

// mayDropColumn, mayDropTable and mayDropEnum report whether something that only the database has may go.
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

// mayRebuild reports whether an enum may lose the values that it has and want does not.
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
	values    []step   // new values of enums, which their own transaction cannot use
	main      []step   // quick changes
	online    []step   // slower ones that stop nobody, outside of a transaction
	alone     []lone   // each in a file of its own
	fill      []string // required columns that have no default
	left      []string
}

// step is a change and what undoes it.
type step struct {
	up, down []string
	table    string // that others use and this locks; empty for none
}

// lone are steps for a file of their own.
type lone struct {
	name  string
	steps []step
}

func one(up, down string) step { return step{up: []string{up}, down: []string{down}} }

// Diff returns what turns the tables and enums of cur into those of want. Of what is in cur alone it drops constraints and
// indexes that bear a name as Krowoc gives it, and more with AllowDrop. Functions, triggers, views, policies and grants are
// not looked at.
func Diff(cur, want *catalog.Catalog, o Options) Plan {
	p := &planner{Options: o, cur: cur, want: want}
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
	return Plan{p.files(), p.left}
}

// files puts the steps into files, in the order in which they are to run.
func (p *planner) files() []File {
	var files []File
	add := func(suffix string, noTransaction bool, steps []step) {
		if len(steps) == 0 {
			return
		}
		f := File{Suffix: suffix, NoTransaction: noTransaction}
		for _, s := range steps {
			f.Up = append(f.Up, s.up...)
			f.Down = slices.Concat(s.down, f.Down)
		}
		files = append(files, f)
	}
	add("values", false, p.values)
	for _, group := range byTable(p.main) {
		add(group[0].table, false, group)
	}
	if len(files) > 0 && len(p.values) == 0 {
		files[0].Suffix = ""
	}
	add("online", true, p.online)
	if len(p.fill) > 0 {
		files[len(files)-1].Note = "Rows that are there have no value yet in " + strings.Join(p.fill, ", ") + ": fill them before they are checked."
	}
	for _, l := range p.alone {
		add(l.name, true, l.steps)
	}
	for i := range files {
		if f := &files[i]; strings.Contains(f.Suffix, ".") {
			f.Suffix = f.Suffix[strings.IndexByte(f.Suffix, '.')+1:]
		}
	}
	return files
}

// byTable cuts steps into groups that lock one table at most, so that no transaction waits for one with another locked.
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

// key is the name of an object in its schema.
func tableKey(t *catalog.Table) string { return t.Schema + "." + t.Name }

func tableName(t *catalog.Table) string { return name(t.Schema, t.Name) }

// name returns a qualified name as it is written.
func name(schema, name string) string {
	if schema == "public" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

// short takes the schema public out of SQL: the catalog is read without a search path.
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

// droppable reports whether a constraint or index that the schema does not have may go.
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

// index returns the statement that makes an index of want.
func (p *planner) index(i *catalog.Index) string {
	return cmp.Or(p.written["index "+i.Table+"."+i.Name], plainIndex(i))
}

// plainIndex writes an index without the method that is the usual one.
func plainIndex(i *catalog.Index) string {
	return strings.Replace(short(i.Definition), " USING btree (", " (", 1)
}

func addConstraint(c *catalog.Constraint) string {
	return fmt.Sprintf("ADD CONSTRAINT %s %s", ident(c.Name), short(c.Definition))
}

func dropConstraint(c *catalog.Constraint) string { return "DROP CONSTRAINT " + ident(c.Name) }
