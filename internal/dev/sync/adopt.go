package sync

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
)

// adopted are copies of a development database, made when the migrations had just built it.
type adopted struct {
	current, target         *pgxpool.Pool // nil if they are in use, or do not exist yet
	dropCurrent, dropTarget func() error

	types    *schema.Schema  // whose tables they have exactly; nil if they have more
	original *catalog.Reader // of the development database
}

// exact is the note of a Memory that the migrations build no more than the schema.
const exact = "exact"

// notes returns what a Memory gets when Sync has found nothing to do in a database that the migrations have made.
func (y *Syncer) notes() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.builder != nil && y.seen.tables != nil && y.builder.Is(y.seen.tables) {
		return []string{exact}
	}
	return nil
}

// adopt copies a database that the migrations have just made, so that Prepare need not run them again, unless somebody else is connected to
// it. isExact is whether it has exactly the tables of a schema. A failure has no effect: Prepare then runs the migrations.
func (y *Syncer) adopt(ctx context.Context, db *pgxpool.Pool, types *schema.Schema, isExact bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.key != "" || y.adopted.current != nil || y.clean(ctx) != nil {
		return
	}
	copied, drop, err := y.Server.CopyIdle(ctx, db)
	if err != nil || copied == nil {
		return
	}
	y.adopted = adopted{current: copied, dropCurrent: drop, original: catalog.NewReader(db, catalog.Options{})}
	if isExact {
		y.adopted.types = types
	}
}

// adoptedCurrent returns the adopted database, or nil if there is none or the migrations have changed since.
func (y *Syncer) adoptedCurrent(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	a := &y.adopted
	current, drop := a.current, a.dropCurrent
	if current == nil {
		return nil, nil, nil
	}
	a.current = nil
	migrated, err := y.Migrated(ctx, current)
	if err == nil && migrated && a.types != nil && y.builder == nil {
		err = a.copyTarget(ctx, y.Server, current)
		y.reader = a.original.ForCopy(current, y.catalogOptions())
	}
	if err != nil || !migrated {
		return nil, nil, errors.Join(err, drop())
	}
	return current, drop, nil
}

// copyTarget copies the adopted database for a builder. Reading a large database takes as long as copying it, and a database that is read
// cannot be copied: it reads the original at the same time.
func (a *adopted) copyTarget(ctx context.Context, server *scratch.Server, current *pgxpool.Pool) (err error) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = a.original.Read(ctx) // after a failure, the copies are read
	}()
	a.target, a.dropTarget, err = server.Copy(ctx, current)
	<-read
	return err
}

// adoptedBuilder returns a builder in an adopted copy, or nil if there is none that can build a schema.
func (y *Syncer) adoptedBuilder(ctx context.Context, kept ddl.Kept, types *schema.Schema) (*scratch.Builder, func() error, error) {
	a := &y.adopted
	db, drop := a.target, a.dropTarget
	if db == nil {
		return nil, nil, nil
	}
	a.target = nil
	if kept.Beyond(types) {
		return nil, nil, drop()
	}
	b, err := scratch.CopiedBuilder(ctx, db, a.original.ForCopy(db, catalog.Options{}), kept, a.types, y.Exclude)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return b, drop, nil
}
