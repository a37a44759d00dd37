package migrate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

func TestCreate(t *testing.T) {
	now := time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", 3600))
	for name, tc := range map[string]struct {
		existing string
		name     string
		style    migrate.Style
		want     string
	}{
		"first":                {"", "Create Users!", migrate.Auto, "00001_create_users.sql"},
		"next":                 {"00009_x.sql", "addVotes", migrate.Auto, "00010_add_votes.sql"},
		"width of the folder":  {"099_x.sql", "y", migrate.Auto, "100_y.sql"},
		"first by time":        {"", "y", migrate.Timestamp, "20260301223000_y.sql"},
		"next by time":         {"20250101000000_x.sql", "y", migrate.Auto, "20260301223000_y.sql"},
		"time after a later":   {"20270101000000_x.sql", "y", migrate.Auto, "20270101000001_y.sql"},
		"after a full minute":  {"20270101000059_x.sql", "y", migrate.Auto, "20270101000100_y.sql"},
		"after no such second": {"20250101000060_x.sql", "y", migrate.Auto, "20260301223000_y.sql"},
		"after a date":         {"20250101_x.sql", "y", migrate.Auto, "20260301223000_y.sql"},
		"after a Unix time":    {"1740000000_x.sql", "y", migrate.Auto, "20260301223000_y.sql"},
		"count with gaps":      {"0100_x.sql", "y", migrate.Auto, "0101_y.sql"},
		"number after a time":  {"20250101000000_x.sql", "y", migrate.Sequential, "20250101000001_y.sql"},
		"path in the name":     {"", "../../etc/passwd", migrate.Auto, "00001_etc_passwd.sql"},
		"name with the ending": {"", "add_votes.sql", migrate.Auto, "00001_add_votes.sql"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "migrations")
			if tc.existing != "" {
				writeFile(t, filepath.Join(dir, tc.existing), usersSQL)
			}
			path, err := migrate.Create(dir, tc.name, now, tc.style)
			if err != nil || path != filepath.Join(dir, tc.want) {
				t.Errorf("%s, %v, want %s", path, err, tc.want)
			}
		})
	}
}

// What other commands write is numbered as by create.
func TestDraftsAreNumberedAlike(t *testing.T) {
	now := time.Date(2026, 3, 1, 22, 30, 59, 0, time.UTC)
	drafts := []migrate.Draft{{Name: "a"}, {Name: "b"}}
	for existing, want := range map[string]string{
		"": "00001_a.sql 00002_b.sql", "007_x.sql": "008_a.sql 009_b.sql",
		"20250101_x.sql": "20260301223059_a.sql 20260301223100_b.sql", "20250101000000_x.sql": "20260301223059_a.sql 20260301223100_b.sql",
	} {
		dir := t.TempDir()
		if existing != "" {
			writeFile(t, filepath.Join(dir, existing), usersSQL)
		}
		numbered, err := migrate.Number(dir, drafts, now)
		if err != nil || numbered[0].FileName()+" "+numbered[1].FileName() != want {
			t.Errorf("after %s: %v, %v", existing, numbered, err)
		}
		paths, err := migrate.Write(dir, drafts, now)
		if err != nil || filepath.Base(paths[0])+" "+filepath.Base(paths[1]) != want {
			t.Errorf("after %s: %v, %v", existing, paths, err)
		}
	}
}

// A comment in the place of a rollback stays a comment, so that the file is irreversible.
func TestDraftWithoutRollback(t *testing.T) {
	text := migrate.Draft{Name: "a", Up: []string{"SELECT 1"}, Down: []string{"-- Irreversible: a view is in the way.\n--   DROP TYPE mood_old;"}}.Text()
	const want = "-- +goose Up\nSELECT 1;\n\n-- +goose Down\n-- Irreversible: a view is in the way.\n--   DROP TYPE mood_old;\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, style := range map[string]migrate.Style{"": migrate.Auto, "!?": migrate.Auto, strings.Repeat("x", 101): migrate.Auto, "ok": "alphabetical"} {
		if path, err := migrate.Create(dir, name, time.Now(), style); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %s, %v", name, path, err)
		}
	}
	file := filepath.Join(dir, "file")
	writeFile(t, file, "")
	if path, err := migrate.Create(filepath.Join(file, "migrations"), "x", time.Now(), migrate.Auto); err == nil {
		t.Errorf("below a file: %s", path)
	}
}

// What Create writes must run both ways as it is filled in.
func TestCreatedFileRuns(t *testing.T) {
	dir := t.TempDir()
	path, err := migrate.Create(dir, "add users", time.Now(), migrate.Auto)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	up, down, found := strings.Cut(string(text), "-- +goose Down")
	if !found {
		t.Fatalf("no down: %s", text)
	}
	filled := up + "CREATE TABLE users ();\n-- +goose Down" + down + "DROP TABLE users;\n"
	p := newProject(t, filepath.Base(path), filled)
	p.up()
	if results, err := p.migrator().Redo(t.Context()); err != nil || len(results) != 2 {
		t.Errorf("%v, %v", results, err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
