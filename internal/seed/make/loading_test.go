package make_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/testkit"
)

const plain = `
type Owner @table @auth(rules: []) { name: String! @unique }
type Item @table @index(fields: ["rank"]) @auth(rules: []) { owner: Owner! @index rank: Int! @range(min: 0, max: 1000000) name: String! }
`

// parts describes the indexes and constraints of the database.
func parts(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	return testkit.Value(t, pool, `SELECT string_agg(d, E'\n' ORDER BY d) FROM (
		SELECT pg_get_indexdef(indexrelid) || indisvalid || coalesce(obj_description(indexrelid), '') AS d FROM pg_index WHERE indrelid::regclass::text !~ '^pg_'
		UNION ALL SELECT conname || pg_get_constraintdef(oid) || convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace) p
		WHERE d !~ 'krowoc\.'`)
}

func TestIndexesComeBack(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	testkit.Exec(t, pool, `CREATE INDEX odd ON items (lower(name), rank DESC NULLS LAST) INCLUDE (owner_id) WITH (fillfactor = 70) WHERE rank > 5;
		CREATE INDEX told ON items USING hash (name); COMMENT ON INDEX told IS 'why';
		CREATE STATISTICS st ON rank, owner_id FROM items`)
	before := parts(t, pool)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100, Item: 12_000}")))
	if after := parts(t, pool); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM items"); got != "12000" {
		t.Error(got)
	}
	// The index is used, and tells the same as the table.
	if got := testkit.Value(t, pool, "SELECT (SELECT count(*) FROM items WHERE rank > 50) = (SELECT count(*) FILTER (WHERE rank > 50) FROM items)"); got != "true" {
		t.Error(got)
	}
}

// midway calls fn once, when that many rows have been sent.
func midway(rows int64, fn func()) func(maker.Progress) {
	var called atomic.Bool
	return func(p maker.Progress) {
		if p.Rows >= rows && !called.Swap(true) {
			fn()
		}
	}
}

// Whatever ends a load into empty tables, they are as before.
func TestNothingIsLeftHalfLoaded(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	before := parts(t, pool)
	for name, end := range map[string]func(cancel func()){
		"Ctrl-C":          func(cancel func()) { cancel() },
		"connection lost": func(func()) { terminateCopies(t, pool) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		o := making(t, pool, s, "generate: {Owner: 100, Item: 30_000}")
		o.Report = midway(18_000, func() { end(cancel) })
		_, err := seed.Load(ctx, o)
		cancel()
		if err == nil {
			t.Fatal(name, "went by")
		}
		if got := testkit.Value(t, pool, "SELECT (SELECT count(*) FROM items) || ' ' || (SELECT count(*) FROM owners)"); got != "0 0" || parts(t, pool) != before {
			t.Errorf("%s: %s are left; %v", name, got, err)
		}
	}
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100, Item: 30_000}")))
}

// terminateCopies ends the connections that copy rows. One that has just begun may not show that it does.
func terminateCopies(t testing.TB, pool *pgxpool.Pool) {
	const sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid() AND datname = current_database()"
	for ended := 0; ended == 0; {
		if err := pool.QueryRow(context.WithoutCancel(t.Context()), sql).Scan(&ended); err != nil {
			t.Error(err)
			return
		}
	}
}

// A load into tables that are in use goes in batches, and one that was cut short goes on.
func TestGoesOnWhereItWas(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 100, Item: 1_000}")))
	testkit.Exec(t, pool, `CREATE ROLE `+appRole(t)+`; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO `+appRole(t)) // who owns nothing
	text := "generate: {Owner: 100, Item: 160_000}"
	o := making(t, pool, s, text)
	o.DB = as(t, pool, appRole(t))
	o.Report = midway(100_000, func() { terminateCopies(t, pool) })
	_, err := seed.Load(t.Context(), o)
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "items: ") || !strings.Contains(hint(err), "continue from there") {
		t.Fatal(explain(err))
	}
	there, _ := strconv.ParseInt(testkit.Value(t, pool, "SELECT count(*) FROM items"), 10, 64)
	if there < 51_000 || there >= 160_000 || there%50_000 != 1000 {
		t.Errorf("%d rows are there; %v", there, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.Report = midway(1, cancel)
	if _, err := seed.Load(ctx, o); fault.CodeOf(err) != fault.Canceled || !strings.Contains(hint(err), "continue from there") {
		t.Error(err)
	}
	cancel()
	o.Report = nil
	if made := must(t)(seed.Load(t.Context(), o)).Generated; made[1].Rows != 160_000-there || made[1].Kept != there {
		t.Errorf("%+v", made)
	}
	if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || count(DISTINCT id) FROM items"); got != "160000 160000" {
		t.Error(got)
	}
}

func hint(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Hint
	}
	return ""
}

func appRole(t testing.TB) string { return "app_" + strings.ToLower(t.Name()) }

// as is a pool whose connections have another role.
func as(t testing.TB, pool *pgxpool.Pool, role string) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE "+role)
		return err
	}
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other
}

// Tables that refer to one another need their foreign keys checked at the end, which only their owner can have done.
func TestCircleOfSomebodyElse(t *testing.T) {
	s := parse(t, `type Team @table @auth(rules: []) { lead: Person  people: [Person!]! @inverse(field: "team") }
		type Person @table @auth(rules: []) { team: Team! }`)
	pool := built(t, s)
	if err := ledger.Ensure(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, pool, `CREATE ROLE `+appRole(t)+`; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO `+appRole(t))
	o := making(t, pool, s, "", seed.Count{Rows: 20})
	o.DB = as(t, pool, appRole(t))
	if _, err := seed.Load(t.Context(), o); fault.CodeOf(err) != fault.Forbidden {
		t.Error(err)
	}
	must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20})))
	if got := testkit.Value(t, pool, "SELECT count(*) FROM teams JOIN people p ON p.id = teams.lead_id"); got == "0" {
		t.Error("nothing refers to anything")
	}
}

// What Postgres alone knows is told with the row and what to do.
func TestRefusedByPostgres(t *testing.T) {
	s := parse(t, `type Item @table @auth(rules: []) { rank: Int! @range(min: 1, max: 100) name: String! @check(sql: "length(name) < 3", message: "Be short.") }`)
	pool := built(t, s)
	_, err := seed.Load(t.Context(), making(t, pool, s, "generate: {Item: {count: 50, name: {fake: sentence}}}"))
	if err == nil || !strings.Contains(err.Error(), "row 1 of items") || !strings.Contains(hint(err), "Under generate: Item") {
		t.Fatal(explain(err), hint(err))
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM items"); got != "0" {
		t.Error(got)
	}
}

func TestTooFewValues(t *testing.T) {
	s := parse(t, `enum E { X Y } type Owner @table @auth(rules: []) { name: String! }
		type Item @table @unique(fields: ["kind", "rank"]) @auth(rules: []) { kind: E! rank: Int! owner: Owner! }
		type Vote @table(key: ["owner"]) @auth(rules: []) { owner: Owner! }`)
	pool := built(t, s)
	for text, want := range map[string]string{
		"Owner: 3\n  Item: {count: 11, rank: {between: [1, 5]}}":              "there are only 10 possible values for 11 rows",
		"Owner: 3\n  Item: {count: 3, rank: 4}":                               "there are only 2 possible values for 3 rows",
		"Owner: 3\n  Vote: 4":                                                 "there are only 3 possible values for 4 rows",
		"Owner: 3\n  Item: {count: 5, kind: X, rank: {sequence: 2147483645}}": "the sequence of Item.rank runs from 2147483645",
		"Item: 5": "owners has no rows that Item.owner could refer to",
		"Owner: 3\n  Vote: {count: 1, owner: $owners.nobody}": "a.yaml:3:27: error: there is no row $owners.nobody",
	} {
		_, err := seed.Load(t.Context(), making(t, pool, s, "generate:\n  "+text))
		if err == nil || !strings.Contains(explain(err), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
		if got := counts(t, pool); got != "0" && got != "NULL" {
			t.Errorf("%s: %s rows are left", text, got)
		}
	}
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate:\n  Owner: 3\n  Item: {count: 10, rank: {between: [1, 5]}}\n  Vote: 3")))
}

// What a trigger keeps out is not counted.
func TestTriggerThatKeepsRowsOut(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	testkit.Exec(t, pool, `CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.rank % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
		CREATE TRIGGER few BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION few()`)
	made := must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 10, Item: 200}"))).Generated
	if got := testkit.Value(t, pool, "SELECT count(*) FROM items"); got == "200" || fmt.Sprint(made[1].Rows) != got {
		t.Errorf("%s came, %+v", got, made)
	}
}

// The next row of the application does not meet one that was made.
func TestSequencesOfMadeRows(t *testing.T) {
	s := parse(t, `type Item @table(key: ["number"]) @auth(rules: []) { number: Int! @default(sql: "nextval('items_number_seq')") name: String! }`)
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, "CREATE TABLE items (number serial PRIMARY KEY, name text NOT NULL); INSERT INTO items (name) VALUES ('own')")
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Item: 20}")))
	testkit.Exec(t, pool, "INSERT INTO items (name) VALUES ('next')")
	if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || max(number) FROM items"); got != "22 22" {
		t.Error(got)
	}
}

// Somebody who changes how rows are made is told that the old ones are there.
func TestAnotherWay(t *testing.T) {
	s := parse(t, plain)
	pool := built(t, s)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Owner: 10, Item: {count: 20, rank: 1}}")))
	changed := "generate: {Owner: 10, Item: {count: 20, rank: 2}}"
	_, err := seed.Load(t.Context(), making(t, pool, s, changed))
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(hint(err), "--reset") {
		t.Fatal(explain(err))
	}
	o := making(t, pool, s, changed)
	o.Reset = seed.ResetLoaded
	must(t)(seed.Load(t.Context(), o))
	if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || min(rank) FROM items"); got != "20 2" {
		t.Error(got)
	}
	o = making(t, pool, s, changed)
	o.DryRun = true
	if made := must(t)(seed.Load(t.Context(), o)).Generated; fmt.Sprint(made) != "[{owners 0 10} {items 0 20}]" {
		t.Error(made)
	}
}
