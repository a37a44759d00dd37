package migrate

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// goose's table knows the number of an applied version alone. The schema krowoc adds the name and the checksum of its file, so that the
// file of another branch with the same number is told from it.

// versionsKey names the table of versions in the table of identities.
func (s state) versionsKey(table string) string {
	return s.schema + "." + table[strings.LastIndexByte(table, '.')+1:]
}

// The record m belongs to the row g of the table of versions when it satisfies sameRow and, where it has a tstamp, sameTime.
const (
	sameRow  = "g.version_id = m.version_id and g.id = m.row_id"
	sameTime = " and coalesce(m.tstamp = g.tstamp::timestamp, true)"
)

// readIdentities adds to the applied versions from which files they were applied. Rows that another tool has made have none. It also finds
// the stale records: those whose rows somebody has deleted from the table of versions by hand.
func (s *state) readIdentities(ctx context.Context, db querier, table string) error {
	const op = "read from which files migrations were applied"
	var isThere, hasTimes bool // a database of an earlier release lacks the table or its tstamp
	err := db.QueryRow(ctx, "select to_regclass($1) is not null, exists (select from pg_attribute where attrelid = to_regclass($1) and attname = 'tstamp')",
		own.MigrationsTable).Scan(&isThere, &hasTimes)
	if err != nil || !isThere {
		return pg.Fault(op, err)
	}
	type key struct{ version, id int64 }
	type row struct {
		Version, ID int64
		Name, Sum   string
		IsCurrent   bool
	}
	same, current := sameRow, "false"
	if hasTimes {
		same += sameTime
	}
	if s.known {
		current = fmt.Sprintf("exists (select from %s g where %s)", table, same)
	}
	rows, _ := db.Query(ctx, fmt.Sprintf("select version_id, row_id, name, sum, %s from %s m where versions = %s", current, own.MigrationsTable, pg.QuoteLiteral(s.versionsKey(table))))
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	known := make(map[key]row, len(list))
	for _, r := range list {
		if r.IsCurrent {
			known[key{r.Version, r.ID}] = r
		} else {
			s.stale = append(s.stale, r.Version)
		}
	}
	for i := range s.applied {
		r := known[key{s.applied[i].version, s.applied[i].id}]
		s.applied[i].name, s.applied[i].sum = r.Name, r.Sum
	}
	return pg.Fault(op, err)
}

// identifySQL returns SQL that records the file of an applied version. Its row is in the table of versions already.
func (r *run) identifySQL(version int64, name, sum string) string {
	return r.identifyFrom(fmt.Sprintf("SELECT id, tstamp FROM %s WHERE version_id = %d ORDER BY id DESC LIMIT 1", r.o.Table, version), version, name, sum)
}

// identifyFrom is identifySQL with the query of the row.
func (r *run) identifyFrom(row string, version int64, name, sum string) string {
	return fmt.Sprintf(`WITH row AS (%s) INSERT INTO %s (versions, version_id, row_id, name, sum, tstamp) SELECT %s, %d, id, %s, %s, tstamp FROM row
ON CONFLICT (versions, version_id) DO UPDATE SET (row_id, name, sum, tstamp) = (excluded.row_id, excluded.name, excluded.sum, excluded.tstamp)`,
		row, own.MigrationsTable, pg.QuoteLiteral(r.state.versionsKey(r.o.Table)), version, pg.QuoteLiteral(name), pg.QuoteLiteral(sum))
}

// recordFile returns SQL that records the file of a step as applied or as rolled back, in the table of versions and in that of identities.
// It is one statement, which costs each file less than two.
func (r *run) recordFile(step planned) string {
	if step.direction == Up {
		return r.identifyFrom(r.record(step)+" RETURNING id, tstamp", step.file.version, step.file.name, step.file.sum())
	}
	return fmt.Sprintf("WITH record AS (DELETE FROM %s WHERE versions = %s AND version_id = %d) %s",
		own.MigrationsTable, pg.QuoteLiteral(r.state.versionsKey(r.o.Table)), step.file.version, r.record(step))
}

// finish appends the record of a step. A dry run, without a session, shows only that in the table of versions.
func (r *run) finish(b *batch, step planned) {
	if r.session == nil {
		b.add(r.record(step))
		return
	}
	r.ownRole(b)
	b.add(r.recordFile(step))
}

// ownRole returns to the role of the session: that which a file sets for its transaction may have no right to the schema krowoc.
func (r *run) ownRole(b *batch) {
	if r.session != nil {
		b.add("SET LOCAL role TO DEFAULT")
	}
}

// comparison is how an applied version compares with its file in the folder.
type comparison struct {
	applied applied
	file    *file
	sum     string // of the file; empty where it cannot be parsed
	state   State  // Applied, Changed or Other
}

// compare compares the applied versions that have a file with what is known of them. What the database has recorded of a file comes
// first: the SumFile follows the folder of whoever has changed a file, and no database. It counts where the database has recorded nothing.
func (m *Migrator) compare(s state, a *ahead) (list []comparison, err error) {
	sums, err := ReadSums(m.o.FS)
	if err != nil {
		return nil, err
	}
	for _, v := range s.applied {
		f := s.file(v.version)
		if f == nil || (v.name == "" && sums[f.name] == "") {
			continue
		}
		c := comparison{applied: v, file: f, state: Applied}
		if c.sum, err = m.sumOfApplied(f, a); err != nil {
			return nil, err
		}
		isRecorded := v.name != "" && (v.name == f.name || !f.isBaseline()) // a baseline replaces the file that was applied
		switch accepted := sums[f.name]; {
		case isRecorded && v.sum == c.sum:
		case isRecorded && v.name != f.name:
			c.state = Other
		case isRecorded, accepted != "" && accepted != c.sum:
			c.state = Changed
		}
		list = append(list, c)
	}
	return list, nil
}

// sumOfApplied reads a file that is applied and returns its checksum, or "" if it has a mistake.
func (m *Migrator) sumOfApplied(f *file, a *ahead) (string, error) {
	if sum, ok := a.into(f); ok {
		return sum, nil
	}
	if err := m.read(f); err != nil || f.script == nil {
		return "", err
	}
	return f.sum(), nil
}

// read reads a file that is applied. Its script is nil when it has a mistake, which matters only to those who run it.
func (m *Migrator) read(f *file) error {
	if f.script != nil || f.inGo {
		return nil
	}
	text, err := fs.ReadFile(m.o.FS, f.name)
	if err != nil {
		return fileFault("read "+path.Join(m.o.Dir, f.name), err)
	}
	f.text = string(text)
	f.script, _ = parse(f.text)
	return nil
}

func (f *file) isBaseline() bool { return f.script != nil && f.script.baseline }

// checkApplied refuses a plan, also an empty one, while an applied version differs from its file: the folder is then no description of
// the database. A changed file may be applied again, and the rest of an interrupted rollback may be corrected.
func (m *Migrator) checkApplied(s state, list []comparison, p plan) error {
	var found diag.List
	other := false
	for _, c := range list {
		d := diag.Diagnostic{Severity: diag.Error, Code: "migration-changed", Position: diag.Position{File: path.Join(m.o.Dir, c.file.name)}}
		_, interrupted := s.progress[c.file.version]
		switch {
		case c.state == Changed && (interrupted || p.redoes(c.file)):
		case c.state == Changed:
			d.Message = "its SQL has changed since it was applied"
			d.Remedy = fmt.Sprintf("restore it and put the change in a new migration; while you write it, apply it again with `krowoc migrate redo`; "+
				"if the database already is what the file describes, accept it for this database with `krowoc migrate repair --accept %d`", c.file.version)
		case c.state == Other:
			other = true
			d.Code, d.Message = "migration-other", fmt.Sprintf("the database has another file as version %d: %s", c.file.version, c.applied.name)
			d.Remedy = fmt.Sprintf("rename the newer of the two to the next free number; or check out the branch that has %s, roll it back with `krowoc migrate down`, and return; "+
				"or rebuild a development database with `krowoc db branch reset`. If it is the same migration, accept it with `krowoc migrate repair --accept %d`", c.applied.name, c.file.version)
		}
		if d.Message != "" {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil
	}
	message := fmt.Sprintf("%d applied migrations have changed", len(found))
	if len(found) == 1 {
		message = "an applied migration has changed"
	}
	if other {
		message = "the database has migrations of another branch"
	}
	return &fault.Error{Code: fault.Conflict, Op: "compare the migrations with the database", Message: message, Err: found}
}

// accept records what the files of applied versions are called now, where only their names have changed. It deletes stale records.
func (r *run) accept(ctx context.Context, list []comparison) error {
	if len(r.state.stale) > 0 {
		if _, err := r.session.conn.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE versions = %s AND version_id = ANY ($1)",
			own.MigrationsTable, pg.QuoteLiteral(r.state.versionsKey(r.o.Table))), r.state.stale); err != nil {
			return r.fault(ctx, "delete the records of files that are no longer applied", err)
		}
	}
	for _, c := range list {
		a := c.applied
		renamed := a.name != "" && a.name != c.file.name
		if c.state != Applied || !renamed || c.file.isBaseline() { // an older checkout still has what a baseline replaces
			continue
		}
		if _, err := r.session.conn.Exec(ctx, r.identifySQL(c.file.version, c.file.name, c.sum)); err != nil {
			return r.fault(ctx, "record the files of applied migrations", err)
		}
	}
	return nil
}

// Accept records that the file of an applied version, as it is now, is what was applied. The checksum in the SumFile follows if
// Options.RecordSums is set.
func (m *Migrator) Accept(ctx context.Context, version int64) error {
	const op = "accept a changed migration"
	return m.locked(ctx, op, func(ctx context.Context, r *run) error {
		f := r.state.file(version)
		if f == nil || !r.state.isApplied(version) {
			return fault.New(fault.NotFound, op, fmt.Sprintf("version %d is not applied, or has no file", version), "list the versions with `krowoc migrate status`")
		}
		if err := load(m.o.FS, m.o.Dir, []*file{f}); err != nil {
			return err
		}
		if _, err := r.session.conn.Exec(ctx, r.identifySQL(version, f.name, f.sum())); err != nil {
			return r.fault(ctx, op, err)
		}
		return m.recordSums([]Result{{File: f.name, Direction: Up}}, plan{{file: f, direction: Up}})
	})
}
