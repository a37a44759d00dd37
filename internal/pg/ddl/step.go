package ddl

import "cmp"

// step is a change and the statements that undo it.
type step struct {
	up, down []string
	table    string // the existing table that the step locks, if any

	oneWay bool // it has no rollback; down is a comment with the reason

	of      []object // what the step changes
	renames bool     // it renames the second object of two to the first one
}

// changing notes what a step changes.
func (s step) changing(of ...object) step {
	s.of = of
	return s
}

// renaming notes what a step renames.
func (s step) renaming(now, former object) step {
	s.of, s.renames = []object{now, former}, true
	return s
}

// lone are the steps of a separate file.
type lone struct {
	name  string
	steps []step
}

func one(up, down string) step { return step{up: []string{up}, down: []string{down}} }

// byTable splits steps into groups that lock at most one table, so that no transaction waits for a table while it holds another lock.
func byTable(steps []step) (groups [][]step) {
	locked := ""
	for _, s := range steps {
		if len(groups) == 0 || (s.table != "" && locked != "" && s.table != locked) {
			groups, locked = append(groups, nil), ""
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], s)
		locked = cmp.Or(s.table, locked)
	}
	return groups
}
