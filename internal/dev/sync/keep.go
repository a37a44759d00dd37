package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Creating the tables of a large schema takes many seconds, so a session avoids it: it copies databases where it can, and leaves its scratch
// databases to the next session.

// The names under which Close keeps the scratch databases.
const (
	keptCurrent = "migrations"
	keptTarget  = "schema"
)

// Close keeps the scratch databases for the next session if it knows what they contain, and otherwise drops them. If ctx ends first, the next
// session drops them.
func (y *Syncer) Close(ctx context.Context) (err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	var rest []*pgxpool.Pool
	for _, db := range []*pgxpool.Pool{y.adopted.current, y.adopted.target} {
		if db != nil {
			rest = append(rest, db)
		}
	}
	if y.dropCurrent != nil && y.keepCurrent(ctx) != nil {
		rest = append(rest, y.current)
	}
	if y.dropBuilder != nil && y.keepBuilder(ctx) != nil {
		rest = append(rest, y.builder.Database())
	}
	y.adopted, y.dropCurrent, y.builder, y.dropBuilder, y.key = adopted{}, nil, nil, nil, ""
	for _, db := range rest {
		err = errors.Join(err, y.Server.Drop(ctx, db))
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// errUnknown means that it is not known what a scratch database contains.
var errUnknown = errors.New("the content is unknown")

// keepCurrent keeps the result of the migrations. It first undoes the unsaved changes, which the next session may not have.
func (y *Syncer) keepCurrent(ctx context.Context) error {
	if err := y.unchanged(); err != nil {
		return err
	}
	note, err := y.buildDigest()
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(y.applied) {
		if err := execEach(ctx, y.current, c.Down); err != nil {
			return err
		}
	}
	now, err := y.reader.Read(ctx)
	if err != nil {
		return err
	}
	if len(catalog.Compare(y.base.ColumnsByName(), now.ColumnsByName())) > 0 {
		return errUnknown // a value that was added to an enum stays
	}
	return y.Server.Keep(ctx, y.current, keptCurrent, note)
}

// unchanged returns an error unless the migrations are still those from which the scratch databases were built.
func (y *Syncer) unchanged() error {
	if y.key == "" {
		return errUnknown
	}
	migrations, err := y.hashMigrations()
	if err == nil && migrations != y.migrations {
		err = errUnknown
	}
	return err
}

// migrated returns a database with what the migrations build, as Build does. It creates one only if it can neither take an existing one nor
// copy the tables of the schema, because these are the same.
func (y *Syncer) migrated(ctx context.Context, db *pgxpool.Pool, migrations string, unsaved []Change, types *schema.Schema) (*pgxpool.Pool, func() error, error) {
	for _, existing := range []func(context.Context) (*pgxpool.Pool, func() error, error){y.adoptedCurrent, y.keptMigrated} {
		if found, drop, err := existing(ctx); found != nil || err != nil {
			return found, drop, err
		}
	}
	if len(unsaved) == 0 {
		same, err := y.isBuilt(ctx, db, migrations, types)
		if err != nil {
			return nil, nil, err
		}
		if same {
			copied, drop, err := y.Server.Copy(ctx, y.builder.Database())
			if err == nil {
				y.reader = y.builder.ReaderOf(copied, y.catalogOptions())
			}
			return copied, drop, err
		}
	}
	return y.Build(ctx, y.Server)
}

// keptMigrated returns the result of the migrations that an earlier session has kept, or nil.
func (y *Syncer) keptMigrated(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	if y.WriteBuild == nil {
		return nil, nil, nil
	}
	digest, err := y.buildDigest()
	if err != nil {
		return nil, nil, err
	}
	found, note, drop, err := y.Server.Kept(ctx, keptCurrent)
	if found == nil || err != nil || note == digest {
		return found, drop, err
	}
	return nil, nil, drop()
}

// isBuilt reports whether a database that migrations have built has exactly what the builder has built last, or what the schema describes if
// it has built nothing.
func (y *Syncer) isBuilt(ctx context.Context, db *pgxpool.Pool, migrations string, types *schema.Schema) (bool, error) {
	if y.builder == nil {
		if target, err := y.target(ctx, db, types); err != nil || target == nil {
			return false, err
		}
	}
	if tables := y.seen.of(db, migrations); tables != nil {
		return y.builder.Is(tables), nil
	}
	tables, err := catalog.Read(ctx, db, y.catalogOptions())
	return err == nil && y.builder.Is(tables), err
}

// buildDigest is a hash of what the result of Build depends on. It fails if nothing is to be kept.
func (y *Syncer) buildDigest() (string, error) {
	if y.WriteBuild == nil {
		return "", errUnknown
	}
	h := sha256.New()
	err := y.WriteBuild(h)
	return hex.EncodeToString(h.Sum(nil)), err
}

// targetNote describes the database of a builder.
type targetNote struct {
	Schema string // the schema that it contains
	Digest string // of the SQL of the schema, and of the migrations if the database is a copy of what they build
}

// keepBuilder keeps the database of the builder.
func (y *Syncer) keepBuilder(ctx context.Context) error {
	if y.WriteBuild == nil || y.builder.Built() == nil {
		return errUnknown
	}
	if y.builder.Copied() {
		if err := y.unchanged(); err != nil {
			return err
		}
	}
	types, text := y.builder.Built(), &strings.Builder{}
	if err := sdl.Print(text, types); err != nil {
		return err
	}
	digest, err := y.targetDigest(types, y.builder.Copied())
	if err != nil {
		return err
	}
	note, err := json.Marshal(targetNote{text.String(), digest})
	if err != nil {
		return err
	}
	return y.Server.Keep(ctx, y.builder.Database(), keptTarget, string(note))
}

// keptBuilder returns the builder of an earlier session, or nil.
func (y *Syncer) keptBuilder(ctx context.Context, kept ddl.Kept, types *schema.Schema) (*scratch.Builder, func() error, error) {
	if y.WriteBuild == nil {
		return nil, nil, nil
	}
	db, text, drop, err := y.Server.Kept(ctx, keptTarget)
	if db == nil || err != nil {
		return nil, nil, err
	}
	copied := kept.Beyond(types)
	built := y.readNote(text, copied)
	if built == nil {
		return nil, nil, drop()
	}
	b, err := scratch.ResumedBuilder(ctx, db, kept, copied, built)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return b, drop, nil
}

// readNote returns the schema that a builder's database contains, or nil if this version of Krowoc would build it in another way.
func (y *Syncer) readNote(text string, copied bool) *schema.Schema {
	var note targetNote
	if err := json.Unmarshal([]byte(text), &note); err != nil {
		return nil
	}
	types, mistakes := sdl.Parse(sdl.Source{Name: "the last schema", Text: note.Schema})
	if mistakes.Errors() > 0 {
		return nil
	}
	if digest, err := y.targetDigest(types, copied); err != nil || digest != note.Digest {
		return nil
	}
	return types
}

// targetDigest is a hash of the SQL of a schema, and of the migrations if it is built in a copy of what they build.
func (y *Syncer) targetDigest(types *schema.Schema, copied bool) (string, error) {
	statements, err := ddl.Create(types)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %t\n", statements, ddl.Extensions(types), copied)
	if copied {
		var migrations string
		migrations, err = y.buildDigest()
		_, _ = io.WriteString(h, migrations)
	}
	return hex.EncodeToString(h.Sum(nil)), err
}
