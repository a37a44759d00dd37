package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

func (y *Syncer) closeBuilder() error {
	y.builder = nil
	return dropped(&y.dropBuilder)
}

// dropped drops a database, if there is one.
func dropped(drop *func() error) error {
	if *drop == nil {
		return nil
	}
	err := (*drop)()
	*drop = nil
	return err
}

// Prepare creates the scratch databases unless they exist, so that the next Sync is fast. types is the schema that the tables match.
func (y *Syncer) Prepare(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.key != "" {
		return nil
	}
	unsaved, err := Read(ctx, db)
	if err != nil {
		return err
	}
	if err := y.rebuild(ctx, db, unsaved, types); err != nil {
		return err
	}
	if y.builder.Built() != types {
		_, err = y.buildTarget(ctx, types)
	}
	return err
}

// buildTarget builds a schema. The error names everything that Postgres refuses of it.
func (y *Syncer) buildTarget(ctx context.Context, types *schema.Schema) (*ddl.Target, error) {
	target, err := y.builder.BuildPart(ctx, types)
	if err != nil {
		return nil, err
	}
	return target, target.Refusal()
}

// matches reports whether a database without unsaved changes has all of a schema already. This is so after most starts, and then no copy of
// the database is needed.
func (y *Syncer) matches(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (bool, error) {
	target, err := y.target(ctx, db, types)
	if err != nil || target == nil {
		return false, err
	}
	migrations, err := y.hashMigrations()
	if err != nil {
		return false, err
	}
	tables, err := catalog.Read(ctx, db, y.catalogOptions())
	if err != nil {
		return false, err
	}
	y.seen = seen{db, migrations, tables}
	return !target.Differs(tables), nil
}

// seen is what migrations have built in a database that has no unsaved changes.
type seen struct {
	db         *pgxpool.Pool
	migrations string // their hash
	tables     *catalog.Catalog
}

// of returns what migrations have built in a database, or nil.
func (s seen) of(db *pgxpool.Pool, migrations string) *catalog.Catalog {
	if s.db != db || s.migrations != migrations {
		return nil
	}
	return s.tables
}

func (y *Syncer) catalogOptions() catalog.Options { return catalog.Options{Exclude: y.Exclude} }

// target builds a schema in an empty database, or returns nil if its SQL could use something that the migrations of db have made.
func (y *Syncer) target(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (*ddl.Target, error) {
	kept, err := ddl.ReadKept(ctx, db)
	if err != nil || kept.Beyond(types) {
		return nil, err
	}
	if err := y.clean(ctx); err != nil {
		return nil, err
	}
	if err := y.ensureBuilder(ctx, kept, types, nil); err != nil {
		return nil, err
	}
	return y.buildTarget(ctx, types)
}

// clean drops what a session has left that was killed.
func (y *Syncer) clean(ctx context.Context) error {
	if y.cleaned {
		return nil
	}
	if err := y.Server.DropLeftovers(ctx); err != nil {
		return err
	}
	y.cleaned = true
	return nil
}

// ensureBuilder makes a builder for a schema, unless the existing one can build it. of is the database to copy if that is necessary.
func (y *Syncer) ensureBuilder(ctx context.Context, kept ddl.Kept, types *schema.Schema, of *pgxpool.Pool) error {
	if y.builder != nil && y.builder.Moved(kept, types) {
		return nil
	}
	if err := y.closeBuilder(); err != nil {
		return err
	}
	made, drop, err := y.newBuilder(ctx, kept, types, of)
	if err == nil {
		y.builder, y.dropBuilder = made, drop
	}
	return err
}

func (y *Syncer) newBuilder(ctx context.Context, kept ddl.Kept, types *schema.Schema, of *pgxpool.Pool) (*scratch.Builder, func() error, error) {
	for _, existing := range []func(context.Context, ddl.Kept, *schema.Schema) (*scratch.Builder, func() error, error){y.adoptedBuilder, y.keptBuilder} {
		if made, drop, err := existing(ctx, kept, types); made != nil || err != nil {
			return made, drop, err
		}
	}
	if of == nil {
		return y.Server.EmptyBuilder(ctx, kept)
	}
	return y.Server.Builder(ctx, of, types)
}

// rebuild creates the scratch databases from the migrations and the unsaved changes, unless they are up to date and can build the schema.
func (y *Syncer) rebuild(ctx context.Context, db *pgxpool.Pool, unsaved []Change, types *schema.Schema) error {
	migrations, err := y.hashMigrations()
	if err != nil {
		return err
	}
	key := keyOf(migrations, unsaved)
	if key == y.key && y.builder.Fits(types) {
		return nil
	}
	y.key, y.reader = "", nil
	if err := errors.Join(dropped(&y.dropCurrent), y.clean(ctx)); err != nil {
		return err
	}
	current, drop, err := y.migrated(ctx, db, migrations, unsaved, types)
	if err != nil {
		return err
	}
	y.seen = seen{} // later changes are in the scratch databases
	y.current, y.dropCurrent = current, drop
	if err := y.readBase(ctx, types); err != nil {
		return err
	}
	for _, c := range unsaved {
		for _, sql := range c.Up {
			if _, err := y.current.Exec(ctx, sql); err != nil {
				return fmt.Errorf("apply the unsaved changes to a scratch database: %w", err)
			}
		}
	}
	y.key, y.migrations, y.applied = key, migrations, unsaved
	return nil
}

// readBase reads what the migrations have built, and makes a builder. Each of them reads a whole database, which takes long for a large one,
// so it does both at once. A database that is read cannot be copied.
func (y *Syncer) readBase(ctx context.Context, types *schema.Schema) error {
	kept, err := ddl.ReadKept(ctx, y.current)
	if err != nil {
		return err
	}
	if y.reader == nil {
		y.reader = catalog.NewReader(y.current, y.catalogOptions())
	}
	both, ctx := errgroup.WithContext(ctx)
	if kept.Beyond(types) {
		both.SetLimit(1)
	}
	both.Go(func() error { return y.ensureBuilder(ctx, kept, types, y.current) })
	both.Go(func() (err error) {
		y.base, err = y.reader.Read(ctx)
		return err
	})
	return both.Wait()
}

// hashMigrations returns a hash of the migrations.
func (y *Syncer) hashMigrations() (string, error) {
	h := sha256.New()
	names, err := fs.Glob(y.Migrations, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(y.Migrations, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d %s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// keyOf returns the key of a database with migrations and changes.
func keyOf(migrations string, unsaved []Change) string {
	return fmt.Sprintf("%s %x", migrations, sha256.Sum256(fmt.Appendf(nil, "%q", unsaved)))
}
