package make

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// blueprint describes how to generate the rows of a table, or how to find rows to which others refer.
type blueprint struct {
	typ         *schema.Type
	spec        *Spec // nil if no rows are generated
	now         time.Time
	seed        uint64
	slots       []*slot
	index       map[string]int // by column name
	makers      []*maker       // by the number of the field that they fill
	order       []int          // of the makers: each one after those whose values it uses
	checks      []check
	uniques     []*uniqueness
	rows        *universe
	count       int64            // the requested number of rows
	done        int64            // rows that an earlier run has generated
	before      ledger.Generated // what an earlier run recorded
	basis       string           // identifies the parents, if each of them gets children
	came        int64            // rows that were inserted in this run
	missed      int64            // rows that were requested, but that the constraints do not allow
	filled      bool             // the table has rows
	per         *children
	spreading   spread
	mayDisagree bool                         // a required reference may find no row that agrees with the others
	named       map[string]map[string]string // the keys of fixture rows, by row name and column
	closures    map[int]closure              // by column
	facts       *facts                       // nil if the database was not read
	unknown     unknown                      // constraints that only Postgres can evaluate
	virtual     []*schema.Field              // references that only the database has
	outside     bool                         // the table is not in the schema; its name is SQL
}

// maker fills the columns of one field.
type maker struct {
	field *schema.Field
	slots []int
	salt  uint64
	rule
	steady    bool        // the same value in every attempt
	gate      *gate       // decides whether the value is null; nil if chance does
	joint     *joint      // the combinations of rows of this reference and one that agrees with it
	digit     int         // the digit of the row's number in a spread that determines the value; -1 for none
	walk      *uniqueness // determines the value after many attempts, by one of its digits
	walkDigit int
	after     []int
	operands  []*operand // whose values it uses
	filled    bool       // a value is written; otherwise the database fills it
	nullable  bool       // the value becomes null if it cannot be unique
	explicit  bool       // a null is written, even if the database could fill it
}

// newBlueprint returns the blueprint of a type according to the schema.
func newBlueprint(typ *schema.Type, seed uint64, now time.Time) *blueprint {
	t := &blueprint{typ: typ, index: map[string]int{}, seed: salt(seed, typ.Table), now: now}
	for _, f := range typ.Fields {
		if f.Relation == nil && f.Column != "" {
			t.index[f.Column] = len(t.slots)
			t.slots = append(t.slots, newSlot(f))
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
			c := newSlot(keyField(f.Relation.References[i]))
			c.name, c.field, c.notNull = name, f, f.Type.NonNull
			t.index[name] = len(t.slots)
			t.slots = append(t.slots, c)
		}
	}
	t.rows = &universe{blueprint: t}
	return t
}

// keyField returns the field that finally has the values of a key. A key that is a reference has the values of another key.
func keyField(f *schema.Field) *schema.Field {
	for f.Relation != nil {
		f = f.Relation.References[0]
	}
	return f
}

func (t *blueprint) slotsOf(f *schema.Field) []int {
	var list []int
	for _, name := range f.Columns() {
		list = append(list, t.index[name])
	}
	return list
}

// makerOf returns the number of the field's maker, -1 without one.
func (t *blueprint) makerOf(f *schema.Field) int {
	return slices.IndexFunc(t.makers, func(m *maker) bool { return m.field == f })
}

// remaining returns how many rows this run is to make; it is negative where an earlier run has made more.
func (t *blueprint) remaining() int64 { return t.count - t.done }

// newSample returns a sample, in which rows are generated one after the other.
func (t *blueprint) newSample() *sample {
	r := &sample{blueprint: t, values: make([]datum, len(t.slots)), parents: make([]int64, len(t.makers)), rng: newStream(),
		this: map[string]any{}, others: map[*blueprint]*sample{}}
	r.faker = gofakeit.NewFaker(r.rng, false)
	return r
}

// make generates a row. It tries until a row satisfies the checks and is unique. If it finds none, it returns what the last attempt has
// violated, and otherwise "".
func (t *blueprint) make(r *sample, number int64) (failure string) { return t.makeFrom(r, number, 0) }

// makeFrom is make without the attempts before first.
func (t *blueprint) makeFrom(r *sample, number int64, first int) (failure string) {
	most := first + mostAttempts
	for attempt := first; attempt < most; attempt++ {
		r.number, r.attempt, r.disagrees = number, attempt, false
		if attempt == max(chances, first) {
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
		t.step(r, attempt)
	}
	return failure
}

// startWalks returns the number of remaining combinations.
func (t *blueprint) startWalks() (left int) {
	for _, u := range t.uniques {
		if u.walk != nil {
			left += int(min(u.total-u.walked, math.MaxInt32))
		}
	}
	return left
}

// step moves to the next combination of the fields that are not unique. If they all are, because something else refused the row, it moves
// all of them. r may be nil.
func (t *blueprint) step(r *sample, attempt int) {
	if attempt < chances {
		return
	}
	repeats := func(u *uniqueness) bool { return u.walk != nil && u.seen != nil && r != nil && u.has(r) }
	all := !slices.ContainsFunc(t.uniques, repeats)
	for _, u := range t.uniques {
		if u.walk != nil && u.walked < u.total-1 && (all || repeats(u)) {
			u.walked++
		}
	}
}

// chances is the number of random attempts before the unique combinations are tried one after the other. Other fields that must be unique
// become null then, unless they are specified or required.
const chances = 60

// mostAttempts is the maximum number of attempts for a row.
const mostAttempts = 300

// refused returns the check or uniqueness that the row violates, or "". It records a valid row.
func (t *blueprint) refused(r *sample) string {
	if r.disagrees && r.attempt < chances {
		return "its references lead to rows that do not belong together"
	}
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

// stateful reports whether a row depends on earlier rows.
func (t *blueprint) stateful() bool {
	return slices.ContainsFunc(t.uniques, func(u *uniqueness) bool { return u.seen != nil })
}

// fill generates the value of the field.
func (m *maker) fill(r *sample, number int) {
	attempt := r.attempt
	if m.nullable && attempt >= chances && m.walk == nil {
		m.clear(r, number)
		return
	}
	if m.steady {
		attempt = 0
	}
	r.rng.seek(m.salt, r.number, attempt)
	share := m.null
	if m.gate != nil {
		switch m.gate.says(r) {
		case no:
			m.clear(r, number)
			return
		case yes:
			share = 0
		}
	}
	if m.pick == nil {
		d := null
		if share == 0 || r.rng.Float64() >= share {
			if place := m.place(r); place >= 0 {
				d = m.generator.(digital).at(r, place)
			} else {
				d = m.generator.make(r)
			}
		}
		r.values[m.slots[0]] = d
		return
	}
	m.refer(r, number, share)
}

// clear makes the field null.
func (m *maker) clear(r *sample, number int) {
	r.parents[number] = noRow
	for _, c := range m.slots {
		r.values[c] = null
	}
}

// place returns the number of the field's value, or -1 for a random one.
func (m *maker) place(r *sample) int64 {
	switch {
	case m.digit >= 0:
		return r.blueprint.spreading.digit(r.number, m.digit)
	case m.walk != nil && r.attempt >= chances:
		m.digits()
		return m.walk.walk.digit(m.walk.walked, m.walkDigit)
	}
	return -1
}

// refer fills the columns of a reference, which is null in a share of the rows.
func (m *maker) refer(r *sample, number int, share float64) {
	p := m.pick
	if p.of != nil {
		r.parents[number] = -1
		for i, c := range m.slots {
			r.values[c] = p.of.valueAt(r, p.of.many[i])
		}
		return
	}
	if m.follow(r, number) {
		return
	}
	if m.joint != nil {
		r.rest = -1
	}
	at := int64(noRow)
	switch {
	case r.blueprint.per != nil && r.blueprint.per.maker == number:
		at = r.parents[number]
	case share > 0 && r.rng.Float64() < share:
	case len(p.demands) > 0:
		at = m.agreeing(r)
	case m.place(r) >= 0:
		at = m.placed(r)
	default:
		at = p.choose(r)
	}
	r.parents[number] = at
	for i, c := range m.slots {
		switch key := p.universe.blueprint.keySlot(m.field, i); {
		case at == itself:
			r.values[c] = r.values[key]
		case at >= 0:
			r.values[c] = p.universe.value(r, at, key)
		default:
			r.values[c] = null
		}
	}
}

// keySlot returns the column to which the ith column of a reference refers.
func (t *blueprint) keySlot(f *schema.Field, i int) int {
	key := f.Relation.References[i]
	slots := t.slotsOf(key)
	if len(slots) == 1 {
		return slots[0]
	}
	n := 0
	for j := range i { // a key field with several columns is listed once per column
		if f.Relation.References[j] == key {
			n++
		}
	}
	return slots[n]
}

// children is the number of rows per parent.
type children struct {
	maker int
	upTo  []int64 // the cumulative number of rows
}

// place finds the parent of a row.
func (c *children) place(r *sample) {
	at, _ := slices.BinarySearch(c.upTo, r.number+1)
	r.parents[c.maker] = int64(at)
}

// ordinal returns the number of a row among the children of its parent, from 0.
func (c *children) ordinal(r *sample) int64 {
	if at := r.parents[c.maker]; at > 0 {
		return r.number - c.upTo[at-1]
	}
	return r.number
}

// nth numbers the children of each parent, from 1.
type nth struct{}

func (nth) make(r *sample) datum { return datum{i: r.blueprint.per.ordinal(r) + 1} }

// label returns the name of a field for messages.
func label(f *schema.Field) string { return f.Owner.Name + "." + f.Name }

func names(fields []*schema.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return strings.Join(list, " and ")
}
