package make_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// triggerOn is SQL that creates a trigger for each inserted row.
func triggerOn(table, when, body string) string {
	return fmt.Sprintf("CREATE FUNCTION act_%s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NEW; END $$; CREATE TRIGGER act %s INSERT ON %s FOR EACH ROW EXECUTE FUNCTION act_%[1]s()",
		table, body, when, table)
}

// TestTriggers generates rows in tables with triggers, in two steps.
func TestTriggers(t *testing.T) {
	t.Parallel()
	const sdl = `type Team @table @auth(rules: []) { name: String! size: Int! @range(min: 1, max: 100) } type Item @table @auth(rules: []) { team: Team! word: String! }
		type Tally @table(key: ["team"]) @auth(rules: []) { team: Team! items: Int! } type Log @table(key: ["id"]) @auth(rules: []) { id: Int! @col(dataType: "serial") team: Team! text: String! }`
	const everything = "(SELECT count(*) FROM items) = 60 AND (SELECT count(*) FROM teams) = 60"
	for name, c := range map[string]struct{ sql, question string }{
		"refuses some":      {triggerOn("teams", "BEFORE", "IF NEW.size % 3 = 0 THEN RAISE 'not %', NEW.size; END IF"), everything + " AND NOT EXISTS (SELECT FROM teams WHERE size % 3 = 0)"},
		"changes the key":   {triggerOn("teams", "BEFORE", "NEW.id := gen_random_uuid()"), everything},
		"inserts the child": {triggerOn("teams", "AFTER", "INSERT INTO tallies (team_id, items) VALUES (NEW.id, 0)"), everything + " AND (SELECT count(*) FROM tallies) = 60"},
		"counts":            {triggerOn("items", "AFTER", "INSERT INTO tallies (team_id, items) VALUES (NEW.team_id, 1) ON CONFLICT (team_id) DO UPDATE SET items = tallies.items + 1"), everything},
		"inserts a number":  {triggerOn("items", "AFTER", "INSERT INTO logs (team_id, text) VALUES (NEW.team_id, 'new')"), everything + " AND (SELECT count(*) FROM logs) = 120"},
		"leaves rows out":   {triggerOn("teams", "BEFORE", "IF NEW.size % 2 = 0 THEN RETURN NULL; END IF"), "(SELECT count(*) FROM items) = 60 AND (SELECT count(*) FROM teams) > 10"},
		"makes it equal":    {triggerOn("teams", "BEFORE", "NEW.name := lower(left(NEW.name, 4))") + "; CREATE UNIQUE INDEX ON teams (name)", "(SELECT count(DISTINCT name) FROM teams) > 10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, sdl)
			pool := built(t, s)
			testkit.Exec(t, pool, c.sql)
			for _, rows := range []int64{40, 60} {
				must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
			}
			if got := testkit.Value(t, pool, "SELECT "+c.question); got != "true" {
				t.Errorf("%s is %s", c.question, got)
			}
		})
	}
}

// TestNamesTheTrigger that refuses every row, and leaves its table out on request.
func TestNamesTheTrigger(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Team @table @auth(rules: []) { name: String! } type Item @table @auth(rules: []) { name: String! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, triggerOn("items", "BEFORE", "RAISE 'closed'"))
	_, err := seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20}))
	if err == nil || !strings.Contains(err.Error(), "the trigger act refuses row 1 of items: closed") ||
		fault.HintOf(err) != "Under generate: Item, specify values that the trigger accepts, or leave the table out with --generate Item=0." {
		t.Errorf("%v; hint %s", err, fault.HintOf(err))
	}
	must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20}, seed.Count{Type: "Item"})))
	if got := testkit.Value(t, pool, "SELECT (SELECT count(*) FROM teams) || ' ' || (SELECT count(*) FROM items)"); got != "20 0" {
		t.Error(got)
	}
}

// TestNamesTheEmptyTable outside of the schema to which rows must refer.
func TestNamesTheEmptyTable(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Item @table @auth(rules: []) { log: Int! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, "CREATE SCHEMA audit; CREATE TABLE audit.logs (id int PRIMARY KEY); ALTER TABLE items ADD FOREIGN KEY (log) REFERENCES audit.logs")
	_, err := seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20}))
	if err == nil || !strings.Contains(err.Error(), "audit.logs has no rows that Item.log could refer to") || !strings.Contains(fault.HintOf(err), "Insert rows into audit.logs first") {
		t.Errorf("%v; hint %s", err, fault.HintOf(err))
	}
}

// TestForeignKeysOfPartitions holds for the rows of each partition.
func TestForeignKeysOfPartitions(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Team @table @auth(rules: []) { name: String! } type Item @table(key: ["id", "at"]) @auth(rules: []) { id: Int! at: Int! team: ID! size: Int! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, `ALTER TABLE items RENAME TO old; CREATE TABLE items (LIKE old) PARTITION BY RANGE (at); DROP TABLE old;
		CREATE TABLE low PARTITION OF items FOR VALUES FROM (0) TO (500); CREATE TABLE high PARTITION OF items FOR VALUES FROM (500) TO (1000);
		ALTER TABLE low ADD FOREIGN KEY (team) REFERENCES teams, ADD CHECK (size < 5); ALTER TABLE high ADD FOREIGN KEY (team) REFERENCES teams`)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 50})))
	if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || (count(DISTINCT team) > 10) FROM items"); got != "50 true" {
		t.Error(got)
	}
}
