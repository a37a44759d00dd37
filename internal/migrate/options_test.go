package migrate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// While another session locks the table, the migration gives up its own locks, reports the blocker, and retries.
func TestLockIsTriedAgain(t *testing.T) {
	for name, text := range map[string]string{
		"option":    "-- +goose Up\nALTER TABLE users ADD name text;\n",
		"directive": "-- +krowoc lock_timeout 50ms\n-- +goose Up\nALTER TABLE users ADD name text;\n",
		"piecemeal": "-- +goose NO TRANSACTION\n-- +krowoc lock_timeout 50ms\n-- +goose Up\nALTER TABLE users ADD name text;\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "1_users.sql", usersSQL)
			p.up()
			p.seen()
			p.write("2_name.sql", text)
			other, err := p.db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Rollback(context.WithoutCancel(t.Context())) }()
			if _, err := other.Exec(t.Context(), "SELECT FROM users"); err != nil {
				t.Fatal(err)
			}
			m := p.migrator(func(o *migrate.Options) {
				if name == "option" {
					o.LockTimeout = 50 * time.Millisecond
				}
				o.Report = func(e migrate.Event) {
					p.report(e)
					if e.Kind == migrate.Retrying && e.Retries == 2 {
						if err := other.Rollback(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
			})
			results, err := m.Up(t.Context())
			if err != nil || len(results) != 1 || results[0].Retries < 2 {
				t.Fatalf("%+v, %v", results, err)
			}
			if seen := p.seen(); seen[0] != "started up 2_name.sql 1/1" || !strings.HasPrefix(seen[1], "retrying up 2_name.sql") {
				t.Errorf("%v", seen)
			}
		})
	}
}

func TestLockIsGivenUp(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	p.up()
	p.write("2_name.sql", "-- +goose Up\nALTER TABLE users ADD name text;\n")
	other, err := p.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := other.Exec(t.Context(), "SELECT FROM users"); err != nil {
		t.Fatal(err)
	}
	_, err = p.migrator(func(o *migrate.Options) { o.LockTimeout, o.LockRetries = 10*time.Millisecond, 1 }).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "line 2: canceling statement due to lock timeout") || fault.HintOf(err) != "no part of 2_name.sql was applied" {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	p.write("2_name.sql", "-- +krowoc statement_timeout 20ms\n-- +goose Up\nSELECT pg_sleep(60);\n")
	if _, err = p.migrator().Up(t.Context()); err == nil || !strings.Contains(err.Error(), "statement timeout") {
		t.Errorf("%v", err)
	}
}

func TestBlockersAreNamed(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	p.up()
	p.write("2_name.sql", "-- +goose Up\nALTER TABLE users ADD name text;\n")
	other, err := p.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := other.Exec(t.Context(), "SELECT FROM users"); err != nil {
		t.Fatal(err)
	}
	var blockers []migrate.Blocker
	m := p.migrator(func(o *migrate.Options) {
		o.Report = func(e migrate.Event) {
			if e.Kind == migrate.Blocked {
				blockers = e.Blockers
				if err := other.Rollback(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(blockers) != 1 || blockers[0].PID != int32(other.Conn().PgConn().PID()) || blockers[0].State != "idle in transaction" || blockers[0].QueryAge <= 0 {
		t.Errorf("%+v", blockers)
	}
}

func TestOutOfOrder(t *testing.T) {
	p := newProject(t, "2_votes.sql", votesSQL)
	p.up()
	p.write("1_users.sql", usersSQL)
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "1_users.sql") {
		t.Errorf("refused: %v", err)
	}
	p.write("1_users.sql", "-- +krowoc allow_out_of_order\n"+usersSQL)
	p.up()
	p.write("0001_first.sql", "x") // two files of version 1
	delete(p.files, "0001_first.sql")
	q := newProject(t, "2_votes.sql", votesSQL)
	q.up()
	q.write("1_users.sql", usersSQL)
	if _, err := q.migrator(func(o *migrate.Options) { o.AllowMissing = true }).Up(t.Context()); err != nil {
		t.Error(err)
	}
	if p.versions() != "2 1" || q.versions() != "2 1" {
		t.Errorf("%s; %s", p.versions(), q.versions())
	}
	p.write("3_tags.sql", "-- +krowoc lock_timeout soon\n"+tagsSQL)
	if _, err := p.migrator().Up(t.Context()); !strings.Contains(fmt.Sprint(listOf(err)), `3_tags.sql:1:1: error: the duration "soon" is invalid`) {
		t.Errorf("%v", listOf(err))
	}
}

func TestRollbackOnFailure(t *testing.T) {
	p := threeFiles(t)
	p.write("00003_tags.sql", "-- +goose Up\nSELECT nope;\n")
	results, err := p.migrator(func(o *migrate.Options) { o.RollbackOnFailure = true }).Up(t.Context())
	if fault.CodeOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "apply migration 00003_tags.sql: line 2") {
		t.Errorf("%v", err)
	}
	if want := "up 00001_users.sql, up 00002_votes.sql, down 00002_votes.sql, down 00001_users.sql"; files(results) != want {
		t.Errorf("%s", files(results))
	}
	if p.catalog() != "" || p.versions() != "" {
		t.Errorf("left: %s; %s", p.catalog(), p.versions())
	}
	p.write("00002_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\n")
	results, err = p.migrator(func(o *migrate.Options) { o.RollbackOnFailure = true }).Up(t.Context())
	if len(results) != 0 || fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "irreversible") || p.catalog() != "" {
		t.Errorf("something that cannot be undone was begun: %v, %v, %s", results, err, p.catalog())
	}
}

func TestHooks(t *testing.T) {
	p := threeFiles(t)
	m := p.migrator(func(o *migrate.Options) {
		o.Before = []string{"CREATE TABLE log AS SELECT 'before' AS said, to_regclass('users') AS users"}
		o.After = []string{"INSERT INTO log SELECT 'after', to_regclass('users')", "ANALYZE log"}
	})
	for range 2 { // the second time there is nothing to do, and nothing is
		if _, err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.query("SELECT string_agg(said || ' ' || coalesce(users::text, '-'), ', ') FROM log"); got != "before -, after users" {
		t.Error(got)
	}
	p.write("00004_x.sql", "-- +goose Up\n")
	_, err := p.migrator(func(o *migrate.Options) { o.Before = []string{"GRANT SELECT ON nope TO PUBLIC"} }).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "hook before the migrations") || p.versions() != "1 2 3" {
		t.Errorf("%v; %s", err, p.versions())
	}
}

func TestDryRun(t *testing.T) {
	p := threeFiles(t)
	p.write("00004_i.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON users (id);\n")
	dry := func(o *migrate.Options) { o.DryRun, o.LockTimeout = true, 2*time.Second }
	results, err := p.migrator(dry).Up(t.Context())
	if err != nil || len(results) != 4 || p.catalog() != "" {
		t.Fatalf("%v, %v, %s", results, err, p.catalog())
	}
	want := "BEGIN;\nSET LOCAL lock_timeout = 2000;\nCREATE TABLE users (id int PRIMARY KEY);\nINSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true);\nCOMMIT;\n"
	if diff := cmp.Diff(want, results[0].SQL); diff != "" {
		t.Error(diff)
	}
	want = "CREATE INDEX CONCURRENTLY i ON users (id);\nINSERT INTO goose_db_version (version_id, is_applied) VALUES (4, true);\n"
	if diff := cmp.Diff(want, results[3].SQL); diff != "" {
		t.Error(diff)
	}
	if results, err := p.migrator(dry).Down(t.Context(), 1); err != nil || len(results) != 0 {
		t.Errorf("%v, %v", results, err)
	}
}

func TestLocksAreReported(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	p.up()
	p.write("2_name.sql", "-- +goose Up\nALTER TABLE users ADD name text;\n")
	results, err := p.migrator(func(o *migrate.Options) { o.Locks = true }).Up(t.Context())
	if err != nil || !slices.ContainsFunc(results[0].Locks, func(l migrate.Lock) bool { return l.Line == 2 && l.Table == "users" && l.Mode == "AccessExclusiveLock" }) {
		t.Errorf("%v, %v", results, err)
	}
}
