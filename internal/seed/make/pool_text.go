package make

import (
	"fmt"
	"slices"
)

// texts draws as many different texts as the rows may need.
func (p *pooler) texts(s generator, c *slot) []string {
	want := poolSize
	if p.isUnique() {
		want = mostPool
		if p.blueprint.per == nil {
			want = int(min(max(4*p.blueprint.count, poolSize), mostPool))
		}
	}
	seen := map[string]bool{}
	var list []string
	r := p.blueprint.newSample()
	for i := int64(0); len(list) < want && i < 4*int64(want); i++ {
		r.number = i
		r.rng.seek(salt(p.maker.salt, "pool"), i, 0)
		d := s.make(r)
		text := c.literal(&d)
		if v, ok := s.(*choice); ok {
			text = v.values[i%int64(len(v.values))].text
		}
		if !seen[text] && !d.null {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}

// isUnique reports whether the values must be unique.
func (p *pooler) isUnique() bool {
	return p.blueprint.tells(p.maker) || slices.ContainsFunc(p.blueprint.uniques, p.keeps)
}

// enough returns a generator of as many different numbers as the rows may need.
func (p *pooler) enough(s generator, c *slot) generator {
	if _, few := s.(*measure); !few || !isWhole(c.kind) || !p.isUnique() {
		return s
	}
	low, high := c.bounds()
	if low < 1 && high > 0 {
		low = min(1, high)
	}
	return whole{int64(low), int64(min(high, low+float64(max(8*p.blueprint.count, poolSize))))}
}

// keeps reports whether a uniqueness includes the field.
func (p *pooler) keeps(u *uniqueness) bool { return slices.Contains(u.fields, p.maker.field) }

// literal returns the value in the text format of Postgres.
func (c *slot) literal(d *datum) string {
	switch {
	case c.base == "bytea":
		return fmt.Sprintf("\\x%x", d.s)
	case c.kind == kindTimestamp: // in a form that is also valid for a time of day
		return timeOf(d.i).Format("2006-01-02 15:04:05.000+00")
	case c.field.Type.Enum != nil:
		return d.s
	}
	return c.text(d)
}

// apart reports whether a generator depends neither on the row nor on its number.
func apart(s generator) bool {
	switch s := s.(type) {
	case faked, shaped, written, octets, coin, whole, *moments, randomUUID, coordinates, *choice, *constant:
		return true
	case anyOf:
		return !slices.ContainsFunc(s.list, func(of generator) bool { return !apart(of) })
	case *measure:
		_, other := s.numbers.(arithmetic)
		return !other
	}
	return false
}

// counts reports whether a generator depends on the number of the row.
func counts(s generator) bool {
	switch s.(type) {
	case counter, *upwards, nth, numberedDocument:
		return true
	}
	return false
}
