package make

import (
	"slices"
	"sync"
)

// narrowed are the rows of a reference with which later references can agree.
type narrowed struct {
	by   []narrowing
	once sync.Once
	list []int64
}

// narrowing is a demand on a later reference.
type narrowing struct {
	*demand
	later *pick
}

// canNarrow reports whether it is known which rows later references can agree with.
func (p *pick) canNarrow() bool {
	return !slices.ContainsFunc(p.narrowed.by, func(by narrowing) bool {
		return !by.later.universe.isSettled(by.with) || (!by.own && !p.universe.isSettled(by.at))
	})
}

// rows returns the rows with which later references can agree. It returns false if these are all rows, or if there are none.
func (p *pick) rows() ([]int64, bool) {
	if len(p.narrowed.by) == 0 {
		return nil, false
	}
	p.narrowed.once.Do(func() { p.narrowed.list = p.narrow() })
	return p.narrowed.list, len(p.narrowed.list) > 0
}

func (p *pick) narrow() (list []int64) {
	r := p.universe.blueprint.newSample()
	for number := range min(p.universe.len(), keptRows) {
		fits := func(by narrowing) bool {
			key, ok := p.keyOf(r, by.demand, number)
			return !ok || len(by.of(by.later.universe, by.with, key)) > 0
		}
		if !slices.ContainsFunc(p.narrowed.by, func(by narrowing) bool { return !fits(by) }) {
			list = append(list, number)
		}
	}
	return list
}

// keyOf returns what a row of this reference demands of another one.
func (p *pick) keyOf(r *sample, d *demand, number int64) (key []datum, ok bool) {
	slots := d.at
	if d.own {
		slots = p.keySlots()
	}
	key = make([]datum, len(slots))
	for i, c := range slots {
		if key[i] = p.universe.value(r, number, c); key[i].null {
			return nil, false
		}
	}
	return key, true
}

// len returns the number of rows to choose from.
func (p *pick) len() int64 {
	if list, narrow := p.rows(); narrow {
		return int64(len(list))
	}
	return p.universe.len()
}

// narrow lets references choose only rows with which later ones can agree. Where that is not certain, a row is generated again.
func (a *agreeing) narrow() {
	for _, m := range a.makers {
		if m.pick == nil || !m.pick.required {
			continue
		}
		for _, d := range m.pick.demands {
			if d.with == nil {
				continue
			}
			from := a.makers[d.from]
			if len(m.pick.demands) > 1 || len(from.pick.demands) > 0 || a.says(from.field) || from.refersTo() == a.blueprint {
				a.mayDisagree = true
				continue
			}
			from.pick.narrowed.by = append(from.pick.narrowed.by, narrowing{d, m.pick})
		}
	}
}
