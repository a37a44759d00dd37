package ddl

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// planner collects the steps of a plan.
type planner struct {
	Options
	cur, want *catalog.Catalog
	values    []step   // new enum values, which cannot be used in the same transaction
	main      []step   // quick changes
	online    []step   // slower ones that block nobody, outside a transaction
	alone     []lone   // each in a file of its own
	last      []lone   // as alone, after everything else
	fill      []string // required columns that have no default
	filled    []string // new columns that rekey has filled
	keys      []string // new keys that mustBeKey has checked
	left      []string
	drops     []Drop
	gone      map[string]bool // the tables that are dropped, by tableKey
	dropped   map[string]bool // the constraints that are dropped, by table and name
	named     map[string]bool // the indexes of partitions that have got a name
}

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
