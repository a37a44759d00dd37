package dev

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"

	"github.com/jackc/pgx/v5/pgxpool"
)

// settled is the memory of an earlier session: the migrations build exactly the schema.
type settled struct{}

func (settled) Recall() ([]string, bool) { return []string{"exact"}, true }
func (settled) Remember([]string)        {}

// projectWithoutModels is a project that has migrations and a schema.
type projectWithoutModels struct{ migrationsOnly }

func (projectWithoutModels) Generate(*schema.Schema) ([]string, error) { return nil, nil }

// newSession returns a session whose migrations seem to take a second, and a count of how often they were run on a scratch database.
func newSession(t *testing.T, files fstest.MapFS) (s *session, built *int) {
	t.Helper()
	db, built := testkit.NewDatabase(t), new(int)
	url, err := clone.WithDatabase(db.Config().ConnString(), "postgres")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	project := projectWithoutModels{migrationsOnly{files: files}}
	return &session{
		Options:  Options{Project: project, Migrations: t.TempDir(), StateDir: t.TempDir(), Watch: true},
		reporter: &reporter{sink: func(Event) {}, now: func() time.Time { now = now.Add(time.Second); return now }},
		pool:     db,
		syncer: sync.New(sync.Options{
			Server: scratch.Existing(scratch.Options{URL: url}), Migrations: files, Exclude: []string{"goose_db_version"},
			Build: func(ctx context.Context, s *scratch.Server) (*pgxpool.Pool, func() error, error) {
				*built++
				return s.Database(ctx)
			},
			Migrated: func(ctx context.Context, db *pgxpool.Pool) (bool, error) {
				m, err := project.Migrator(db, nil)
				if err != nil {
					return false, err
				}
				pending, err := m.CheckUp(ctx)
				return pending == 0, err
			},
			Settled: func(context.Context, *schema.Schema) (sync.Memory, error) { return settled{}, nil },
		}),
	}, built
}

// During the start, a session prepares for the first save: that one waits neither for the migrations to run again nor for a new database. Not
// parallel: syncers drop the scratch databases that others have left on the server.
func TestStartPreparesFirstSave(t *testing.T) {
	files := fstest.MapFS{"1_books.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE books (id int PRIMARY KEY);\n-- +goose Down\nDROP TABLE books;\n")}}
	s, built := newSession(t, files)
	databases := func() string {
		return testkit.Value(t, s.pool, `SELECT coalesce(string_agg(oid::text, ' ' ORDER BY oid), '') FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`)
	}
	types := func(fields string) *schema.Schema {
		types, _ := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: "type Book @table @auth(rules: []) { id: Int! " + fields + "}"})
		return types
	}
	if err := s.migrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.syncTables(t.Context(), types("")); err != nil {
		t.Fatal(err)
	}
	s.background.Wait()
	s.schema = types("")
	prepared := databases()
	if err := s.syncTables(t.Context(), types("title: String")); err != nil {
		t.Fatal(err)
	}
	if title := testkit.Value(t, s.pool, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'books'::regclass AND attname = 'title'"); title != "1" {
		t.Error("the save has not added the column")
	}
	if after := databases(); len(prepared) == 0 || after != prepared || *built > 0 {
		t.Errorf("the start has left databases %q and the first save %q; the migrations ran %d times more", prepared, after, *built)
	}
	if err := s.syncer.Close(t.Context()); err != nil || databases() != "" {
		t.Errorf("databases %q are left: %v", databases(), err)
	}
}

// Only a database that all of the migrations have just made is copied: others can be large.
func TestOnlyNewDatabaseIsCopied(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	s, _ := newSession(t, files)
	var got []bool
	for _, name := range []string{"1_a", "2_b", ""} {
		if name != "" {
			files[name+".sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE t" + name + " (n int);\n-- +goose Down\nDROP TABLE t" + name + ";\n")}
		}
		if err := s.migrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		got = append(got, s.mayCopy())
	}
	if want := []bool{true, false, false}; !slices.Equal(got, want) {
		t.Errorf("it is copied after the first, another and no migration: %v", got)
	}
}
