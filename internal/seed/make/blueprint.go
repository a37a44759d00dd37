package make

import (
	"slices"
	"strings"
	"time"

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

// label returns the name of a field for messages.
func label(f *schema.Field) string { return f.Owner.Name + "." + f.Name }

func names(fields []*schema.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return strings.Join(list, " and ")
}
