package ddl

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// Builder builds targets one after the other in the same scratch database, as NewTarget does. It changes only what differs between a schema
// and the one before. A Builder is not safe for concurrent use.
type Builder struct {
	db     *pgxpool.Pool
	reader *catalog.Reader
	built  *definition      // what the database contains; nil if that is unknown
	schema *schema.Schema   // of built; nil if that is only a part of one
	last   *catalog.Catalog // of built
	enums  []catalog.Enum   // all of the database, also those that are not in built
	more   bool             // an enum has values that its schema does not have, see replaceEnums
}

// NewBuilder returns a builder for a database that nothing else changes.
func NewBuilder(scratch *pgxpool.Pool) *Builder {
	return &Builder{db: scratch, reader: catalog.NewReader(scratch, catalog.Options{})}
}

// ResumeBuilder returns a builder for a database in which another one has built a schema last. The SQL of the schema must still be the same.
// reader reads the whole database.
func ResumeBuilder(ctx context.Context, scratch *pgxpool.Pool, reader *catalog.Reader, s *schema.Schema) (*Builder, error) {
	d, err := define(s)
	if err != nil {
		return nil, err
	}
	b := &Builder{db: scratch, reader: reader}
	return b, b.read(ctx, s, d)
}

// Database is the scratch database.
func (b *Builder) Database() *pgxpool.Pool { return b.db }

// ReaderOf returns a reader for a copy of the scratch database, which has read it as far as the builder has.
func (b *Builder) ReaderOf(copied *pgxpool.Pool, o catalog.Options) *catalog.Reader {
	return b.reader.ForCopy(copied, o)
}

// Built returns the schema that the database contains, or nil. A part of a schema, which BuildPart can build, is not the schema.
func (b *Builder) Built() *schema.Schema {
	if b.built == nil {
		return nil
	}
	return b.schema
}

// Is reports whether a database has exactly what the builder's database contains, so that a copy of that one has the same structure.
func (b *Builder) Is(other *catalog.Catalog) bool {
	if b.built == nil || b.more || len(b.enums) != len(b.last.Enums) {
		return false
	}
	return len(catalog.Compare(b.last.ColumnsByName(), other.ColumnsByName())) == 0
}

// Build builds a schema.
func (b *Builder) Build(ctx context.Context, s *schema.Schema) (*Target, error) {
	d, err := define(s)
	if err != nil {
		return nil, err
	}
	statements, err := b.changes(ctx, s, d)
	if err != nil {
		return nil, err
	}
	return b.build(ctx, s, d, statements)
}

// BuildPart builds what Postgres accepts of a schema. The target and its plans leave out the rest. A part without SQL (see Mistakes) is an
// error, as any other mistake that Krowoc itself finds in a schema.
func (b *Builder) BuildPart(ctx context.Context, s *schema.Schema) (*Target, error) {
	t, err := b.Build(ctx, s)
	if refused := new(Refused); errors.As(err, &refused) {
		t, err = b.buildRest(ctx, s, err)
	}
	if err != nil {
		return nil, err
	}
	t.partial = true
	return t, nil
}

// changes returns the statements that build a definition.
func (b *Builder) changes(ctx context.Context, s *schema.Schema, d *definition) ([]string, error) {
	if b.built != nil && !b.changesEnum(d) {
		return reshape(b.built, d, b.last), nil
	}
	return b.clear(ctx, s, d)
}

// build executes the statements that build a definition of a schema, and reads the result.
func (b *Builder) build(ctx context.Context, s *schema.Schema, d *definition, statements []string) (*Target, error) {
	for _, name := range d.extensions {
		if err := b.createExtension(ctx, name); err != nil {
			return nil, pg.Fault("create the extension "+name, err)
		}
	}
	if len(statements) > chunk {
		b.built = nil // until all of them have run
	}
	const op = "create the tables of the schema"
	sql, err := execAll(ctx, b.db, statements)
	switch {
	case isRefusal(err):
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Message: pg.Fault("", err).Error() + "\n" + sql, Hint: sqlHint, Err: &Refused{sql, err}}
	case err != nil:
		b.built = nil // the connection failed, perhaps after the transaction had ended
		return nil, pg.Fault(op, err)
	}
	if err := b.read(ctx, s, d); err != nil {
		return nil, err
	}
	return &Target{schema: s, catalog: b.last, written: d.written}, nil
}

// read reads the database, which contains a schema.
func (b *Builder) read(ctx context.Context, s *schema.Schema, d *definition) error {
	b.built = nil
	c, err := b.reader.Read(ctx)
	if err != nil {
		return err
	}
	b.enums = slices.Clone(c.Enums)
	c.Enums = slices.DeleteFunc(c.Enums, func(e catalog.Enum) bool { return !declared(s, e) && !used(c, e) })
	d.order(c)
	b.more = false
	for _, e := range s.Enums {
		if has := enumOf(c, public, e.DBName); has != nil && !slices.Equal(has.Values, e.Labels()) {
			has.Values, b.more = e.Labels(), true
		}
	}
	b.built, b.schema, b.last = d, s, c
	return nil
}

func (b *Builder) createExtension(ctx context.Context, name string) error {
	sql := "CREATE EXTENSION IF NOT EXISTS " + name
	_, err := b.db.Exec(ctx, sql)
	if isRefusal(err) {
		err = &Refused{sql, err}
	}
	return err
}

// changesEnum reports whether the database has an enum of a definition with other values, or one that the builder did not create. Functions
// and domains may depend on it.
func (b *Builder) changesEnum(now *definition) bool {
	return slices.ContainsFunc(now.enums, func(e part) bool {
		inDatabase := slices.ContainsFunc(b.enums, func(c catalog.Enum) bool { return c.Schema == public && c.Name == e.name })
		return inDatabase && !slices.Contains(b.built.enums, e)
	})
}

// clear drops what is in the database, and returns the statements that build a definition.
func (b *Builder) clear(ctx context.Context, s *schema.Schema, d *definition) ([]string, error) {
	kept, err := keepEnums(ctx, b.db, s)
	if err != nil {
		return nil, err
	}
	if err := clearTables(ctx, b.db, s); err != nil {
		return nil, err
	}
	if err := replaceEnums(ctx, b.db, s, kept); err != nil {
		return nil, err
	}
	for _, e := range d.enums { // a value cannot be used in the transaction that adds it
		for _, sql := range kept[e.name] {
			if _, err := b.db.Exec(ctx, sql); err != nil && !isRefusal(err) { // the plan reports it
				return nil, pg.Fault("change the enum "+e.name+" of the scratch database", err)
			}
		}
	}
	return append([]string{strings.Replace(CreateUUIDFunction, "CREATE", "CREATE OR REPLACE", 1)}, d.statements(kept)...), nil
}
