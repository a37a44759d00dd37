package migrate

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// State is the state of a migration.
type State string

// The states.
const (
	Applied    State = "applied"
	Pending    State = "pending"
	OutOfOrder State = "out_of_order" // not applied, but a newer one is
	Changed    State = "changed"      // applied, and its SQL has changed since
	Other      State = "other_file"   // applied, but from another file with the same version, such as one of another branch
	InGo       State = "go_file"      // not applied, and written in Go, which another binary has to run
	Half       State = "interrupted"  // a file that was interrupted, and of which a part is applied
	NoFile     State = "no_file"      // applied, but not in the folder
	Squashed   State = "squashed"     // applied, and replaced by a baseline since
)

// Status is one migration of the folder, the database or both.
type Status struct {
	Version   int64     `json:"version"`
	File      string    `json:"file,omitempty"` // empty with NoFile
	State     State     `json:"state"`
	AppliedAt time.Time `json:"appliedAt,omitzero"`
	Recorded  string    `json:"recorded,omitempty"` // the file that was applied, where that is known and is not File
}

// Status lists all migrations by version. It takes no lock, so it also shows the progress of another process.
func (m *Migrator) Status(ctx context.Context) ([]Status, error) {
	a := m.readAhead()
	defer a.wait()
	s, err := m.state(ctx, m.o.DB)
	if err != nil {
		return nil, err
	}
	compared, err := m.compare(s, a)
	if err != nil {
		return nil, err
	}
	states := make(map[int64]State, len(compared))
	for _, c := range compared {
		states[c.file.version] = c.state
	}
	newest := s.newest()
	baseline, err := m.baseline(s)
	if err != nil {
		return nil, err
	}
	var list []Status
	for _, f := range s.pending() {
		list = append(list, Status{Version: f.version, File: f.name, State: s.pendingState(f, newest)})
	}
	for _, a := range s.applied {
		status := Status{Version: a.version, State: NoFile, AppliedAt: a.at}
		if f := s.file(a.version); f == nil && a.version < baseline {
			status.State = Squashed
		} else if f != nil {
			status.State, status.File = cmp.Or(states[a.version], Applied), f.name
			if _, half := s.progress[a.version]; half {
				status.State = Half
			}
		}
		if status.State != Applied && a.name != status.File {
			status.Recorded = a.name
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.Version, b.Version) })
	return list, nil
}

// pendingState returns the state of a file that is not applied.
func (s state) pendingState(f *file, newest int64) State {
	_, half := s.progress[f.version]
	switch {
	case half:
		return Half
	case f.inGo:
		return InGo
	case f.version < newest:
		return OutOfOrder
	}
	return Pending
}

// Baseline returns the version of the folder's first file when that is a baseline, else 0.
func (m *Migrator) Baseline(ctx context.Context) (int64, error) {
	s, err := m.state(ctx, m.o.DB)
	if err != nil {
		return 0, err
	}
	return m.baseline(s)
}

// baseline returns the version of the folder's first file if that is a baseline, else 0.
func (m *Migrator) baseline(s state) (int64, error) {
	if len(s.files) == 0 {
		return 0, nil
	}
	first := s.files[0]
	if err := m.read(first); err != nil || !first.isBaseline() {
		return 0, err
	}
	return first.version, nil
}

// Pending counts the files that are not applied. It only needs the right to read the table of versions.
func (m *Migrator) Pending(ctx context.Context) (int, error) {
	files, err := readFolder(m.o.FS, m.o.Dir, m.o.Logger)
	if err != nil {
		return 0, err
	}
	applied, _, err := readApplied(ctx, m.o.DB, m.o.Table)
	return len(state{files: files, applied: applied}.pending()), err
}
