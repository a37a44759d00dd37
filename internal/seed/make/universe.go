package make

import "slices"

// universe is the rows of a table that others may refer to: those that are there, then those that are made.
type universe struct {
	table    *table
	columns  []int     // of the table, that others take something from
	there    [][]datum // of the rows that are there, by the order of columns
	existing int64     // how many those are
	made     [][]datum // of the rows that were made in this run, in their order; as long as there are not too many
	again    bool      // rows of earlier runs are not among those that are there: they are made again
}

// first is the number of the first row that is made, not there.
func (u *universe) first() int64 {
	if u.again {
		return 0
	}
	return u.table.done
}

// keptRows bounds the rows of a table that are kept in memory for others to refer to. Beyond it they are made again.
const keptRows = 200_000

// len is how many rows there are to choose from.
func (u *universe) len() int64 { return u.existing + max(0, u.table.count-u.first()) }

// need adds a column to those that others take something from.
func (u *universe) need(column int) {
	if !slices.Contains(u.columns, column) {
		u.columns = append(u.columns, column)
		slices.Sort(u.columns)
	}
}

// position is where a column is among those that others take something from.
func (u *universe) position(column int) int {
	at, _ := slices.BinarySearch(u.columns, column)
	return at
}

// pick returns the columns of a row that others take something from.
func (u *universe) pick(values []datum) []datum {
	kept := make([]datum, len(u.columns))
	for i, c := range u.columns {
		kept[i] = values[c]
	}
	return kept
}

// find returns the row that was loaded from the fixtures under a name, -1 for none.
func (u *universe) find(name string) int64 {
	key, ok := u.table.named[name]
	if !ok {
		return -1
	}
	t := u.table
	return int64(slices.IndexFunc(u.there, func(row []datum) bool {
		for column, text := range key {
			at, known := slices.BinarySearch(u.columns, t.index[column])
			if !known || t.columns[t.index[column]].text(&row[at]) != text {
				return false
			}
		}
		return true
	}))
}

// value returns a column of a row. A row that is not kept is made again, as far as the column needs it.
func (u *universe) value(r *row, number int64, column int) datum {
	at := u.position(column)
	if number < u.existing {
		return u.there[number][at]
	}
	number += u.first() - u.existing
	if kept := number - u.table.done; kept >= 0 && kept < int64(len(u.made)) {
		return u.made[kept][at]
	}
	other := r.others[u.table]
	if other == nil {
		other = u.table.newRow()
		other.number = -1
		r.others[u.table] = other
	}
	if steps, steady := u.table.steps(column); steady {
		other.number, other.attempt = number, 0
		if u.table.per != nil {
			u.table.per.place(other)
		}
		for _, i := range steps {
			u.table.makers[i].fill(other, i)
		}
		return other.values[column]
	}
	if other.number != number {
		u.table.make(other, number)
	}
	return other.values[column]
}

// needs are the makers that a column needs.
func (t *table) needs(column int) map[int]bool {
	needed := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if !needed[i] {
			needed[i] = true
			for _, before := range t.makers[i].after {
				visit(before)
			}
		}
	}
	visit(slices.IndexFunc(t.makers, func(m *maker) bool { return slices.Contains(m.columns, column) }))
	return needed
}

// steps are the makers that a column needs, in order, and whether what they make does not depend on the attempt.
func (t *table) steps(column int) (steps []int, steady bool) {
	if t.closures == nil {
		t.closures = map[int]closure{}
	}
	if c, ok := t.closures[column]; ok {
		return c.steps, c.steady
	}
	needed := t.needs(column)
	c := closure{steady: true}
	retries := len(t.checks) > 0 || t.stateful()
	for _, i := range t.order {
		if needed[i] {
			c.steps = append(c.steps, i)
			c.steady = c.steady && (t.makers[i].steady || !retries)
		}
	}
	t.closures[column] = c
	return c.steps, c.steady
}

// remembers reports whether rows refer to earlier rows of the table by a key that cannot be made again by itself: these rows are kept as
// they are made, one after the other.
func (t *table) remembers() bool {
	for _, m := range t.makers {
		if m.pick == nil || m.pick.of != nil || m.pick.universe.table != t {
			continue
		}
		for i := range m.field.Relation.References {
			if _, steady := t.steps(t.keyColumn(m.field, i)); !steady {
				return true
			}
		}
	}
	return false
}

// closure is what a column needs.
type closure struct {
	steps  []int
	steady bool
}
