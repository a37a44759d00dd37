package make

import "github.com/krowoc/krowoc/internal/schema"

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
		at = m.chooseAgreeing(r)
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
