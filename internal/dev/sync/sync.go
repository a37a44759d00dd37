// Package sync changes the tables of a development database to match a saved schema. It records these unsaved changes, which are not yet
// in a migration.
package sync

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// Options describe the project.
type Options struct {
	Server     *scratch.Server // the development server, used by nothing else
	Migrations fs.FS           // its *.sql files
	Exclude    []string        // Krowoc's own tables

	// Settled returns the memory of whether the migrations alone build a schema; it may be nil.
	Settled func(ctx context.Context, types *schema.Schema) (Memory, error)

	// Build creates a scratch database and applies the migrations to it.
	Build func(context.Context, *scratch.Server) (*pgxpool.Pool, func() error, error)

	// Migrated reports whether a database has exactly the migrations of the project, unchanged.
	Migrated func(ctx context.Context, db *pgxpool.Pool) (bool, error)

	// WriteBuild writes what the result of Build depends on, for a hash. If it is set, Close keeps the scratch databases for the next session.
	WriteBuild func(io.Writer) error
}

// Memory remembers that nothing had to be done, with notes.
type Memory interface {
	Recall() (notes []string, known bool)
	Remember(notes []string)
}

// Syncer finds the necessary changes by comparing two scratch databases on the same server: one with the structure of the development
// database, and one that it builds from the schema. It keeps both for later calls, which may come from several goroutines.
type Syncer struct {
	Options
	mu      sync.Mutex
	cleaned bool             // nobody has left a scratch database behind
	current *pgxpool.Pool    // the structure of the development database
	reader  *catalog.Reader  // of current
	builder *scratch.Builder // of the other database; may be nil
	base    *catalog.Catalog // built from the migrations alone
	key     string           // hash of the migrations and changes that current has; empty if it has something else
	applied []Change         // the changes that current has

	migrations string // hash of those from which current was built
	seen       seen
	adopted    adopted

	dropCurrent, dropBuilder func() error
}

// New returns a syncer. It creates its scratch databases on first use.
func New(o Options) *Syncer { return &Syncer{Options: o} }

// SyncNew is Sync for a database that the migrations have just made. It changes nothing if an earlier session has found that they build the
// schema. With mayCopy, it then copies the database for later changes, during which nobody can connect to it.
func (y *Syncer) SyncNew(ctx context.Context, db *pgxpool.Pool, types *schema.Schema, mayCopy bool) ([]string, error) {
	unsaved, err := Read(ctx, db)
	if err != nil {
		return nil, err
	}
	if len(unsaved) > 0 || y.Settled == nil {
		return y.Sync(ctx, db, types)
	}
	memory, err := y.Settled(ctx, types)
	if err != nil {
		return nil, err
	}
	if notes, known := memory.Recall(); known {
		if mayCopy {
			y.adopt(ctx, db, types, slices.Contains(notes, exact))
		}
		return nil, nil
	}
	statements, err := y.Sync(ctx, db, types)
	if err == nil && len(statements) == 0 {
		memory.Remember(y.notes())
	}
	return statements, err
}

// Sync changes the tables of db to match the schema and returns the statements. It drops what only an unsaved change has created and the
// schema no longer contains. It keeps what the migrations have created, as `migrate diff` does.
func (y *Syncer) Sync(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (statements []string, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	unsaved, err := Read(ctx, db)
	if err != nil {
		return nil, err
	}
	if len(unsaved) == 0 && y.key == "" {
		if matches, err := y.matches(ctx, db, types); matches || err != nil {
			return nil, err
		}
	}
	if err := y.rebuild(ctx, db, unsaved, types); err != nil {
		return nil, err
	}
	target, err := y.buildTarget(ctx, types)
	if err != nil {
		return nil, err
	}
	changes, err := y.change(ctx, db, unsaved, target)
	if err != nil {
		changes, err = y.replace(ctx, db, unsaved, types, err)
	}
	for _, c := range changes {
		statements = append(statements, c.Up...)
	}
	return statements, err
}

// change turns the database into a target, by way of others, and returns the changes.
func (y *Syncer) change(ctx context.Context, db *pgxpool.Pool, unsaved []Change, targets ...*ddl.Target) (changes []Change, err error) {
	key := y.key
	y.key = "" // until the scratch database is known to be what the database is
	var last []string
	separate := len(targets) == 1
	for i, target := range targets {
		plan, err := y.plan(ctx, target)
		if plan != nil && err != nil && i == 0 {
			y.key = key // the plan has rolled its changes back
		}
		if err != nil {
			return nil, err
		}
		last = nil
		for _, f := range plan.Files {
			last = append(last, f.Up...)
			changes = append(changes, Change{Up: f.Up, Down: f.Down})
			separate = separate || f.Suffix == "values"
		}
		if i < len(targets)-1 {
			if err := execEach(ctx, y.current, last); err != nil {
				return nil, err
			}
		}
	}
	if len(changes) == 0 {
		y.key = key
		return nil, nil
	}
	if !separate { // what is dropped on the way stays when the rest fails
		changes = []Change{together(changes)}
	}
	if err := Apply(ctx, db, changes); err != nil {
		if len(targets) == 1 {
			y.key = key // the plan has rolled its changes back
		}
		return nil, err
	}
	if err := execEach(ctx, y.current, last); err != nil {
		return changes, nil //nolint:nilerr // the database has them; the scratch database is rebuilt
	}
	y.applied = slices.Concat(unsaved, changes)
	y.key = keyOf(y.migrations, y.applied)
	return changes, nil
}

// plan returns how the scratch database becomes a target. It returns an error with the plan if Postgres refuses a part of the schema: the API
// and the models need all of it.
func (y *Syncer) plan(ctx context.Context, target *ddl.Target) (*ddl.Plan, error) {
	plan, err := target.Plan(ctx, y.current, ddl.PlanOptions{
		Options: ddl.Options{AllowDrop: true, Keep: y.base, Plain: true}, Exclude: y.Exclude, Reader: y.reader,
	})
	if err != nil {
		return nil, err
	}
	return &plan, plan.Refusal()
}

// replace drops the unsaved columns whose type has changed and makes them again, after a change failed because Postgres cannot turn
// their values into the new type. Without such a column it returns the failure.
func (y *Syncer) replace(ctx context.Context, db *pgxpool.Pool, unsaved []Change, types *schema.Schema, failure error) ([]Change, error) {
	if err := y.rebuild(ctx, db, unsaved, types); err != nil {
		return nil, errors.Join(failure, err)
	}
	target, err := y.buildTarget(ctx, types)
	if err != nil {
		return nil, failure
	}
	current, err := y.reader.Read(ctx)
	if err != nil {
		return nil, errors.Join(failure, err)
	}
	without := target.Without(current, y.base)
	if without == nil {
		return nil, failure
	}
	changes, err := y.change(ctx, db, unsaved, without, target)
	if err != nil {
		return nil, failure
	}
	return changes, nil
}

// together makes one change of several.
func together(changes []Change) (all Change) {
	for _, c := range changes {
		all.Up, all.Down = append(all.Up, c.Up...), slices.Concat(c.Down, all.Down)
	}
	return all
}

// execEach runs statements one by one.
func execEach(ctx context.Context, db *pgxpool.Pool, statements []string) error {
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
