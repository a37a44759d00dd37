package make

import "slices"

// follow fills a reference with the key that another one demands, if it demands that of a row.
func (m *maker) follow(r *sample, number int) bool {
	p := m.pick
	for _, d := range p.demands {
		if d.with != nil {
			return false
		}
		missing := false
		for i, c := range m.slots {
			r.values[c] = d.value(r, i)
			missing = missing || r.values[c].null
		}
		if missing {
			continue
		}
		r.parents[number] = noRow
		if p.locates {
			key := make([]datum, len(m.slots))
			for i, c := range m.slots {
				key[i] = r.values[c]
			}
			if found := p.index.of(p.universe, p.keySlots(), key); len(found) > 0 {
				r.parents[number] = found[0]
			}
		}
		return true
	}
	return false
}

// chooseAgreeing chooses a row that agrees with the references that were chosen before.
func (m *maker) chooseAgreeing(r *sample) int64 {
	p := m.pick
	if p.universe.blueprint == r.blueprint {
		return m.chooseEarlier(r)
	}
	list, demanded := m.candidates(r)
	switch {
	case !demanded:
		return p.choose(r)
	case len(list) == 0 && !p.required:
		return noRow
	case len(list) == 0:
		r.disagrees = true
		return p.choose(r)
	case m.isPlaced(r):
		return list[r.rest]
	}
	return list[r.rng.IntN(len(list))]
}

// candidates returns the rows that satisfy all demands. It returns false if nothing is demanded.
func (m *maker) candidates(r *sample) (list []int64, demanded bool) {
	for _, d := range m.pick.demands {
		key, ok := d.key(r)
		if !ok || d.with == nil {
			continue
		}
		found := d.of(m.pick.universe, d.with, key)
		if demanded {
			found = slices.DeleteFunc(slices.Clone(found), func(number int64) bool {
				_, both := slices.BinarySearch(list, number)
				return !both
			})
		}
		list, demanded = found, true
	}
	return list, demanded
}

// mostTries is the number of earlier rows of a table that are tried for a reference to the table itself.
const mostTries = 32

// chooseEarlier chooses an earlier row of the same table. It tries some, since the earlier rows are different ones for each row.
func (m *maker) chooseEarlier(r *sample) int64 {
	p := m.pick
	for range mostTries {
		at := p.choose(r)
		if at < 0 {
			return at
		}
		agrees := func(d *demand) bool {
			for i, c := range d.with {
				demanded, has := d.value(r, i), p.universe.value(r, at, c)
				if !demanded.null && (has.null || !r.blueprint.equal(c, demanded, has)) {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(p.demands, func(d *demand) bool { return !agrees(d) }) {
			return at
		}
	}
	if p.required {
		return itself
	}
	return noRow
}

// equal reports whether two values of a column are the same for Postgres.
func (t *blueprint) equal(c int, a, b datum) bool {
	return string(t.slots[c].appendIdentity(nil, &a)) == string(t.slots[c].appendIdentity(nil, &b))
}
