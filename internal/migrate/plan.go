package migrate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// latest stands for the newest file as the target of up.
const latest = math.MaxInt64

// planned is one file to run.
type planned struct {
	file      *file
	direction Direction
	sql       []string // its statements, as they are sent
}

// plan lists the files of a run in order. It is complete before the run changes anything.
type plan []planned

// state is the state of the folder and of the database.
type state struct {
	files    []*file // by version
	applied  []applied
	known    bool               // the table of versions is there
	progress map[int64]progress // of files that were interrupted
	schema   string             // of the table of versions, with which progress is recorded
	skipGo   bool               // leave pending migrations in Go out of plans
	stale    []int64            // versions with a record of their file and no row in the table of versions that belongs to it
}

func (s state) isApplied(version int64) bool {
	return slices.ContainsFunc(s.applied, func(a applied) bool { return a.version == version })
}

// file returns the file of a version, or nil.
func (s state) file(version int64) *file {
	i, found := slices.BinarySearchFunc(s.files, version, func(f *file, v int64) int {
		switch {
		case f.version < v:
			return -1
		case f.version > v:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return s.files[i]
}

// pending lists the files that are not applied.
func (s state) pending() []*file {
	done := make(map[int64]bool, len(s.applied))
	for _, a := range s.applied {
		done[a.version] = true
	}
	return slices.DeleteFunc(slices.Clone(s.files), func(f *file) bool { return done[f.version] })
}

// newest returns the highest applied version, or 0.
func (s state) newest() int64 {
	var v int64
	for _, a := range s.applied {
		v = max(v, a.version)
	}
	return v
}

func (s state) up(target int64) (plan, error) {
	if target != latest && s.file(target) == nil {
		return nil, s.unknown(target)
	}
	if err := s.checkUnknownApplied(); err != nil {
		return nil, err
	}
	var p plan
	for _, f := range s.pending() {
		if f.version <= target && (!f.inGo || !s.skipGo) {
			p = append(p, planned{file: f, direction: Up})
		}
	}
	return p, nil
}

// checkBaseline refuses to apply a baseline to a database that has some of the migrations that it replaces. It also refuses to
// roll a baseline back where those migrations were applied one by one.
func (p plan) checkBaseline(s state) error {
	for _, step := range p {
		older := slices.ContainsFunc(s.applied, func(a applied) bool { return a.version < step.file.version && s.file(a.version) == nil })
		switch {
		case !step.file.script.baseline || !older:
		case step.direction == Up:
			return fault.New(fault.Conflict, "plan the migrations",
				fmt.Sprintf("%s replaces all migrations up to version %d, but this database has only some of them", step.file.name, step.file.version),
				fmt.Sprintf("migrate to version %d with the files from before the squash, then retry", step.file.version))
		default:
			return fault.New(fault.Conflict, "plan the rollback",
				step.file.name+" replaces migrations that were applied one by one to this database", "roll them back with the files from before the squash")
		}
	}
	return nil
}

// checkOrder refuses pending files that are older than an applied one, unless they or the options allow it.
func (p plan) checkOrder(s state, allow bool) error {
	newest := s.newest()
	var late []string
	for _, step := range p {
		if step.direction == Up && step.file.version < newest && !s.isApplied(step.file.version) && !step.file.script.outOfOrder && !allow {
			late = append(late, step.file.name)
		}
	}
	if len(late) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "plan the migrations",
		fmt.Sprintf("out of order: these pending files are older than the applied version %d: %s", newest, strings.Join(late, ", ")),
		"rename them to higher versions, so that every database applies them in the same order; if they do not depend on newer files, "+
			"add `-- +krowoc allow_out_of_order` to each file, or pass --allow-missing once")
}

// checkUnknownApplied refuses a database that is ahead of the folder or on another branch. It ignores versions older than the
// first file, because projects delete their oldest files.
func (s state) checkUnknownApplied() error {
	var unknown []string
	for _, a := range s.applied {
		if s.file(a.version) == nil && (len(s.files) == 0 || a.version > s.files[0].version) {
			name := strconv.FormatInt(a.version, 10)
			if a.name != "" {
				name += " (" + a.name + ")"
			}
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "plan the migrations",
		"the database has applied migrations that have no file in this folder: "+strings.Join(unknown, ", "),
		"update this checkout, or switch to the branch that has these files")
}

func (s state) down(steps int) (plan, error) {
	if steps < 1 {
		return nil, fault.New(fault.Invalid, "plan the rollback", "the number of migrations to roll back must be at least 1")
	}
	return s.rollback(s.applied[max(0, len(s.applied)-steps):])
}

func (s state) downTo(version int64) (plan, error) {
	if version != 0 && s.file(version) == nil && !s.isApplied(version) {
		return nil, s.unknown(version)
	}
	return s.rollback(slices.DeleteFunc(slices.Clone(s.applied), func(a applied) bool { return a.version <= version }))
}

// rollback plans the reverse of list.
func (s state) rollback(list []applied) (plan, error) {
	var p plan
	for _, a := range slices.Backward(list) {
		f := s.file(a.version)
		if f == nil {
			return nil, fault.New(fault.NotFound, "plan the rollback",
				fmt.Sprintf("version %d is applied, but its file is missing", a.version),
				"restore the file, because its down section is needed for the rollback")
		}
		p = append(p, planned{file: f, direction: Down})
	}
	return p, nil
}

// checkReversible refuses, before the run changes anything, to roll back files without a down section. With undo it also
// refuses to apply such a file before others, because a failure of a later file would have to roll it back. With past it rolls back
// such files, but does not apply one again, because what it made is still there.
func (p plan) checkReversible(undo, past bool) error {
	var names []string
	for i, step := range p {
		goesBack := step.direction == Down && (!past || p.redoes(step.file))
		mayGoBack := undo && i+1 < len(p)
		s := step.file.script
		lacksDown := len(s.down) == 0 && len(s.up) > 0
		if (goesBack || mayGoBack) && lacksDown {
			names = append(names, step.file.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "plan the rollback",
		"irreversible: no statements after `-- +goose Down` in "+strings.Join(names, ", "),
		"nothing was changed; add statements that undo the up section, or `SELECT 1;` if there is nothing to undo; "+
			"to keep what the file made and only delete its record, run `krowoc migrate down --irreversible`")
}

// redoes reports whether the plan applies a file again.
func (p plan) redoes(f *file) bool {
	return slices.ContainsFunc(p, func(step planned) bool { return step.direction == Up && step.file == f })
}

func (p plan) files() []*file {
	files := make([]*file, len(p))
	for i, step := range p {
		files[i] = step.file
	}
	return files
}

func (s state) unknown(version int64) error {
	hint := "the folder is empty"
	if n := len(s.files); n > 0 {
		hint = fmt.Sprintf("the folder has versions from %d to %d; `krowoc migrate status` lists them", s.files[0].version, s.files[n-1].version)
	}
	return fault.New(fault.NotFound, "plan the migrations", fmt.Sprintf("version %d does not exist", version), hint)
}
