package dev

import (
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrationsOnly is a project that has migrations and nothing else.
type migrationsOnly struct {
	Project
	files fstest.MapFS
}

func (p migrationsOnly) Migrator(pool *pgxpool.Pool, report func(migrate.Event)) (*migrate.Migrator, error) {
	return migrate.New(migrate.Options{DB: pool, FS: p.files, Report: report, Logger: slog.New(slog.DiscardHandler)})
}

// Migrations that are refused leave the unsaved changes in the tables: nothing would make them again.
func TestRefusedMigrationsUndoNothing(t *testing.T) {
	t.Parallel()
	books := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE books (id int);\n-- +goose Down\nDROP TABLE books;\n")}
	files := fstest.MapFS{"1_books.sql": books}
	s := &session{Options: Options{Project: migrationsOnly{files: files}, Migrations: t.TempDir()}, pool: testkit.NewDatabase(t), syncer: &sync.Syncer{},
		reporter: &reporter{sink: func(Event) {}, now: time.Now}}
	if err := s.migrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	add := sync.Change{Up: []string{"ALTER TABLE books ADD title text"}, Down: []string{"ALTER TABLE books DROP title"}}
	if err := sync.Apply(t.Context(), s.pool, []sync.Change{add}); err != nil {
		t.Fatal(err)
	}
	hasTitle := func() string {
		return testkit.Value(t, s.pool, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'books'::regclass AND attname = 'title'")
	}
	files["2_pages.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE pages (id int);\n")}
	files["1_books.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE books (id bigint);\n-- +goose Down\nDROP TABLE books;\n")}
	if err := s.migrateUp(t.Context()); err == nil || hasTitle() != "1" {
		t.Errorf("a changed file: %v; %s", err, hasTitle())
	}
	delete(files, "1_books.sql")
	files["1_authors.sql"] = files["2_pages.sql"]
	if err := s.migrateUp(t.Context()); err == nil || hasTitle() != "1" {
		t.Errorf("a file of another branch: %v; %s", err, hasTitle())
	}
	delete(files, "1_authors.sql")
	files["1_books.sql"] = books
	if err := s.migrateUp(t.Context()); err != nil || hasTitle() != "0" {
		t.Errorf("a new file: %v; %s", err, hasTitle())
	}
}
