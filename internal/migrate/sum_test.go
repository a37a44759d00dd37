package migrate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

func listOf(err error) diag.List {
	var list diag.List
	errors.As(err, &list)
	return list
}

// hash records the checksums of the folder, as `krowoc migrate hash` does.
func (p *project) hash() {
	p.t.Helper()
	sums, err := migrate.Hash(p.files, "migrations")
	if err != nil {
		p.t.Fatal(err)
	}
	p.record(sums)
}

func (p *project) record(sums migrate.Sums) {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := sums.Write(dir); err != nil {
		p.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, migrate.SumFile))
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(migrate.SumFile, string(text))
}

func TestChangedMigrationsAreRefused(t *testing.T) {
	p := threeFiles(t)
	p.hash()
	p.up()
	p.write("00001_users.sql", "-- A comment.\n"+strings.ReplaceAll(usersSQL, " users", "\n\tusers  -- the people\n"))
	p.write("00004_x.sql", "-- +goose Up\nCREATE TABLE x ();\n")
	_, err := p.migrator().Up(t.Context())
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "new or changed since the checksums were recorded: 00004_x.sql") {
		t.Errorf("a new file: %v", err)
	}
	p.hash()
	p.write("00002_votes.sql", strings.Replace(votesSQL, "id int", "id bigint", 1))
	_, err = p.migrator().Up(t.Context())
	if list := listOf(err); len(list) != 1 || !strings.HasPrefix(list[0].String(), "migrations/00002_votes.sql: error: its SQL has changed since it was applied") {
		t.Errorf("a changed file: %v %v", err, list)
	}
	if status, err := p.migrator().Status(t.Context()); err != nil || fmt.Sprint([]migrate.State{status[0].State, status[1].State, status[3].State}) != "[applied changed pending]" {
		t.Errorf("%v, %v", status, err)
	}
	if p.versions() != "1 2 3" {
		t.Errorf("versions %s", p.versions())
	}
	if _, err := p.migrator().Down(t.Context(), 1); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("rolling back: %v", err)
	}
	p.hash() // describes the folder, and accepts nothing for a database that knows what it has applied
	if _, err := p.migrator().Up(t.Context()); len(listOf(err)) != 1 {
		t.Errorf("a changed file with its checksum: %v", err)
	}
	testkit.Exec(t, p.db, "TRUNCATE krowoc.migrations")
	p.up()
	p.write("00002_votes.sql", votesSQL)
	if _, err := p.migrator().Up(t.Context()); len(listOf(err)) != 1 {
		t.Errorf("a changed file in a database that knows nothing of it: %v", err)
	}
}

// In development what is applied is recorded, so that nobody has to think of it.
func TestSumsAreRecorded(t *testing.T) {
	p := threeFiles(t)
	recording := func(o *migrate.Options) {
		o.RecordSums = func(s migrate.Sums) error { p.record(s); return nil }
	}
	if _, err := p.migrator(recording).Up(t.Context()); err != nil || p.files[migrate.SumFile] != nil {
		t.Fatalf("a folder without checksums: %v, %v", err, p.files[migrate.SumFile])
	}
	p.write(migrate.SumFile, "")
	p.write("00003_tags.sql", strings.Replace(tagsSQL, "id int", "id bigint", 1))
	if _, err := p.migrator(recording).Redo(t.Context()); err != nil {
		t.Fatal(err)
	}
	sums, err := migrate.ReadSums(p.files)
	if err != nil || len(sums) != 1 || sums["00003_tags.sql"] == "" {
		t.Errorf("%v, %v", sums, err)
	}
	for _, text := range []string{"x", "a h1:x\na h1:x\n", "<<<<<<< ours\n"} {
		if _, err := migrate.ReadSums(fstest.MapFS{migrate.SumFile: {Data: []byte(text)}}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
