package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Record records versions as applied without running their files, because another tool has already applied them. It returns the
// versions that it added.
func (m *Migrator) Record(ctx context.Context, versions []int64) (recorded []int64, err error) {
	const op = "record what is applied"
	err = m.locked(ctx, op, func(ctx context.Context, r *run) error {
		if !r.state.known {
			if err := createVersions(ctx, r.o.DB, r.o.Table); err != nil {
				return err
			}
		}
		var values []string
		for _, v := range slices.Sorted(slices.Values(versions)) {
			if !r.state.isApplied(v) {
				recorded = append(recorded, v)
				values = append(values, fmt.Sprintf("(%d, true)", v))
			}
		}
		if len(values) == 0 {
			return nil
		}
		if _, err := r.session.conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (version_id, is_applied) VALUES %s", r.o.Table, strings.Join(values, ", "))); err != nil {
			return r.fault(ctx, op, err)
		}
		return nil
	})
	return recorded, err
}

// Unrecord deletes the records that Record has added.
func (m *Migrator) Unrecord(ctx context.Context, versions []int64) error {
	const op = "take back what is recorded"
	return m.locked(ctx, op, func(ctx context.Context, r *run) error {
		_, err := r.session.conn.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE version_id = ANY ($1)", r.o.Table), versions)
		return r.fault(ctx, op, err)
	})
}
