package seed_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestSQL runs SQL files after the rows, in order, once for each content.
func TestSQL(t *testing.T) {
	pool := database(t)
	fsys := files(
		"dev/01-log.sql", "\ufeffCREATE TABLE log (line text);\nINSERT INTO log SELECT 'one: ' || name FROM users; -- é\n/* ; */ DO $$ BEGIN INSERT INTO log VALUES ('two; done'); END $$",
		"dev/02-log.sql", "SET search_path = pg_catalog; INSERT INTO public.log VALUES ('three');\nSET ROLE pg_monitor;",
		"common/03-function.sql", "CREATE FUNCTION n() RETURNS bigint BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT count(*) FROM users; END; SELECT n();",
		"dev/empty.sql", "-- nothing yet\n",
		"dev/users.yaml", "extends: common\nusers:\n  ada: {email: ada@example.com, name: Ada}\n",
	)
	o := options(t, pool, fsys)
	load := func() seed.Summary {
		t.Helper()
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		return summary
	}
	text, err := json.Marshal(load().SQL)
	if want := `[{"file":"seeds/common/03-function.sql","ran":true},{"file":"seeds/dev/01-log.sql","ran":true},{"file":"seeds/dev/02-log.sql","ran":true},{"file":"seeds/dev/empty.sql","ran":true}]`; err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
	log := "SELECT string_agg(line, ', ' ORDER BY ctid) FROM log"
	if got, want := testkit.Value(t, pool, log), "one: Ada, two; done, three"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := load().String(), "1 rows in 1 tables: 0 inserted, 0 updated, 1 unchanged; 0 of 4 SQL files run"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	mapOf(fsys)["dev/02-log.sql"].Data = []byte("INSERT INTO log VALUES ('four')")
	if got, want := load().String(), "1 rows in 1 tables: 0 inserted, 0 updated, 1 unchanged; 1 of 4 SQL files run"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := testkit.Value(t, pool, log), "one: Ada, two; done, three, four"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM krowoc.seeds WHERE kind = 'sql' AND name = 'dev/02-log.sql'"); got != "1" {
		t.Errorf("%s notes", got)
	}
}

// TestSQLRefused wants the place of what Postgres refuses, and nothing written.
func TestSQLRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sql   string
		code  fault.Code
		wants []string
	}{
		"syntax":       {"SELECT 1;\n-- é\nSELECT 'é' FROM FROM users;", fault.Invalid, []string{"a.sql:3:17: error: syntax error", "| SELECT 'é' FROM FROM users;\n      |                 ^^^^"}},
		"no column":    {"SELECT 1;\nSELECT 'é' || title\n  FROM users", fault.Invalid, []string{`a.sql:2:15: error: column "title" does not exist`, "^^^^^"}},
		"constraint":   {"SELECT 1;\n\n  INSERT INTO tickets (title) VALUES ('x'); INSERT INTO tickets (title) VALUES ('x');", fault.Conflict, []string{"a.sql:3:45: error: duplicate key", "Key (title)=(x) already exists"}},
		"block":        {"INSERT INTO tickets (title) VALUES ('x');\nDO $$ BEGIN\n RAISE 'no tea';\nEND $$;", fault.Invalid, []string{"a.sql:2:1: error: no tea", "PL/pgSQL function inline_code_block line 2"}},
		"after a row":  {"SELECT 1 / (x - 2) FROM generate_series(1, 3) x;\nSELECT 2;", fault.Invalid, []string{"a.sql:1:1: error: division by zero"}},
		"deferred":     {"UPDATE users SET manager_id = '00000000-0000-0000-0000-00000000dead';", fault.Conflict, []string{"a.sql: error:", "is not present in table"}},
		"commit in it": {"SELECT 1; DO $$ BEGIN COMMIT; END $$", fault.Invalid, []string{"a.sql:1:11: error: invalid transaction termination"}},
		"at the end":   {"SELECT (", fault.Invalid, []string{"a.sql:1:9: error: syntax error at end of input"}},
		"not allowed":  {"VACUUM users", fault.Invalid, []string{"a.sql:1:1: error: VACUUM cannot run inside a transaction block"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			testkit.Exec(t, pool, "ALTER TABLE users ALTER CONSTRAINT users_manager_id_fkey DEFERRABLE INITIALLY DEFERRED")
			o := options(t, pool, files("dev/a.sql", c.sql, "dev/users.yaml", "users:\n  ada: {email: ada@example.com, name: Ada}\n"))
			_, err := seed.Load(t.Context(), o)
			wantMistake(t, err, c.wants...)
			if code := fault.CodeOf(err); code != c.code {
				t.Errorf("code %s, want %s", code, c.code)
			}
			if got := counts(t, pool); got != "0" {
				t.Errorf("%s rows were written", got)
			}
			if strings.Count(explain(err), "load the seeds") != 1 {
				t.Error(explain(err))
			}
		})
	}
}

// What is interrupted leaves nothing, and runs the next time.
func TestSQLInterrupted(t *testing.T) {
	pool := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, pool, files("dev/a.sql", "INSERT INTO tickets (title) VALUES ('x'); SELECT pg_sleep(60)"))
	done := make(chan error, 1)
	go func() {
		_, err := seed.Load(ctx, o)
		done <- err
	}()
	for testkit.Value(t, pool, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == "0" {
		if len(done) > 0 {
			t.Fatalf("the load did not wait: %v", <-done)
		}
	}
	cancel()
	if err := <-done; fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v", err)
	}
	if got := counts(t, pool); got != "0" {
		t.Errorf("%s rows are left", got)
	}
}
