package lint

import (
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// kind is the kind of an object. Names are unique within a kind.
type kind string

const (
	tableKind    kind = "table"
	indexKind    kind = "index"
	enumKind     kind = "enum"
	functionKind kind = "function"
	checksKind   kind = "checks" // what is known of the constraints of a table that the files do not create
)

// key identifies an object: public.authors, or public.authors.audit for the trigger audit of that table.
type key struct {
	kind kind
	name string
}

// model holds the objects that the statements read so far have created. Objects are never changed in place, so journals can
// keep their earlier states.
type model struct {
	objects  map[key]any // *table, *index, []string of an enum, *function, or the statement that defines another
	journals []map[key]any
}

func newModel() *model { return &model{objects: map[key]any{}} }

func (m *model) set(k key, object any) {
	m.note(k)
	m.objects[k] = object
}

func (m *model) drop(k key) {
	m.note(k)
	delete(m.objects, k)
}

// note saves the earlier state of an object in the newest journal.
func (m *model) note(k key) {
	if len(m.journals) == 0 {
		return
	}
	journal := m.journals[len(m.journals)-1]
	if _, noted := journal[k]; !noted {
		journal[k] = m.objects[k]
	}
}

// record begins a journal, which saves the state of each object before its first change.
func (m *model) record() { m.journals = append(m.journals, map[key]any{}) }

// recorded ends the newest journal and returns it.
func (m *model) recorded() map[key]any {
	last := m.journals[len(m.journals)-1]
	m.journals = m.journals[:len(m.journals)-1]
	return last
}

// restore restores the states that a journal holds.
func (m *model) restore(journal map[key]any) {
	for k, object := range journal {
		if object == nil {
			delete(m.objects, k)
		} else {
			m.objects[k] = object
		}
	}
}

func (m *model) table(name string) *table {
	t, _ := m.objects[key{tableKind, name}].(*table)
	return t
}

func (m *model) index(name string) *index {
	i, _ := m.objects[key{indexKind, name}].(*index)
	return i
}

// table is a table, view or materialised view.
type table struct {
	name        string // with its schema
	view        bool
	partitioned bool
	partition   bool
	created     int // number of the file that created it
	columns     []column
	constraints []constraint
	owned       []key         // indexes, triggers, policies and rules on it
	definition  proto.Message // of a view, or how the table is partitioned
	unlogged    string
}

type column struct {
	name, typ  string
	notNull    bool
	defaulted  proto.Message // the expression, or how it is generated
	generated  bool
	identity   bool
	typmods    []int
	arrayBound bool
}

type constraint struct {
	name       string
	kind       pg.ConstrType
	columns    []string
	references string // table
	valid      bool
	notNull    string // the column that CHECK (… IS NOT NULL) is about
	node       *pg.Constraint
}

type index struct {
	name, table string
	columns     []string // "" for an expression
	unique      bool
	stmt        *pg.IndexStmt
}

type function struct {
	volatile bool
	stmt     *pg.CreateFunctionStmt
}

func (t *table) clone() *table {
	c := *t
	c.columns, c.constraints, c.owned = slices.Clone(t.columns), slices.Clone(t.constraints), slices.Clone(t.owned)
	return &c
}

func (t *table) column(name string) *column {
	if t == nil {
		return nil
	}
	for i := range t.columns {
		if t.columns[i].name == name {
			return &t.columns[i]
		}
	}
	return nil
}

func (t *table) constraint(name string) *constraint {
	if t == nil {
		return nil
	}
	for i := range t.constraints {
		if t.constraints[i].name == name {
			return &t.constraints[i]
		}
	}
	return nil
}

// freeName returns the name that Postgres would choose for a constraint.
func (t *table) freeName(columns []string, suffix string) string {
	_, base, _ := strings.Cut(t.name, ".")
	base = strings.Join(append([]string{base}, columns...), "_") + "_" + suffix
	name := base
	for n := 1; t.constraint(name) != nil; n++ {
		name = base + string(rune('0'+n%10))
	}
	return name
}

// describe returns the parts of a table as text, so that two tables can be compared.
func (t *table) describe() map[string]string {
	parts := map[string]string{}
	for _, c := range t.columns {
		parts["column "+c.name] = strings.Join([]string{c.typ, flag(c.notNull, "not null"), text(c.defaulted), flag(c.identity, "identity")}, " ")
	}
	for _, c := range t.constraints {
		parts["constraint "+c.name] = c.describe() + flag(!c.valid, " not valid")
	}
	parts["table"] = text(t.definition) + t.unlogged
	return parts
}

func flag(set bool, text string) string {
	if set {
		return text
	}
	return ""
}

// differences lists how two states of an object differ. Either state can be nil.
func differences(k key, before, after any) []string {
	name := string(k.kind) + " " + strings.TrimPrefix(k.name, "public.")
	switch {
	case before == nil:
		return []string{name + " still exists"}
	case after == nil:
		return []string{name + " is missing"}
	}
	b, ok := before.(*table)
	a, okToo := after.(*table)
	if !ok || !okToo {
		if describe(before) != describe(after) {
			return []string{name + " differs"}
		}
		return nil
	}
	var found []string
	was, is := b.describe(), a.describe()
	for _, part := range slices.Sorted(maps.Keys(union(was, is))) {
		old, had := was[part]
		now, has := is[part]
		switch on := part + " of " + strings.TrimPrefix(k.name, "public."); {
		case part == "table" && old != now:
			found = append(found, name+" is not as it was")
		case !had:
			found = append(found, on+" still exists")
		case !has:
			found = append(found, on+" is missing")
		case old != now:
			found = append(found, on+" differs")
		}
	}
	return found
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func describe(object any) string {
	switch o := object.(type) {
	case *index:
		s := o.stmt
		return o.table + text(&pg.IndexStmt{AccessMethod: s.AccessMethod, IndexParams: s.IndexParams, IndexIncludingParams: s.IndexIncludingParams,
			WhereClause: s.WhereClause, Unique: s.Unique, NullsNotDistinct: s.NullsNotDistinct})
	case *function:
		return text(o.stmt)
	case proto.Message:
		return text(o)
	case []string:
		return strings.Join(o, "\x00")
	}
	return ""
}

// describe returns a constraint as text, so that two constraints can be compared.
func (c *constraint) describe() string {
	n := c.node
	switch c.kind {
	case pg.ConstrType_CONSTR_FOREIGN:
		return strings.Join(c.columns, ",") + c.references + text(&pg.Constraint{PkAttrs: n.PkAttrs, FkDelAction: n.FkDelAction, FkUpdAction: n.FkUpdAction, Deferrable: n.Deferrable})
	case pg.ConstrType_CONSTR_CHECK:
		return text(n.RawExpr)
	case pg.ConstrType_CONSTR_EXCLUSION:
		return text(&pg.Constraint{Exclusions: n.Exclusions, WhereClause: n.WhereClause})
	}
	return suffixes[c.kind] + strings.Join(c.columns, ",")
}
