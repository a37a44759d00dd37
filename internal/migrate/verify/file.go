package verify

import (
	"context"
	"errors"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// state is the content of a database at one moment.
type state struct {
	catalog *catalog.Catalog
	rows    rowCounts
	files   map[string]uint32 // relfilenode by table
}

// file verifies one migration, with generated rows or on empty tables, and leaves it applied if possible.
func (v *verifier) file(ctx context.Context, s migrate.Status, withRows bool) (f File, err error) {
	f = v.newFile(s)
	before, err := v.prepare(ctx, withRows)
	if err != nil {
		return f, err
	}
	began := v.Now()
	defer func() {
		f.DurationMs = float64(v.Now().Sub(began).Microseconds()) / 1000
		f.OK = !slices.ContainsFunc(f.Findings, func(x Finding) bool { return !x.isWarning() })
	}()
	results, err := v.up(ctx, s.Version)
	if err != nil {
		return f, f.blame(ctx, UpFails, err)
	}
	f.Locks = blocking(results)
	up, err := v.catalog(ctx)
	if err != nil {
		return f, err
	}
	files, err := v.relfilenodes(ctx)
	if err != nil {
		return f, err
	}
	f.Rewritten = rewritten(before.files, files)
	if _, err := v.migrator.Down(ctx, 1); err != nil {
		v.before = up
		kind := DownFails
		if fault.CodeOf(err) == fault.Conflict && !errors.As(err, new(*migrate.StatementError)) {
			kind = Irreversible
		}
		return f, f.blame(ctx, kind, err)
	}
	down, err := v.catalog(ctx)
	if err != nil {
		return f, err
	}
	rows, err := v.countRows(ctx, down)
	if err != nil {
		return f, err
	}
	f.compare(NotRestored, "rolling back does not restore the original schema", before.catalog, down)
	for _, change := range before.rows.changes(rows) {
		f.add(Finding{Kind: Rows}, change)
	}
	if _, err = v.up(ctx, s.Version); err != nil {
		return f, f.blame(ctx, NotRepeated, err)
	}
	if v.before, err = v.catalog(ctx); err != nil {
		return f, err
	}
	f.compare(NotRepeated, "applying the file again after a rollback gives a different schema", up, v.before)
	return f, nil
}

func (v *verifier) catalog(ctx context.Context) (*catalog.Catalog, error) {
	return v.reader.Read(ctx)
}

// prepare fills the empty tables, if there are to be rows, and returns the state of the database.
func (v *verifier) prepare(ctx context.Context, withRows bool) (s state, err error) {
	if s.catalog = v.before; s.catalog == nil {
		if s.catalog, err = v.catalog(ctx); err != nil {
			return s, err
		}
	}
	if withRows {
		if err := v.fill(ctx, s.catalog); err != nil {
			return s, err
		}
	}
	if s.rows, err = v.countRows(ctx, s.catalog); err != nil {
		return s, err
	}
	s.files, err = v.relfilenodes(ctx)
	return s, err
}

// relfilenodes returns the file node of each table. It changes when Postgres rewrites the table.
func (v *verifier) relfilenodes(ctx context.Context) (map[string]uint32, error) {
	rows, err := v.db.Query(ctx, `SELECT c.oid::regclass::text, c.relfilenode FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('information_schema', '`+own.Schema+`') AND n.nspname NOT LIKE 'pg\_%'`)
	if err != nil {
		return nil, pg.Fault("list the files of tables", err)
	}
	defer rows.Close()
	files := map[string]uint32{}
	for rows.Next() {
		var name string
		var node uint32
		if err := rows.Scan(&name, &node); err != nil {
			return nil, pg.Fault("list the files of tables", err)
		}
		files[name] = node
	}
	return files, pg.Fault("list the files of tables", rows.Err())
}

func rewritten(before, after map[string]uint32) []string {
	var list []string
	for name, node := range after {
		if had, there := before[name]; there && had != node {
			list = append(list, name)
		}
	}
	return list
}

// blocking returns the locks that block other sessions: ShareLock and stronger block writers, AccessExclusiveLock also readers.
func blocking(results []migrate.Result) (list []migrate.Lock) {
	for _, r := range results {
		for _, l := range r.Locks {
			switch l.Mode {
			case "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock":
				list = append(list, l)
			}
		}
	}
	return list
}
