package verify

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// Later files restrict tables that have rows by then. So once a file has failed on generated rows, verify applies it and all later ones to empty
// tables, and notes what each of them demands of rows. Rows that are generated afterwards satisfy these demands, too, where it finds such rows.

// future is what later migrations do to existing tables.
type future struct {
	last  int64 // the last migration that could be applied to empty tables
	steps []step
}

// step is what one migration does to existing tables.
type step struct {
	version int64
	demands []demand                  // new ones
	tables  map[tableName]tableName   // new names of tables → old ones
	columns map[columnName]columnName // likewise, with the tables
}

type tableName struct{ schema, name string }

type columnName struct {
	table  tableName
	column string
}

// attribute identifies a column whatever its name is.
type attribute struct {
	table  uint32
	number int16
}

// shape is the state of a database without rows.
type shape struct {
	catalog *catalog.Catalog
	names   map[attribute]columnName
}

// shape reads the state of the database.
func (v *verifier) shape(ctx context.Context) (s shape, err error) {
	if s.catalog, err = v.catalog(ctx); err != nil {
		return s, err
	}
	rows, err := v.db.Query(ctx, `SELECT c.oid, a.attnum, n.nspname, c.relname, a.attname
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`)
	if err != nil {
		return s, pg.Fault("list the columns", err)
	}
	s.names = map[attribute]columnName{}
	var a attribute
	var c columnName
	_, err = pgx.ForEachRow(rows, []any{&a.table, &a.number, &c.table.schema, &c.table.name, &c.column}, func() error {
		s.names[a] = c
		return nil
	})
	return s, pg.Fault("list the columns", err)
}

// lookAhead notes what a migration, which is applied, and those after it demand of rows. The tables are empty. before is the state before it.
func (v *verifier) lookAhead(ctx context.Context, version int64, before shape) error {
	v.future = future{}
	for _, s := range v.status {
		if s.Version < version || s.State == migrate.InGo {
			continue
		}
		if s.Version > version {
			if _, err := v.up(ctx, s.Version); err != nil {
				return ctx.Err() // a file that fails on empty tables gets a finding in its turn
			}
		}
		after, err := v.shape(ctx)
		if err != nil {
			return err
		}
		v.future.last = s.Version
		v.future.steps = append(v.future.steps, stepBetween(s.Version, before, after))
		before = after
	}
	return nil
}

// stepBetween compares the states before and after a migration.
func stepBetween(version int64, before, after shape) step {
	s := step{version: version, tables: map[tableName]tableName{}, columns: map[columnName]columnName{}}
	for a, now := range after.names {
		if old, existed := before.names[a]; existed && old != now {
			s.tables[now.table], s.columns[now] = old.table, old
		}
	}
	for i := range after.catalog.Tables {
		t := &after.catalog.Tables[i]
		old := s.oldTable(nameOf(t))
		was := before.catalog.Table(old.schema, old.name)
		if was == nil {
			continue // its rows come later
		}
		had := map[string]bool{}
		for _, d := range demandsOf(before.catalog, was) {
			had[d.key()] = true
		}
		for _, d := range demandsOf(after.catalog, t) {
			if !had[d.key()] {
				d.version = version
				s.demands = append(s.demands, d)
			}
		}
	}
	return s
}

func (s step) oldTable(now tableName) tableName {
	if old, renamed := s.tables[now]; renamed {
		return old
	}
	return now
}

func (s step) oldColumn(now columnName) columnName {
	if old, renamed := s.columns[now]; renamed {
		return old
	}
	return columnName{s.oldTable(now.table), now.column}
}

// demandsOn returns what migrations after a version demand of a table, in their order. It has the names of that version.
func (f *future) demandsOn(t *catalog.Table, version int64) (list []demand) {
	for i, s := range f.steps {
		if s.version <= version {
			continue
		}
		for _, d := range s.demands {
			if d = f.translate(d, version, i); d.table == nameOf(t) && d.isAbout(t) {
				list = append(list, d)
			}
		}
	}
	return list
}

// translate gives a demand of the ith step the names that its tables and columns have at a version.
func (f *future) translate(d demand, version int64, i int) demand {
	d.columns, d.targets = slices.Clone(d.columns), slices.Clone(d.targets)
	for ; i >= 0 && f.steps[i].version > version; i-- {
		s := f.steps[i]
		for n := range d.columns {
			d.columns[n].current = s.oldColumn(columnName{d.table, d.columns[n].current}).column
		}
		for n := range d.targets {
			d.targets[n] = s.oldColumn(columnName{d.target, d.targets[n]}).column
		}
		d.table, d.target = s.oldTable(d.table), s.oldTable(d.target)
	}
	return d
}

// until returns the part of the future up to a version.
func (f *future) until(version int64) future {
	n := slices.IndexFunc(f.steps, func(s step) bool { return s.version > version })
	if n < 0 {
		return *f
	}
	return future{last: version, steps: f.steps[:n]}
}

func nameOf(t *catalog.Table) tableName { return tableName{t.Schema, t.Name} }
