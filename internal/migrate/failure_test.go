package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg"
)

func TestFailingStatementIsShownInItsFile(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		code fault.Code
		want string // the diagnostic
	}{
		"a name instead of a position": {
			"-- +goose Up\n-- Votes.\nCREATE TABLE v (id int);\n\nCREATE INDEX v_usr ON v (\n\tuser_id,\n\tid\n);\n", fault.Invalid,
			`migrations/1_x.sql:6:2: error: column "user_id" does not exist (SQLSTATE 42703)
    6 |  user_id,
      |  ^^^^^^^`,
		},
		"syntax": {
			"-- +goose Up\r\n\r\nSELECT 'é' AS a,\r\n  'ü' ASS \"b c\";\r\n", fault.Invalid,
			`migrations/1_x.sql:4:11: error: syntax error at or near ""b c"" (SQLSTATE 42601)
    4 |   'ü' ASS "b c";
      |           ^^^^^`,
		},
		"indented first line": {
			"-- +goose Up\n  \n   SELECT nope;\n", fault.Invalid,
			`migrations/1_x.sql:3:11: error: column "nope" does not exist (SQLSTATE 42703)
    3 |    SELECT nope;
      |           ^^^^`,
		},
		"annotation inside": {
			"-- +goose Up\nSELECT\n-- +goose NO TRANSACTION\nnope;\n", fault.Invalid,
			`migrations/1_x.sql:4:1: error: column "nope" does not exist (SQLSTATE 42703)
    4 | nope;
      | ^^^^`,
		},
		"end of input": {
			"-- +goose Up\n-- +goose StatementBegin\nSELECT (1\n\n-- +goose StatementEnd\n", fault.Invalid,
			`migrations/1_x.sql:3:10: error: syntax error at end of input (SQLSTATE 42601)
    3 | SELECT (1
      |          ^`,
		},
		"second of two in a block": {
			"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nSELECT nope;\n-- +goose StatementEnd\n", fault.Invalid,
			`migrations/1_x.sql:4:8: error: column "nope" does not exist (SQLSTATE 42703)
    4 | SELECT nope;
      |        ^^^^`,
		},
		"function body": {
			"-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n  RETRN 1;\nEND;\n$$ LANGUAGE plpgsql;\n-- +goose StatementEnd\n", fault.Invalid,
			`migrations/1_x.sql:5:3: error: syntax error at or near "RETRN" (SQLSTATE 42601)
    5 |   RETRN 1;
      |   ^^^^^`,
		},
		"do block": {
			"-- +goose Up\n-- +goose StatementBegin\nDO $$\nBEGIN\n  RAISE EXCEPTION 'not today' USING HINT = 'Try tomorrow.', DETAIL = 'It is raining.';\nEND $$;\n-- +goose StatementEnd\n", fault.Invalid,
			`migrations/1_x.sql:5:3: error: not today (SQLSTATE P0001): It is raining.; PL/pgSQL function inline_code_block line 3 at RAISE
    5 |   RAISE EXCEPTION 'not today' USING HINT = 'Try tomorrow.', DETAIL = 'It is raining.';
      |   ^^^^^
      = Try tomorrow.`,
		},
		"without a position": {
			"-- +goose Up\nCREATE TABLE u (id int PRIMARY KEY);\n\nINSERT INTO u\nVALUES (1), (1);\n", fault.Conflict,
			`migrations/1_x.sql:4:1: error: duplicate key value violates unique constraint "u_pkey" (SQLSTATE 23505): Key (id)=(1) already exists.
    4 | INSERT INTO u
      | ^^^^^^`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "1_x.sql", tc.text)
			results, err := p.migrator().Up(t.Context())
			var statement *migrate.StatementError
			if !errors.As(err, &statement) || len(results) != 0 {
				t.Fatalf("%v, %v", results, err)
			}
			if diff := cmp.Diff(tc.want, statement.Error()); diff != "" {
				t.Error(diff)
			}
			if fault.CodeOf(err) != tc.code {
				t.Errorf("code %s", fault.CodeOf(err))
			}
			var list diag.List
			var server *pgconn.PgError
			if !errors.As(err, &list) || !errors.As(err, &server) || list[0] != statement.Diagnostic {
				t.Error("the error is no diag.List, or has lost Postgres's")
			}
			if p.catalog() != "" || p.versions() != "" || p.lockHolders() != "0" {
				t.Errorf("left behind: %s %s, %s locks", p.catalog(), p.versions(), p.lockHolders())
			}
		})
	}
}

func TestStatementErrorFields(t *testing.T) {
	p := newProject(t, "7_x.sql", "-- +goose Up\nCREATE TABLE u (n int CONSTRAINT positive CHECK (n > 0));\nINSERT INTO u\nVALUES (0);\n")
	_, err := p.migrator().Up(t.Context())
	var got *migrate.StatementError
	if !errors.As(err, &got) {
		t.Fatal(err)
	}
	if got.Version != 7 || got.Direction != migrate.Up || got.Line != 3 || got.SQLState != "23514" ||
		got.Constraint != "positive" || !strings.Contains(got.Detail, "(0)") || got.Diagnostic.Code != "sql-23514" {
		t.Errorf("%+v", got)
	}
	want := `apply migration 7_x.sql: line 3: new row for relation "u" violates check constraint "positive"`
	if err.Error() != want || fault.HintOf(err) != "no part of 7_x.sql was applied" {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
}

func TestEarlierFilesStayWhenALaterOneFails(t *testing.T) {
	p := threeFiles(t)
	p.write("00002_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\nCREATE TYPE vote AS ENUM ('up');\nSELECT nope;\n")
	results, err := p.migrator().Up(t.Context())
	if files(results) != "up 00001_users.sql" || fault.CodeOf(err) != fault.Invalid {
		t.Errorf("%s, %v", files(results), err)
	}
	want := []string{"started up 00001_users.sql 1/3", "done up 00001_users.sql 1/3", "started up 00002_votes.sql 2/3", "failed up 00002_votes.sql 2/3"}
	if diff := cmp.Diff(want, p.seen()); diff != "" {
		t.Error(diff)
	}
	if got := p.catalog(); got != "relation users, relation users_pkey" || p.versions() != "1" {
		t.Errorf("left behind: %s; %s", got, p.versions())
	}
	p.write("00002_votes.sql", votesSQL)
	p.up()
	if p.versions() != "1 2 3" {
		t.Errorf("after the correction: %s", p.versions())
	}
}

func TestNoTransactionSaysWhatStays(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (x int);\nCREATE INDEX CONCURRENTLY i ON a (x);\nSELECT nope;\n")
	_, err := p.migrator().Up(t.Context())
	var statement *migrate.StatementError
	if !errors.As(err, &statement) || statement.Kept != 2 || statement.Line != 5 {
		t.Fatalf("%+v", err)
	}
	if hint := fault.HintOf(err); !strings.HasPrefix(hint, "1_x.sql contains NO TRANSACTION, so its first 2 statements stay applied; correct the rest") {
		t.Error(hint)
	}
	if got := p.catalog(); got != "relation a, relation i" || p.versions() != "" {
		t.Errorf("left behind: %s; %s", got, p.versions())
	}
}

func TestFailingRollback(t *testing.T) {
	p := threeFiles(t)
	p.up()
	p.write("00002_votes.sql", "-- +goose Up\n-- +goose Down\nDROP TABLE votes;\nDROP TABLE nope;\n")
	if err := p.migrator().Accept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	results, err := p.migrator().Down(t.Context(), 3)
	if got := files(results); got != "down 00003_tags.sql" {
		t.Errorf("results %s", got)
	}
	want := `roll back migration 00002_votes.sql: line 4: table "nope" does not exist`
	if err == nil || err.Error() != want || fault.HintOf(err) != "no part of 00002_votes.sql was rolled back" {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	if got := p.catalog(); got != "relation users, relation users_pkey, relation votes" || p.versions() != "1 2" {
		t.Errorf("left: %s; %s", got, p.versions())
	}
}

func TestRefusedCommit(t *testing.T) {
	p := newProject(t, "1_x.sql", `-- +goose Up
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE v (u int REFERENCES u DEFERRABLE INITIALLY DEFERRED);
INSERT INTO v VALUES (1);
`)
	_, err := p.migrator().Up(t.Context())
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "apply migration 1_x.sql: the commit failed: insert or update on table") {
		t.Errorf("%v", err)
	}
	if p.catalog() != "" {
		t.Errorf("left behind: %s", p.catalog())
	}
}

func TestUnrecordableVersion(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nSET search_path = pg_catalog;\n")
	_, err := p.migrator().Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cannot record its version in goose_db_version: relation") ||
		!strings.Contains(fault.HintOf(err), "SET LOCAL") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
}

func TestVariables(t *testing.T) {
	t.Setenv("KROWOC_TEST_TABLE", "first")
	t.Setenv("KROWOC_TEST_SECRET", "s3cret")
	p := newProject(t, "1_x.sql", "-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${KROWOC_TEST_TABLE} (id int);\nSELECT '$KROWOC_TEST_SECRET', nope;\n")
	_, err := p.migrator().Up(t.Context())
	var statement *migrate.StatementError
	if !errors.As(err, &statement) {
		t.Fatal(err)
	}
	want := `migrations/1_x.sql:4: error: column "nope" does not exist (SQLSTATE 42703)
    4 | SELECT '$KROWOC_TEST_SECRET', nope;
      | ^`
	if diff := cmp.Diff(want, statement.Error()); diff != "" {
		t.Error(diff)
	}
	p.write("1_x.sql", "-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${KROWOC_TEST_UNSET?must be set} (id int);\n")
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(errors.Unwrap(err)), "1_x.sql:3:1: error: $KROWOC_TEST_UNSET: must be set") {
		t.Errorf("unset: %s %v", fault.CodeOf(err), errors.Unwrap(err))
	}
}

func TestNoServer(t *testing.T) {
	pool, err := pg.Open(t.Context(), pg.Options{URL: "postgres://127.0.0.1:1/x?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	m, err := migrate.New(migrate.Options{DB: pool, FS: threeFiles(t).files})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("up: %v", err)
	}
	if _, err := m.Status(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("status: %v", err)
	}
}

// A statement that kills its own session stands for a server that goes away.
func TestLostConnection(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nCREATE TABLE a ();\nSELECT pg_terminate_backend(pg_backend_pid());\n")
	_, err := p.migrator().Up(t.Context())
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("%s: %v", fault.CodeOf(err), err)
	}
	if p.catalog() != "" || p.lockHolders() != "0" {
		t.Errorf("left behind: %s, %s locks", p.catalog(), p.lockHolders())
	}
}

func TestInterruptedStatementIsRolledBack(t *testing.T) {
	p := newProject(t, "1_a.sql", usersSQL, "2_b.sql", "-- +goose Up\nCREATE TABLE b ();\nSELECT pg_sleep(600);\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, err := migrate.New(migrate.Options{DB: p.db, FS: p.files, Report: func(e migrate.Event) {
		p.report(e)
		if e.Kind == migrate.Started && e.Version == 2 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m.Up(ctx)
	if fault.CodeOf(err) != fault.Canceled || err.Error() != "apply migration 2_b.sql: interrupted" || files(results) != "up 1_a.sql" {
		t.Errorf("%s, %v", files(results), err)
	}
	if fault.HintOf(err) != "no part of 2_b.sql was applied" || !strings.Contains(fmt.Sprint(p.seen()), "failed up 2_b.sql 2/2") {
		t.Errorf("hint %q", fault.HintOf(err))
	}
	if p.catalog() != "relation users, relation users_pkey" || p.versions() != "1" || p.lockHolders() != "0" {
		t.Errorf("left behind: %s; %s, %s locks", p.catalog(), p.versions(), p.lockHolders())
	}
}

func TestInterruptionBetweenFiles(t *testing.T) {
	p := threeFiles(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, err := migrate.New(migrate.Options{DB: p.db, FS: p.files, Report: func(e migrate.Event) {
		if e.Kind == migrate.Done && e.Version == 2 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m.Up(ctx)
	if fault.CodeOf(err) != fault.Canceled || files(results) != "up 00001_users.sql, up 00002_votes.sql" {
		t.Errorf("%s, %v", files(results), err)
	}
	if p.versions() != "1 2" || p.lockHolders() != "0" {
		t.Errorf("versions %s, %s locks", p.versions(), p.lockHolders())
	}
}

func TestInterruptionBeforeTheStart(t *testing.T) {
	p := threeFiles(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.migrator().Up(ctx); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
}
