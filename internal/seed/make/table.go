package make

import (
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// table is a table whose rows are made, or referred to.
type table struct {
	typ       *schema.Type
	spec      *Spec // nil where no rows are made
	now       time.Time
	seed      uint64
	columns   []*column
	index     map[string]int // by column name
	makers    []*maker       // by the number of the field that they make
	order     []int          // of the makers: each after those that it takes something from
	checks    []check
	uniques   []*uniqueness
	rows      *universe
	count     int64            // rows that there are to be
	done      int64            // rows that an earlier run has made
	before    ledger.Generated // what an earlier run recorded
	basis     string           // of what parents the rows are, for the children of each
	came      int64            // rows that came in in this run
	filled    bool             // the database has rows of it
	per       *children
	spreading spread
	named     map[string]map[string]string // the keys of the rows of fixtures: by row name, then by column
	closures  map[int]closure              // by column
}

// maker fills the columns of one field.
type maker struct {
	field   *schema.Field
	columns []int
	salt    uint64
	recipe
	steady    bool        // the same at every attempt
	digit     int         // which digit of the row's place in a spread decides; -1 for none
	walk      *uniqueness // that decides after many attempts, by a digit of its own
	walkDigit int
	after     []int
	operands  []*operand // that it takes something from
	filled    bool       // something is written; else the database fills it
}

// newTable lays a type out as the schema has it.
func newTable(typ *schema.Type, seed uint64, now time.Time) *table {
	t := &table{typ: typ, index: map[string]int{}, seed: salt(seed, typ.Table), now: now}
	for _, f := range typ.Fields {
		if f.Relation == nil && f.Column != "" {
			t.index[f.Column] = len(t.columns)
			t.columns = append(t.columns, newColumn(f))
		}
	}
	for _, f := range typ.Fields {
		if f.Relation == nil || f.Relation.Kind != schema.RefOne {
			continue
		}
		for i, name := range f.Relation.Columns {
			if _, shared := t.index[name]; shared {
				continue
			}
			c := newColumn(keyField(f.Relation.References[i]))
			c.name, c.field, c.notNull = name, f, f.Type.NonNull
			t.index[name] = len(t.columns)
			t.columns = append(t.columns, c)
		}
	}
	t.rows = &universe{table: t}
	return t
}

// keyField is the field that in the end holds a key: a key that is a reference holds another's.
func keyField(f *schema.Field) *schema.Field {
	for f.Relation != nil {
		f = f.Relation.References[0]
	}
	return f
}

func (t *table) columnsOf(f *schema.Field) []int {
	var list []int
	for _, name := range f.Columns() {
		list = append(list, t.index[name])
	}
	return list
}

// makerOf returns the number of the field's maker, -1 without one.
func (t *table) makerOf(f *schema.Field) int {
	return slices.IndexFunc(t.makers, func(m *maker) bool { return m.field == f })
}

// newRow is a row to make rows in, one after the other.
func (t *table) newRow() *row {
	r := &row{table: t, values: make([]datum, len(t.columns)), parents: make([]int64, len(t.makers)), rng: newStream(),
		this: map[string]any{}, others: map[*table]*row{}}
	r.faker = gofakeit.NewFaker(r.rng, false)
	return r
}

// make makes a row, in as many attempts as it takes to have one that keeps the checks and differs from all others. It says what
// the last one did not keep when none can be found, else "".
func (t *table) make(r *row, number int64) (failure string) {
	most := mostAttempts
	for attempt := 0; attempt < most; attempt++ {
		r.number, r.attempt = number, attempt
		if attempt == chances {
			most = max(most, attempt+t.startWalks())
		}
		if t.per != nil {
			t.per.place(r)
		}
		for _, i := range t.order {
			t.makers[i].fill(r, i)
		}
		if failure = t.refused(r); failure == "" {
			return ""
		}
		t.step(attempt)
	}
	return failure
}

// startWalks returns how many combinations there are left to try.
func (t *table) startWalks() (left int) {
	for _, u := range t.uniques {
		if u.walk != nil {
			left = max(left, int(u.total-u.walked))
		}
	}
	return left
}

// step goes on to the next combination.
func (t *table) step(attempt int) {
	for _, u := range t.uniques {
		if u.walk != nil && attempt >= chances && u.walked < u.total-1 {
			u.walked++
		}
	}
}

// chances is how often a row is made by chance before what is unique in it is sought one after the other.
const chances = 60

// mostAttempts is how often a row is made anew before it is given up.
const mostAttempts = 300

// refused says which check or uniqueness the row does not keep, "" for none. A row that is good is remembered.
func (t *table) refused(r *row) string {
	for i := range t.checks {
		if !t.checks[i].holds(r) {
			return t.checks[i].String()
		}
	}
	for _, u := range t.uniques {
		if u.seen != nil && u.has(r) {
			return u.String()
		}
	}
	for _, u := range t.uniques {
		if u.seen != nil {
			u.add(r)
		}
	}
	return ""
}

// stateful reports whether a row depends on those before it.
func (t *table) stateful() bool {
	return slices.ContainsFunc(t.uniques, func(u *uniqueness) bool { return u.seen != nil })
}

// fill makes the value of the field.
func (m *maker) fill(r *row, number int) {
	attempt := r.attempt
	if m.steady {
		attempt = 0
	}
	r.rng.seek(m.salt, r.number, attempt)
	if m.pick == nil {
		d := null
		if m.null == 0 || r.rng.Float64() >= m.null {
			if place := m.place(r); place >= 0 {
				d = m.source.(digital).at(r, place)
			} else {
				d = m.source.make(r)
			}
		}
		r.values[m.columns[0]] = d
		return
	}
	m.refer(r, number)
}

// place is which of its values a field gets; -1 where that is left to chance.
func (m *maker) place(r *row) int64 {
	switch {
	case m.digit >= 0:
		return r.table.spreading.digit(r.number, m.digit)
	case m.walk != nil && r.attempt >= chances:
		m.digits()
		return m.walk.walk.digit(m.walk.walked, m.walkDigit)
	}
	return -1
}

// refer fills the columns of a reference.
func (m *maker) refer(r *row, number int) {
	p := m.pick
	if p.of != nil {
		r.parents[number] = -1
		for i, c := range m.columns {
			r.values[c] = p.of.valueAt(r, p.of.many[i])
		}
		return
	}
	at := int64(-1)
	switch {
	case r.table.per != nil && r.table.per.maker == number:
		at = r.parents[number]
	case m.null > 0 && r.rng.Float64() < m.null:
	case m.place(r) >= 0:
		at = m.place(r)
	default:
		at = p.choose(r)
	}
	r.parents[number] = at
	for i, c := range m.columns {
		switch {
		case at >= 0:
			r.values[c] = p.universe.value(r, at, p.universe.table.keyColumn(m.field, i))
		default:
			r.values[c] = null
		}
	}
}

// keyColumn is the column that the ith column of a reference points at.
func (t *table) keyColumn(f *schema.Field, i int) int {
	key := f.Relation.References[i]
	columns := t.columnsOf(key)
	if len(columns) == 1 {
		return columns[0]
	}
	n := 0
	for j := range i { // a key field with several columns stands there once for each
		if f.Relation.References[j] == key {
			n++
		}
	}
	return columns[n]
}

// children is how many rows each parent has.
type children struct {
	maker int
	upTo  []int64 // the rows of all parents up to each
}

// place finds the parent of a row.
func (c *children) place(r *row) {
	at, _ := slices.BinarySearch(c.upTo, r.number+1)
	r.parents[c.maker] = int64(at)
}

// ordinal is which child of its parent a row is, from 0.
func (c *children) ordinal(r *row) int64 {
	if at := r.parents[c.maker]; at > 0 {
		return r.number - c.upTo[at-1]
	}
	return r.number
}

// nth counts the children of each parent, from 1.
type nth struct{}

func (nth) make(r *row) datum { return datum{i: r.table.per.ordinal(r) + 1} }

// label names a field for messages.
func label(f *schema.Field) string { return f.Owner.Name + "." + f.Name }

func names(fields []*schema.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return strings.Join(list, " and ")
}
