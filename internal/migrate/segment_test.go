package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// A file that ends its transaction itself keeps what it has committed, and goes on there.
func TestFileThatEndsItsTransaction(t *testing.T) {
	for name, tc := range map[string]struct {
		before    string // the failing statement
		catalog   string // after the failure
		hint      string
		kept      int
		resumable bool
	}{
		"commit":            {"CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\n", "relation a", "1_x.sql ends its transaction at line 3, so its statements up to that line stay applied", 2, true},
		"end":               {"CREATE TABLE a ();\nEND;\nCREATE TABLE b ();\n", "relation a", "at line 3", 2, true},
		"commit work":       {"CREATE TABLE a (); /* all */ commit work; CREATE TABLE b ();\n", "relation a", "at line 2", 2, true},
		"chain":             {"CREATE TABLE a ();\nCOMMIT AND CHAIN;\nCREATE TABLE b ();\n", "relation a", "at line 3", 2, true},
		"begin and commit":  {"BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE a ();\nCOMMIT;\nBEGIN;\nCREATE TABLE b ();\n", "relation a", "at line 4", 3, true},
		"rollback":          {"CREATE TABLE z ();\nROLLBACK;\nCREATE TABLE b ();\n", "", "no part of 1_x.sql was applied", 0, false},
		"commit, rollback":  {"CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE z ();\nABORT;\nCREATE TABLE b ();\n", "relation a", "up to that line stay applied, except those that it rolls back itself", 4, true},
		"savepoint":         {"SAVEPOINT s;\nCREATE TABLE z ();\nROLLBACK TO SAVEPOINT s;\nRELEASE s;\nCREATE TABLE b ();\n", "", "no part of 1_x.sql was applied", 0, false},
		"within a block":    {"-- +goose StatementBegin\nCREATE TABLE a ();\n\tCOMMIT;\nCREATE TABLE b ();\n-- +goose StatementEnd\n", "relation a", "at line 4", 2, true},
		"only in functions": {"-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;\n-- +goose StatementEnd\n", "", "no part", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "-- +goose Up\n" + tc.before + "CREATE TABLE c ();\nSELECT %s;\nCREATE TABLE d ();\n"
			p := newProject(t, "1_x.sql", fmt.Sprintf(text, "nope"))
			_, err := p.migrator().Up(t.Context())
			var statement *migrate.StatementError
			if !errors.As(err, &statement) || statement.Kept != tc.kept || statement.Line != strings.Count(tc.before, "\n")+3 {
				t.Fatalf("%+v", err)
			}
			if hint := fault.HintOf(err); !strings.Contains(hint, tc.hint) || strings.Contains(hint, "resume with `krowoc migrate up`") != tc.resumable {
				t.Error(hint)
			}
			if got := p.catalog(); got != tc.catalog || p.versions() != "" {
				t.Errorf("left: %s; %s", got, p.versions())
			}
			if _, err := p.migrator().Down(t.Context(), 1); (fault.CodeOf(err) == fault.Conflict) != tc.resumable {
				t.Errorf("down: %v", err)
			}
			p.write("1_x.sql", fmt.Sprintf(text, "1"))
			p.up()
			want := "relation b, relation c, relation d"
			switch name {
			case "only in functions":
				want = "function f, relation c, relation d"
			case "rollback", "savepoint":
			default:
				want = "relation a, " + want
			}
			if got := p.catalog(); got != want || p.versions() != "1" || p.query("SELECT count(*)::text FROM krowoc.migration_progress") != "0" {
				t.Errorf("in the end: %s; %s", got, p.versions())
			}
		})
	}
}

// SET TRANSACTION must come before the first query of its transaction, so no query of Krowoc's comes before it.
func TestTransactionIsSet(t *testing.T) {
	const isolation = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE %s AS SELECT current_setting('transaction_isolation') AS v;\n"
	for name, text := range map[string]string{
		"the whole file":       fmt.Sprintf(isolation, "a"),
		"after other settings": "SET LOCAL work_mem = '8MB';\n" + fmt.Sprintf(isolation, "a"),
		"as a parameter":       strings.Replace(fmt.Sprintf(isolation, "a"), "TRANSACTION ISOLATION LEVEL SERIALIZABLE", "LOCAL transaction_isolation = serializable", 1),
		"its own transaction":  "BEGIN;\n" + fmt.Sprintf(isolation, "a") + "COMMIT;\n",
		"the second one":       "CREATE TABLE x ();\nCOMMIT;\nBEGIN;\n" + fmt.Sprintf(isolation, "a") + "COMMIT;\nDROP TABLE x;\n",
		"chained":              "CREATE TABLE x ();\nCOMMIT AND CHAIN;\n" + fmt.Sprintf(isolation, "a") + "COMMIT;\nDROP TABLE x;\n",
		"in one of the rest":   "-- +goose NO TRANSACTION\nCREATE TABLE x ();\nBEGIN;\n" + fmt.Sprintf(isolation, "a") + "COMMIT;\nDROP TABLE x;\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, setting := range []func(*migrate.Options){
				func(*migrate.Options) {},
				func(o *migrate.Options) { o.Locks = true },
			} {
				p := newProject(t, "1_x.sql", "-- +goose Up\n"+text)
				if _, err := p.migrator(setting).Up(t.Context()); err != nil || p.catalog() != "relation a" || p.query("SELECT v FROM a") != "serializable" {
					t.Errorf("%v; %s", err, p.catalog())
				}
			}
		})
	}
}

// A setting before the first mark that fails is still found in the file.
func TestFailedSettingHasItsLine(t *testing.T) {
	for text, line := range map[string]int{
		"SET LOCAL work_mem = '1 parsec';\nSET TRANSACTION READ WRITE;\nSELECT 1;\n":                  2,
		"SET LOCAL work_mem = '8MB';\nSET TRANSACTION SNAPSHOT 'none';\nSELECT 1;\n":                  3,
		"BEGIN;\nSET LOCAL work_mem = '8MB';\nSET TRANSACTION SNAPSHOT 'none';\nSELECT 1;\nCOMMIT;\n": 4,
		"SET TRANSACTION READ WRITE;\nSELECT nope;\n":                                                 3,
		"SET TRANSACTION READ WRITE;\nSELECT 1/0;\n":                                                  3,
	} {
		p := newProject(t, "1_x.sql", "-- +goose Up\n"+text)
		_, err := p.migrator().Up(t.Context())
		var statement *migrate.StatementError
		if !errors.As(err, &statement) || statement.Line != line {
			t.Errorf("%s: %+v", text, err)
		}
	}
}

// A transaction of its own in a file without one is done or undone as a whole.
func TestOwnTransactionIsNotResumedInItsMiddle(t *testing.T) {
	const text = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nSELECT %s;\nCOMMIT;\n"
	p := newProject(t, "1_x.sql", fmt.Sprintf(text, "nope"))
	if _, err := p.migrator().Up(t.Context()); !strings.Contains(fault.HintOf(err), "first statement stays applied") || p.catalog() != "relation a" {
		t.Fatalf("%v; %s; %s", err, fault.HintOf(err), p.catalog())
	}
	report, err := p.migrator().Inspect(t.Context())
	var states []string
	for _, s := range report.Interrupted[0].Statements {
		states = append(states, s.State)
	}
	if got := strings.Join(states, " "); err != nil || got != "done pending pending failed pending" {
		t.Errorf("%s, %v", got, err)
	}
	p.write("1_x.sql", fmt.Sprintf(text, "1"))
	p.up()
	if got := p.catalog(); got != "relation a, relation b" {
		t.Error(got)
	}
}

// A file that BEGIN and COMMIT enclose is applied completely or not at all.
func TestEnclosedFileIsAtomic(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nBEGIN;\nCREATE TABLE a ();\nSET search_path = pg_catalog;\nCOMMIT;\n")
	if _, err := p.migrator().Up(t.Context()); err == nil || !strings.HasPrefix(fault.HintOf(err), "no part of 1_x.sql was applied") || p.catalog() != "" {
		t.Errorf("%v; %s; %s", err, fault.HintOf(err), p.catalog())
	}
}

// The limits of a file hold in each of its transactions, and a part that gets no lock is tried again alone.
func TestLimitsHoldAfterCommit(t *testing.T) {
	p := newProject(t, "1_a.sql", "-- +goose Up\nCREATE TABLE a ();\n",
		"2_x.sql", "-- +goose Up\nCREATE TABLE b ();\nCOMMIT;\nCREATE TABLE c AS SELECT current_setting('lock_timeout') AS v;\nROLLBACK;\nALTER TABLE a ADD x int;\n")
	if _, err := p.migrator().UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	tx, err := p.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "LOCK TABLE a"); err != nil {
		t.Fatal(err)
	}
	limited := func(o *migrate.Options) { o.LockTimeout, o.LockRetries = 20*time.Millisecond, 1 }
	if _, err := p.migrator(limited).Up(t.Context()); !strings.Contains(err.Error(), "lock timeout") || p.catalog() != "relation a, relation b" {
		t.Fatalf("%v; %s", err, p.catalog())
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.up()
	if p.versions() != "1 2" || p.query("SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'x'") != "1" {
		t.Error(p.versions())
	}
}

func TestInterruptionAfterCommit(t *testing.T) {
	const text = "-- +goose Up\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nSELECT pg_sleep(%d);\n"
	p := newProject(t, "1_x.sql", fmt.Sprintf(text, 600))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for there := ""; there == "" && ctx.Err() == nil; {
			_ = p.db.QueryRow(ctx, "SELECT coalesce(to_regclass('a')::text, '')").Scan(&there)
		}
		cancel()
	}()
	_, err := p.migrator().Up(ctx)
	if fault.CodeOf(err) != fault.Canceled || !strings.Contains(fault.HintOf(err), "ends its transaction at line 3") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	if p.catalog() != "relation a" || p.lockHolders() != "0" {
		t.Errorf("left: %s, %s locks", p.catalog(), p.lockHolders())
	}
	p.write("1_x.sql", fmt.Sprintf(text, 0))
	p.up()
	if p.catalog() != "relation a, relation b" || p.versions() != "1" {
		t.Errorf("in the end: %s; %s", p.catalog(), p.versions())
	}
}

func TestPreparedTransaction(t *testing.T) {
	const text = "-- +goose Up\nCREATE TABLE a ();\nPREPARE TRANSACTION 'it''s';\nCOMMIT PREPARED 'it''s';\nCREATE TABLE b ();\nSELECT %s;\n"
	p := newProject(t, "1_x.sql", fmt.Sprintf(text, "nope"))
	_, err := p.migrator().Up(t.Context())
	if p.query("SHOW max_prepared_transactions") == "0" { // as Postgres is by default
		if err == nil || !strings.Contains(err.Error(), "line 3: prepared transactions are disabled") || fault.HintOf(err) != "no part of 1_x.sql was applied" {
			t.Errorf("%v; %s", err, fault.HintOf(err))
		}
		return
	}
	if err == nil || p.catalog() != "relation a" {
		t.Fatalf("%v; %s", err, p.catalog())
	}
	p.write("1_x.sql", fmt.Sprintf(text, "1"))
	p.up()
	if p.catalog() != "relation a, relation b" {
		t.Error(p.catalog())
	}
}

// A dry run shows where the transactions begin and end.
func TestDryRunOfSegments(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\n")
	results, err := p.migrator(func(o *migrate.Options) { o.DryRun, o.LockTimeout = true, time.Second }).Up(t.Context())
	if err != nil || strings.Count(results[0].SQL, "SET LOCAL lock_timeout = 1000;") != 2 || strings.Count(results[0].SQL, "COMMIT") != 2 {
		t.Errorf("%v, %v", results, err)
	}
}

// A file of which a part stays applied needs the files before it, also where a failure rolls them back.
func TestRollbackKeepsWhatAPartNeeds(t *testing.T) {
	p := newProject(t, "1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n")
	p.write("2_x.sql", "-- +goose Up\nALTER TABLE a ADD x int;\nCOMMIT;\nSELECT nope;\n-- +goose Down\nALTER TABLE a DROP x;\n")
	_, err := p.migrator(func(o *migrate.Options) { o.RollbackOnFailure = true }).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "a part of 2_x.sql stays applied") || p.versions() != "1" {
		t.Errorf("%v; %s", err, p.versions())
	}
	p.write("2_x.sql", "-- +goose Up\nALTER TABLE a ADD x int;\nCOMMIT;\nSELECT 1;\n-- +goose Down\nALTER TABLE a DROP x;\n")
	p.up()
	if got := p.query("SELECT count(*)::text FROM information_schema.columns WHERE table_name = 'a'"); got != "2" {
		t.Errorf("%s columns", got)
	}
}

// What Postgres has undone cannot be declared done.
func TestNothingIsDoneInATransactionThatWasRolledBack(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nSELECT nope;\n-- +goose Down\nDROP TABLE a, b;\n")
	if _, err := p.migrator().Up(t.Context()); err == nil {
		t.Fatal("there is no column nope")
	}
	if err := p.migrator().Resolve(t.Context(), 1, true); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "rolled back") {
		t.Errorf("%v", err)
	}
	p.write("1_x.sql", "-- +goose Up\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\n-- +goose Down\nDROP TABLE a, b;\n")
	p.up()
	if got := p.catalog(); got != "relation a, relation b" {
		t.Error(got)
	}
}

// A table may be called prepared.
func TestTableNamedPrepared(t *testing.T) {
	p := newProject(t, "1_x.sql", "-- +goose Up\nCREATE TABLE prepared (id int);\nUPDATE prepared SET id = 1;\nSELECT nope;\n-- +goose Down\nDROP TABLE prepared;\n")
	if _, err := p.migrator().Up(t.Context()); err == nil || p.catalog() != "" {
		t.Errorf("%v; %s", err, p.catalog())
	}
}
