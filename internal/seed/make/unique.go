package make

import (
	"hash/maphash"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// uniqueness is a key or another unique constraint.
type uniqueness struct {
	fields []*schema.Field
	slots  []int
	total  int64               // the number of possible combinations; 0 if unknown
	seen   map[uint64]struct{} // hashes of earlier rows; nil if the generators guarantee uniqueness
	walk   *spread             // over all combinations, after random attempts have failed
	walked int64               // the number of combinations that were tried
	seed   maphash.Seed
	buffer []byte
}

func (u *uniqueness) String() string { return "no two rows may have the same " + names(u.fields) }

// hash returns a hash of a row's values. It returns false if one is null, since nulls are distinct.
func (u *uniqueness) hash(values []datum, slots []*slot) (uint64, bool) {
	b := u.buffer[:0]
	for _, c := range u.slots {
		if values[c].null {
			return 0, false
		}
		b = slots[c].appendIdentity(b, &values[c])
	}
	u.buffer = b
	return maphash.Bytes(u.seed, b), true
}

func (u *uniqueness) has(r *sample) bool {
	h, ok := u.hash(r.values, r.blueprint.slots)
	if !ok {
		return false
	}
	_, seen := u.seen[h]
	return seen
}

func (u *uniqueness) add(r *sample) {
	if h, ok := u.hash(r.values, r.blueprint.slots); ok {
		u.seen[h] = struct{}{}
	}
}

// keys makes keys and unique fields unique.
func (t *blueprint) keys() {
	t.addUnique(t.typ.Key...)
	for _, f := range t.typ.Fields {
		if f.Unique {
			t.addUnique(f)
		} else if made := t.spec.made[f.Name]; made != nil && made.distinct {
			t.addUnique(f)
		}
	}
	for _, u := range t.typ.Uniques {
		t.addUnique(u.Fields...)
	}
	t.databaseKeys()
}

func newUniqueness(fields []*schema.Field, slots []int) *uniqueness {
	return &uniqueness{fields: fields, slots: slots, seed: maphash.MakeSeed()}
}

func (t *blueprint) addUnique(fields ...*schema.Field) {
	fields = t.led(fields)
	u := newUniqueness(fields, nil)
	makers := make([]*maker, 0, len(fields))
	for _, f := range fields {
		i := t.makerOf(f)
		if i < 0 {
			return // the database fills it
		}
		makers = append(makers, t.makers[i])
		u.slots = append(u.slots, t.makers[i].slots...)
	}
	for _, m := range makers {
		if t.distinct(m, len(fields) == 1) {
			return // one unique field is enough
		}
	}
	if t.per != nil && slices.ContainsFunc(makers, func(m *maker) bool { return m == t.makers[t.per.maker] }) {
		for _, m := range makers {
			if _, follows := m.generator.(followed); !follows && t.spec.made[m.field.Name] == nil && m.pick == nil && isWhole(t.slots[m.slots[0]].kind) {
				m.generator, m.null, m.steady = nth{}, 0, true
				return
			}
		}
	}
	for _, m := range makers {
		m.nullable = t.canBeNull(m)
	}
	t.uniques = append(t.uniques, u)
}

// canBeNull reports whether a field that is not specified may be null in any row, whatever the values of the other fields are.
func (t *blueprint) canBeNull(m *maker) bool {
	f := m.field
	if f.Type.NonNull || t.spec.made[f.Name] != nil || slices.Contains(t.typ.Key, f) || (t.per != nil && t.makers[t.per.maker] == m) {
		return false
	}
	if f.Relation != nil && slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool { return of.Type.NonNull }) {
		return false
	}
	return !slices.ContainsFunc(m.slots, func(at int) bool {
		h := t.slots[at].hint
		return h != nil && (h.NotNull || h.Nullness)
	})
}
