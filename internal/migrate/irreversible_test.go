package migrate_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// A file without a down section is rolled back only by choice: its record goes, and what it made stays.
func TestIrreversibleByChoice(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\n-- +goose Down\n", "3_tags.sql", tagsSQL)
	p.up()
	if _, err := p.migrator().DownTo(t.Context(), 0); fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.HintOf(err), "--irreversible") || p.versions() != "1 2 3" {
		t.Fatalf("%v; %s; %s", err, fault.HintOf(err), p.versions())
	}
	chosen := func(o *migrate.Options) { o.Irreversible = true }
	results, err := p.migrator(chosen).DownTo(t.Context(), 0)
	if err != nil || files(results) != "down 3_tags.sql, down 2_votes.sql, down 1_users.sql" || !results[1].Empty || p.catalog() != "relation votes" || p.versions() != "" {
		t.Errorf("%v, %v; %s; %s", results, err, p.catalog(), p.versions())
	}
}

func TestRedoOfIrreversible(t *testing.T) {
	p := newProject(t, "1_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\n-- +goose Down\n")
	p.up()
	if _, err := p.migrator(func(o *migrate.Options) { o.Irreversible = true }).Redo(t.Context()); fault.CodeOf(err) != fault.Conflict || p.versions() != "1" {
		t.Errorf("%v; %s", err, p.versions())
	}
}

func TestSquashOfIrreversible(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\n-- +goose Down\n")
	if _, err := migrate.NewSquash(p.files, "migrations", 2, "baseline", true, false); fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.HintOf(err), "--irreversible") {
		t.Error(err)
	}
	squash, err := migrate.NewSquash(p.files, "migrations", 2, "baseline", true, true)
	if err != nil || strings.Join(squash.Irreversible, " ") != "2_votes.sql" || !strings.Contains(squash.Text, "-- +goose Down\n-- Irreversible: no down section in 2_votes.sql.\n") ||
		strings.Contains(squash.Text, "DROP") {
		t.Errorf("%+v, %v", squash, err)
	}
}
