package migrate_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

// asBefore gives a database the layout of releases before the schema krowoc, with the progress that it has.
func (p *project) asBefore(schema string) {
	p.t.Helper()
	testkit.Exec(p.t, p.db, `CREATE TABLE `+schema+`.krowoc_migration_progress (
		version_id bigint PRIMARY KEY, direction text NOT NULL, finished integer NOT NULL, begun integer NOT NULL, sum text NOT NULL,
		message text NOT NULL DEFAULT '', tstamp timestamptz NOT NULL DEFAULT now());
		INSERT INTO `+schema+`.krowoc_migration_progress SELECT version_id, direction, finished, begun, sum, message, tstamp FROM krowoc.migration_progress;
		DROP SCHEMA krowoc CASCADE`)
}

// A file that an earlier release left half applied is shown as such before anything moves, and goes on where it was interrupted.
func TestProgressOfEarlierReleases(t *testing.T) {
	for _, table := range []string{"goose_db_version", "ops.versions"} {
		t.Run(table, func(t *testing.T) {
			p := newProject(t, "1_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a ();\nSELECT 1 / (SELECT count(*) FROM b);\n")
			testkit.Exec(t, p.db, "CREATE SCHEMA ops; CREATE TABLE b (x int)")
			m := p.migrator(func(o *migrate.Options) { o.Table = table })
			if _, err := m.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "division by zero") {
				t.Fatal(err)
			}
			schema, _, qualified := strings.Cut(table, ".")
			if !qualified {
				schema = "public"
			}
			p.asBefore(schema)
			status, err := m.Status(t.Context())
			if err != nil || status[0].State != migrate.Half {
				t.Errorf("before: %+v, %v", status, err)
			}
			testkit.Exec(t, p.db, "INSERT INTO b VALUES (1)")
			if _, err := m.Up(t.Context()); err != nil {
				t.Fatal(err) // of TABLE a, which exists, were it applied from the start
			}
			if got := p.catalog(); got != "relation a, relation b" {
				t.Error(got)
			}
		})
	}
}

// Rolling everything back leaves the schema krowoc, as it leaves the table of versions.
func TestDownToZeroKeepsOwnSchema(t *testing.T) {
	p := threeFiles(t)
	p.up()
	if _, err := p.migrator().To(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if version, err := own.Check(t.Context(), p.db); version != own.Latest() || err != nil || p.versions() != "" {
		t.Errorf("%d, %v, versions %s", version, err, p.versions())
	}
}

// Without files to apply, up still brings the schema up to date; a dry run does not.
func TestUpWithoutFiles(t *testing.T) {
	p := newProject(t)
	if _, err := p.migrator(func(o *migrate.Options) { o.DryRun = true }).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if version, err := own.Version(t.Context(), p.db); version != 0 || err != nil {
		t.Errorf("after a dry run: %d, %v", version, err)
	}
	p.up()
	if version, err := own.Check(t.Context(), p.db); version != own.Latest() || err != nil {
		t.Errorf("after up: %d, %v", version, err)
	}
}

// A foreign schema named krowoc stops a run before its first file, and the run releases the lock.
func TestOwnSchemaOfOthers(t *testing.T) {
	p := threeFiles(t)
	testkit.Exec(t, p.db, "CREATE SCHEMA krowoc; CREATE TABLE krowoc.plants ()")
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "plants") {
		t.Error(err)
	}
	if p.catalog() != "" || p.lockHolders() != "0" {
		t.Errorf("%s; %s locks", p.catalog(), p.lockHolders())
	}
}
