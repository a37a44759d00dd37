package migrate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Record records versions as applied without running their files, because another tool has already applied them. It returns the
// versions that it added.
func (m *Migrator) Record(ctx context.Context, versions []int64) (recorded []int64, err error) {
	return m.recordFiles(ctx, func(s state) ([]*file, error) {
		var list []*file
		for _, v := range versions {
			f := s.file(v)
			if f == nil {
				f = &file{version: v}
			} else if !f.inGo {
				if err := load(m.o.FS, m.o.Dir, []*file{f}); err != nil {
					return nil, err
				}
			}
			list = append(list, f)
		}
		return list, nil
	})
}

// RecordDrafts records drafts as applied that are not written yet, because the database already has what they make. It returns the
// versions that it added. It refuses a version that is applied: that is another file, which came since the drafts were numbered.
func (m *Migrator) RecordDrafts(ctx context.Context, drafts []Draft) (recorded []int64, err error) {
	return m.recordFiles(ctx, func(s state) ([]*file, error) {
		var list []*file
		for _, d := range drafts {
			f := &file{version: d.Number(), name: d.FileName(), text: d.Text()}
			if i := slices.IndexFunc(s.applied, func(a applied) bool { return a.version == f.version }); i >= 0 {
				return nil, fault.New(fault.Conflict, "record "+f.name, fmt.Sprintf("the database already has version %d: %s", f.version, cmp.Or(s.applied[i].name, "a file of unknown name")),
					"get that file, for example from the branch that has it, and retry; the new file then gets the next version")
			}
			var mistake *mistake
			if f.script, mistake = parse(f.text); mistake != nil {
				return nil, fault.New(fault.Internal, "record "+f.name, mistake.message)
			}
			list = append(list, f)
		}
		return list, nil
	})
}

// recordFiles records files as applied, with their names and checksums where they are known.
func (m *Migrator) recordFiles(ctx context.Context, which func(state) ([]*file, error)) (recorded []int64, err error) {
	const op = "record what is applied"
	err = m.locked(ctx, op, func(ctx context.Context, r *run) error {
		files, err := which(r.state)
		if err != nil {
			return err
		}
		if err := r.prepare(ctx); err != nil {
			return err
		}
		slices.SortFunc(files, func(a, b *file) int { return int(a.version - b.version) })
		b := &batch{}
		b.add("BEGIN")
		for _, f := range files {
			if r.state.isApplied(f.version) {
				continue
			}
			recorded = append(recorded, f.version)
			step := planned{file: f, direction: Up}
			if f.script == nil {
				b.add(r.record(step))
			} else {
				b.add(r.recordFile(step))
			}
		}
		b.add("COMMIT")
		if o := b.send(ctx, r.session.conn); o.err != nil {
			recorded = nil
			return r.fault(ctx, op, o.err)
		}
		return nil
	})
	return recorded, err
}

// Unrecord deletes the records that Record has added.
func (m *Migrator) Unrecord(ctx context.Context, versions []int64) error {
	const op = "take back what is recorded"
	return m.locked(ctx, op, func(ctx context.Context, r *run) error {
		if _, err := r.session.conn.Exec(ctx, fmt.Sprintf("WITH forgotten AS (DELETE FROM %s WHERE versions = %s AND version_id = ANY ($1)) DELETE FROM %s WHERE version_id = ANY ($1)",
			own.MigrationsTable, pg.QuoteLiteral(r.state.versionsKey(r.o.Table)), r.o.Table), versions); err != nil {
			return r.fault(ctx, op, err)
		}
		return nil
	})
}
