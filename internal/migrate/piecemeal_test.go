package migrate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

const indexSQL = `-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE a (x int, y int);
INSERT INTO a SELECT n, n FROM generate_series(1, 2000) n;
CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);
UPDATE a SET y = y + 1;
CREATE INDEX CONCURRENTLY a_y ON a (y);
VACUUM a;
UPDATE a SET y = y + 1;

-- +goose Down
DROP INDEX CONCURRENTLY a_y;
DROP INDEX CONCURRENTLY a_x;
DROP TABLE a;
`

// committedSQL is votesSQL and more in two transactions.
const committedSQL = `-- +goose Up
CREATE TABLE votes (id int);
COMMIT;
INSERT INTO votes SELECT n FROM generate_series(1, 2000) n;

-- +goose Down
DELETE FROM votes;
COMMIT;
DROP TABLE votes;
`

// A file without a transaction goes on at the statement that failed, and not before.
func TestGoesOnAtTheFailedStatement(t *testing.T) {
	p := newProject(t, "1_x.sql", strings.Replace(indexSQL, "UPDATE a SET y = y + 1;\nCREATE", "UPDATE a SET y = y + 1; -- once\nSELECT nope;\nCREATE", 1))
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "first 4 statements stay") {
		t.Fatalf("%v; %s", err, fault.HintOf(err))
	}
	report, err := p.migrator().Inspect(t.Context())
	if err != nil || len(report.Interrupted) != 1 || report.Interrupted[0].Statements[3].State != "done" || report.Interrupted[0].Statements[4].State != "pending" {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := p.migrator().Down(t.Context(), 1); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "1_x.sql is partly applied: 4 of its statements were executed") {
		t.Errorf("down: %v", err)
	}
	p.write("1_x.sql", strings.Replace(indexSQL, "y + 1;\nCREATE", "y + 2;\nCREATE", 1))
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "the file has changed them since") {
		t.Errorf("changed: %v", err)
	}
	p.write("1_x.sql", indexSQL) // a comment less is no change
	p.up()
	if got := p.query("SELECT sum(y - x)::text FROM a"); got != "4000" {
		t.Errorf("the updates added %s", got)
	}
	if got := p.catalog(); got != "relation a, relation a_x, relation a_y" || p.versions() != "1" {
		t.Errorf("%s; %s", got, p.versions())
	}
}

// A build that fails leaves an invalid index, which the next run removes.
func TestInvalidIndexIsBuiltAgain(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1), (1);\n",
		"2_y.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);\n")
	if _, err := p.migrator().Up(t.Context()); fault.CodeOf(err) != fault.Conflict {
		t.Fatal(err)
	}
	if got := p.catalog(); got != "relation a, relation a_x (invalid)" {
		t.Fatal(got)
	}
	report, err := p.migrator().Inspect(t.Context())
	if err != nil || len(report.InvalidIndexes) != 1 || report.InvalidIndexes[0] != (migrate.InvalidIndex{Index: "a_x", Table: "a"}) ||
		!strings.Contains(report.Interrupted[0].Message, "could not create unique index") || report.Interrupted[0].Statements[0].State != "failed" {
		t.Errorf("%+v, %v", report, err)
	}
	p.query("WITH d AS (DELETE FROM a RETURNING x) SELECT count(*)::text FROM d")
	p.up()
	if got := p.catalog(); got != "relation a, relation a_x" || p.versions() != "1 2" {
		t.Errorf("%s; %s", got, p.versions())
	}
}

// Where nobody can tell whether a statement was done, somebody must.
func TestUncertainStatementIsAskedFor(t *testing.T) {
	const text = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE PROCEDURE twice() LANGUAGE SQL AS 'SELECT 1';\nCALL later();\n"
	for name, repair := range map[string]func(*migrate.Migrator) error{
		"done":   func(m *migrate.Migrator) error { return m.Resolve(t.Context(), 1, true) },
		"undone": func(m *migrate.Migrator) error { return m.Resolve(t.Context(), 1, false) },
		"forget": func(m *migrate.Migrator) error { return m.Forget(t.Context(), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, "1_x.sql", text)
			if _, err := p.migrator().Up(t.Context()); err == nil {
				t.Fatal("there is no procedure later")
			}
			p.query("WITH u AS (UPDATE krowoc.migration_progress SET begun = 2, message = '' RETURNING 1) SELECT count(*)::text FROM u") // as a SIGKILL leaves it
			_, err := p.migrator().Up(t.Context())
			if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "line 4: the statement was interrupted, and it is unknown whether it was executed") {
				t.Fatal(err)
			}
			if err := repair(p.migrator()); err != nil {
				t.Fatal(err)
			}
			_, err = p.migrator().Up(t.Context())
			var statement *migrate.StatementError
			switch {
			case name == "done" && err != nil:
				t.Error(err)
			case name == "undone" && (!errors.As(err, &statement) || statement.Line != 4):
				t.Errorf("undone: %v", err)
			case name == "forget" && (!errors.As(err, &statement) || statement.Line != 3): // it exists already
				t.Errorf("forgotten: %v", err)
			}
		})
	}
	p := newProject(t, "1_x.sql", usersSQL)
	if err := p.migrator().Forget(t.Context(), 1); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nothing to repair: %v", err)
	}
}

// Statements that control transactions keep what they do.
func TestOwnTransactions(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nBEGIN;\nCREATE TABLE a ();\nROLLBACK;\nCREATE TABLE b ();\n")
	p.up()
	if got := p.catalog(); got != "relation b" {
		t.Error(got)
	}
}
