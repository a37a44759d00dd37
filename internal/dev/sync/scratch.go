package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// Close drops the scratch databases.
func (y *Syncer) Close(context.Context) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.key = ""
	return errors.Join(dropped(&y.dropCurrent), y.closeBuilder())
}

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

// Prepare creates the scratch databases, so that the next Sync is fast. types is the schema that the tables match.
func (y *Syncer) Prepare(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	unsaved, err := Read(ctx, db)
	if err != nil {
		return err
	}
	if err := y.rebuild(ctx, unsaved, types); err != nil {
		return err
	}
	_, err = y.buildTarget(ctx, types)
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
	kept, err := ddl.ReadKept(ctx, db)
	if err != nil || kept.Beyond(types) {
		return false, err
	}
	if err := y.clean(ctx); err != nil {
		return false, err
	}
	if err := y.ensureBuilder(ctx, kept, types, nil); err != nil {
		return false, err
	}
	target, err := y.buildTarget(ctx, types)
	if err != nil {
		return false, err
	}
	current, err := catalog.Read(ctx, db, catalog.Options{Exclude: y.Exclude})
	if err != nil {
		return false, err
	}
	return !target.Differs(current), nil
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
	var made *scratch.Builder
	var drop func() error
	var err error
	if of == nil {
		made, drop, err = y.Server.EmptyBuilder(ctx, kept)
	} else {
		made, drop, err = y.Server.Builder(ctx, of, types)
	}
	if err == nil {
		y.builder, y.dropBuilder = made, drop
	}
	return err
}

// rebuild creates the scratch databases from the migrations and the unsaved changes, unless they are up to date and can build the schema.
func (y *Syncer) rebuild(ctx context.Context, unsaved []Change, types *schema.Schema) error {
	key, err := y.keyOf(unsaved)
	if err != nil || (key == y.key && y.builder.Fits(types)) {
		return err
	}
	y.key = ""
	if err := errors.Join(dropped(&y.dropCurrent), y.clean(ctx)); err != nil {
		return err
	}
	current, drop, err := y.Build(ctx, y.Server)
	if err != nil {
		return err
	}
	y.current, y.dropCurrent = current, drop
	kept, err := ddl.ReadKept(ctx, current)
	if err != nil {
		return err
	}
	if err := y.ensureBuilder(ctx, kept, types, current); err != nil {
		return err
	}
	y.reader = catalog.NewReader(current, catalog.Options{Exclude: y.Exclude})
	if y.base, err = y.reader.Read(ctx); err != nil {
		return err
	}
	for _, c := range unsaved {
		for _, sql := range c.Up {
			if _, err := y.current.Exec(ctx, sql); err != nil {
				return fmt.Errorf("apply the unsaved changes to a scratch database: %w", err)
			}
		}
	}
	y.key = key
	return nil
}

// keyOf is a hash of the migrations and changes.
func (y *Syncer) keyOf(unsaved []Change) (string, error) {
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
	fmt.Fprintf(h, "%q", unsaved)
	return hex.EncodeToString(h.Sum(nil)), nil
}
