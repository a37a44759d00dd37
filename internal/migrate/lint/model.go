package lint

import (
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// kind says what an object is; two objects of one kind have different names.
type kind string

const (
	tableKind    kind = "table"
	indexKind    kind = "index"
	enumKind     kind = "enum"
	functionKind kind = "function"
)

// key names an object: books.authors, and for what belongs to a table books.authors.trigger.
type key struct {
	kind kind
	name string
}

// model is what the statements read so far have built. What it holds is never changed in place, so that the journals can
// keep what was there.
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

// note keeps what was there in the newest journal.
func (m *model) note(k key) {
	if len(m.journals) == 0 {
		return
	}
	journal := m.journals[len(m.journals)-1]
	if _, noted := journal[k]; !noted {
		journal[k] = m.objects[k]
	}
}

// record begins a journal of what is there before each change.
func (m *model) record() { m.journals = append(m.journals, map[key]any{}) }

// recorded ends the newest journal and returns it.
func (m *model) recorded() map[key]any {
	last := m.journals[len(m.journals)-1]
	m.journals = m.journals[:len(m.journals)-1]
	return last
}

// restore puts back what a journal holds.
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

// freeName returns a name for a constraint, as Postgres chooses one.
func (t *table) freeName(columns []string, suffix string) string {
	_, base, _ := strings.Cut(t.name, ".")
	base = strings.Join(append([]string{base}, columns...), "_") + "_" + suffix
	name := base
	for n := 1; t.constraint(name) != nil; n++ {
		name = base + string(rune('0'+n%10))
	}
	return name
}

// describe returns what a table is made of, for the comparison of two.
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

// differences names what is not the same in two states of an object; either can be nil.
func differences(k key, before, after any) []string {
	name := string(k.kind) + " " + strings.TrimPrefix(k.name, "public.")
	switch {
	case before == nil:
		return []string{name + " stays"}
	case after == nil:
		return []string{name + " is not made again"}
	}
	b, ok := before.(*table)
	a, okToo := after.(*table)
	if !ok || !okToo {
		if describe(before) != describe(after) {
			return []string{name + " is not as it was"}
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
			found = append(found, on+" stays")
		case !has:
			found = append(found, on+" is not made again")
		case old != now:
			found = append(found, on+" is not as it was")
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

// describe returns what a constraint demands.
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
