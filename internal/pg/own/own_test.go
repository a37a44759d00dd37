package own_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

func apply(t *testing.T, db own.Target) {
	t.Helper()
	if version, err := own.Apply(t.Context(), db); err != nil || version != own.Latest() {
		t.Fatalf("version %d: %v", version, err)
	}
}

// tables describes the tables of a schema: columns, defaults, constraints and grants.
func tables(t *testing.T, db *pgxpool.Pool) string {
	t.Helper()
	return testkit.Value(t, db, `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
		SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relnamespace = 'krowoc'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'krowoc'::regnamespace) AS x (line)`)
}

func TestFreshDatabase(t *testing.T) {
	db := testkit.NewDatabase(t)
	if version, err := own.Check(t.Context(), db); version != 0 || fault.CodeOf(err) != fault.Conflict ||
		!strings.Contains(err.Error(), fmt.Sprintf("needs version %d", own.Latest())) || !strings.Contains(fault.HintOf(err), "krowoc migrate up") {
		t.Errorf("before: %d, %v", version, err)
	}
	apply(t, db)
	before := testkit.Value(t, db, "SELECT string_agg(xmin::text || version || name, ' ' ORDER BY version) FROM krowoc.versions")
	apply(t, db) // changes nothing
	if after := testkit.Value(t, db, "SELECT string_agg(xmin::text || version || name, ' ' ORDER BY version) FROM krowoc.versions"); after != before {
		t.Errorf("%s, then %s", before, after)
	}
	if version, err := own.Check(t.Context(), db); version != own.Latest() || err != nil {
		t.Errorf("after: %d, %v", version, err)
	}
}

// What a transaction has applied goes with it.
func TestRolledBack(t *testing.T) {
	db := testkit.NewDatabase(t)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, tx)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if version, err := own.Version(t.Context(), db); version != 0 || err != nil {
		t.Errorf("%d, %v", version, err)
	}
}

func TestManyProcessesAtOnce(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, legacy)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			conn, err := pgx.ConnectConfig(t.Context(), db.Config().ConnConfig)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(context.WithoutCancel(t.Context()))
			if version, err := own.Apply(t.Context(), conn); version != own.Latest() || err != nil {
				t.Errorf("%d, %v", version, err)
			}
		})
	}
	wg.Wait()
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.versions"); got != fmt.Sprint(own.Latest()) {
		t.Error(got)
	}
	if got := testkit.Value(t, db, "SELECT string_agg(name, ' ' ORDER BY name) FROM krowoc.seeds"); got != "posts users" {
		t.Error(got)
	}
}

// legacy is what earlier releases left in a database that has used everything.
const legacy = `
	CREATE TABLE krowoc_migration_lease (
		id boolean PRIMARY KEY DEFAULT true CHECK (id),
		token uuid NOT NULL, application text NOT NULL, host text NOT NULL, pid integer NOT NULL,
		since timestamptz NOT NULL, expires timestamptz NOT NULL);
	INSERT INTO krowoc_migration_lease VALUES (true, gen_random_uuid(), 'krowoc', 'elsewhere', 42, now(), now() + interval '1 hour');
	CREATE TABLE krowoc_migration_progress (
		version_id bigint PRIMARY KEY, direction text NOT NULL,
		finished integer NOT NULL, begun integer NOT NULL, sum text NOT NULL, message text NOT NULL DEFAULT '',
		tstamp timestamptz NOT NULL DEFAULT now());
	INSERT INTO krowoc_migration_progress VALUES (7, 'up', 2, 3, 'sum', 'why');
	CREATE TABLE IF NOT EXISTS krowoc_seeds (
		kind text NOT NULL, set text NOT NULL DEFAULT '', name text NOT NULL, digest text NOT NULL, done bigint NOT NULL DEFAULT 0,
		total bigint NOT NULL DEFAULT 0, basis text NOT NULL DEFAULT '',
		loaded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (kind, name, digest));
	INSERT INTO krowoc_seeds (kind, set, name, digest) VALUES ('row', 'dev', 'users', '{"id": "1"}'), ('row', 'dev', 'posts', '{"id": "2"}');
	CREATE TABLE IF NOT EXISTS krowoc_unsaved (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, up text[] NOT NULL, down text[] NOT NULL, at timestamptz NOT NULL DEFAULT now());
	INSERT INTO krowoc_unsaved (up, down) VALUES ('{a,b}', '{c}'), ('{d}', '{}');
	DELETE FROM krowoc_unsaved WHERE id = 1;`

// The rows of every old table move, and the schema is then that of a fresh database.
func TestOldTablesMove(t *testing.T) {
	fresh, db := testkit.NewDatabase(t), testkit.NewDatabase(t)
	apply(t, fresh)
	role := "own_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, db, legacy+"; CREATE ROLE "+role+"; GRANT SELECT, INSERT ON krowoc_seeds TO "+role)
	defer testkit.Exec(t, db, "DROP OWNED BY "+role+"; DROP ROLE "+role)
	apply(t, db)
	if got, want := tables(t, db), tables(t, fresh); got != want {
		t.Errorf("moved:\n%s\nfresh:\n%s", got, want)
	}
	testkit.Exec(t, db, "INSERT INTO krowoc.unsaved (up, down) VALUES ('{}', '{}')") // with an id above those that moved
	for sql, want := range map[string]string{
		"SELECT host FROM krowoc.migration_lease": "elsewhere",
		"SELECT concat_ws(' ', schema, version_id, direction, finished, begun, sum, message) FROM krowoc.migration_progress":                                  "public 7 up 2 3 sum why",
		"SELECT string_agg(concat_ws(' ', kind, set, name, digest), ', ' ORDER BY name) FROM krowoc.seeds":                                                    `row dev posts {"id": "2"}, row dev users {"id": "1"}`,
		"SELECT string_agg(concat_ws(' ', id, up, down), ', ' ORDER BY id) FROM krowoc.unsaved":                                                               "2 {d} {}, 3 {} {}",
		"SELECT count(*)::text FROM pg_class WHERE relname LIKE 'krowoc%'":                                                                                    "0",
		"SELECT concat_ws(' ', has_table_privilege('" + role + "', 'krowoc.seeds', 'SELECT'), has_table_privilege('" + role + "', 'krowoc.seeds', 'DELETE'))": "t f",
	} {
		if got := testkit.Value(t, db, sql); got != want {
			t.Errorf("%s: %s", sql, got)
		}
	}
}

// A table of somebody else's that has the name of an old one stays, and so do its rows.
func TestTablesOfOthersStay(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TABLE krowoc_seeds (plant text); INSERT INTO krowoc_seeds VALUES ('sunflower')")
	apply(t, db)
	if got := testkit.Value(t, db, "SELECT plant FROM krowoc_seeds"); got != "sunflower" {
		t.Error(got)
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.seeds"); got != "0" {
		t.Error(got)
	}
}

// The progress of projects that share a database through schemas of their own stays apart.
func TestOldTablesOfSeveralSchemas(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE SCHEMA a; CREATE SCHEMA b; SET search_path = a; "+legacy+"; SET search_path = b; "+legacy+"; RESET search_path")
	apply(t, db)
	if got := testkit.Value(t, db, "SELECT string_agg(schema || version_id, ' ' ORDER BY schema) FROM krowoc.migration_progress"); got != "a7 b7" {
		t.Error(got)
	}
}

func TestSchemaOfOthers(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE SCHEMA krowoc; CREATE TABLE krowoc.versions (mine text); CREATE TABLE krowoc.plants (id int)")
	_, err := own.Apply(t.Context(), db)
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "plants, versions") || !strings.Contains(fault.HintOf(err), "ALTER SCHEMA krowoc RENAME TO") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM pg_class WHERE relnamespace = 'krowoc'::regnamespace"); got != "2" {
		t.Errorf("%s tables", got)
	}
}

// A failure between two statements of a migration leaves nothing, and the next run succeeds.
func TestInterrupted(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, legacy+"; CREATE VIEW planted AS SELECT name FROM krowoc_seeds")
	if _, err := own.Apply(t.Context(), db); err == nil || !strings.Contains(err.Error(), "planted") {
		t.Fatalf("a view on an old table: %v", err)
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc_seeds WHERE to_regnamespace('krowoc') IS NULL"); got != "2" {
		t.Errorf("%s notes are left", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := own.Apply(ctx, db); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	testkit.Exec(t, db, "DROP VIEW planted")
	apply(t, db)
}

// A role of its own, and a pool that logs in with it.
func as(t *testing.T, db *pgxpool.Pool) (*pgxpool.Pool, string) {
	t.Helper()
	role := "own_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, db, "CREATE ROLE "+role+" LOGIN PASSWORD 'app'")
	config := db.Config()
	config.ConnConfig.User, config.ConnConfig.Password = role, "app"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, role
}

func TestRoleWithoutRights(t *testing.T) {
	db := testkit.NewDatabase(t)
	weak, role := as(t, db)
	_, err := own.Apply(t.Context(), weak)
	grant := fmt.Sprintf(`GRANT CREATE ON DATABASE "%s" TO "%s"`, db.Config().ConnConfig.Database, role)
	if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), grant) {
		t.Fatalf("%v; %s", err, fault.HintOf(err))
	}
	// Who may not create tables can still read the version.
	if _, err := own.Check(t.Context(), weak); fault.CodeOf(err) != fault.Conflict {
		t.Error(err)
	}
	// What the hint says is enough.
	testkit.Exec(t, db, grant)
	apply(t, weak)

	db = testkit.NewDatabase(t)
	weak, role = as(t, db)
	testkit.Exec(t, db, "CREATE SCHEMA krowoc")
	if _, err := own.Apply(t.Context(), weak); !strings.Contains(fault.HintOf(err), `GRANT USAGE, CREATE ON SCHEMA krowoc TO "`+role+`"`) {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	testkit.Exec(t, db, "ALTER SCHEMA krowoc OWNER TO "+role)
	apply(t, weak)
}

// The role of a service, which may create nothing, reads the version without a grant; where grants were lost, the hint names them.
func TestRoleOfService(t *testing.T) {
	db := testkit.NewDatabase(t)
	apply(t, db)
	weak, _ := as(t, db)
	if version, err := own.Check(t.Context(), weak); version != own.Latest() || err != nil {
		t.Errorf("%d, %v", version, err)
	}
	apply(t, weak) // there is nothing to do
	for _, revoke := range []string{"REVOKE SELECT ON krowoc.versions FROM PUBLIC", "REVOKE USAGE ON SCHEMA krowoc FROM PUBLIC"} {
		testkit.Exec(t, db, revoke)
		if _, err := own.Check(t.Context(), weak); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "USAGE ON SCHEMA krowoc; SELECT ON krowoc.versions") {
			t.Errorf("%v; %s", err, fault.HintOf(err))
		}
	}
}

// The old table belongs to another role: the fault says so, and nothing has moved.
func TestOldTableOfAnotherOwner(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, legacy)
	weak, role := as(t, db)
	testkit.Exec(t, db, fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s; GRANT ALL ON ALL TABLES IN SCHEMA public TO %[2]s", db.Config().ConnConfig.Database, role))
	if _, err := own.Apply(t.Context(), weak); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "must be owner of table krowoc_") || !strings.Contains(fault.HintOf(err), "as the owner of the table") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	if version, err := own.Version(t.Context(), db); version != 0 || err != nil {
		t.Errorf("%d, %v", version, err)
	}
}

// A database that a newer release has migrated is accepted.
func TestNewerDatabase(t *testing.T) {
	db := testkit.NewDatabase(t)
	apply(t, db)
	testkit.Exec(t, db, fmt.Sprintf("INSERT INTO krowoc.versions (version, name) VALUES (%d, 'later')", own.Latest()+1))
	for _, f := range []func() (int, error){
		func() (int, error) { return own.Check(t.Context(), db) },
		func() (int, error) { return own.Apply(t.Context(), db) },
	} {
		if version, err := f(); version != own.Latest()+1 || err != nil {
			t.Errorf("%d, %v", version, err)
		}
	}
}

// A dump that is restored elsewhere has the schema with its version and rows.
func TestDumpAndRestore(t *testing.T) {
	from, to := testkit.NewDatabase(t), testkit.NewDatabase(t)
	testkit.Exec(t, from, legacy)
	apply(t, from)
	run := func(tool, input string, db *pgxpool.Pool, args ...string) string {
		t.Helper()
		path, err := local.Tool(t.Context(), os.Getenv, tool, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := db.Config().ConnConfig
		cmd := exec.CommandContext(t.Context(), path, append(args, "--host", c.Host, "--port", fmt.Sprint(c.Port), "--username", c.User, "--dbname", c.Database)...)
		cmd.Env = append(cmd.Environ(), "PGPASSWORD="+c.Password)
		cmd.Stdin = strings.NewReader(input)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, stderr.String())
		}
		return string(out)
	}
	run("psql", run("pg_dump", "", from), to, "--set", "ON_ERROR_STOP=1")
	if got, want := tables(t, to), tables(t, from); got != want {
		t.Errorf("restored:\n%s\nwas:\n%s", got, want)
	}
	if got := testkit.Value(t, to, "SELECT count(*) FROM krowoc.seeds"); got != "2" {
		t.Errorf("%s notes", got)
	}
	apply(t, to)
	weak, _ := as(t, to)
	if version, err := own.Check(t.Context(), weak); version != own.Latest() || err != nil {
		t.Errorf("%d, %v", version, err)
	}
}
