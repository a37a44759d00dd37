package dump_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/dump"
	"github.com/krowoc/krowoc/internal/testkit"
)

// markers are in the values that are personal data, and nowhere else.
var markers = []string{"marker", "marcher", "leaky", "secretstreet", "77712345", "P88", "203.0.113", "1931-05", "48321.77", "bWFya2Vy", "wonderland"}

// people returns a database whose personal data has the markers.
func people(t testing.TB) (*schema.Schema, *pgxpool.Pool) {
	t.Helper()
	text, err := os.ReadFile("testdata/people.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(text))
	pool := database(t, s)
	for i := range 40 {
		mentor := "NULL"
		if i > 0 {
			mentor = fmt.Sprintf("'marker|%d'", i/2)
		}
		testkit.Exec(t, pool, fmt.Sprintf(`
			INSERT INTO people VALUES ('marker|%[1]d', 'marker.%[1]d@leaky.example', 'Leaky Marcher%[1]d', '+4977712345%02[1]d', 'Secretstreet %[1]d', 'https://leaky.example/marker%[1]d',
				'203.0.113.%[1]d', 'marker%[1]d', E'Born in Wonderland,\n%[1]d children', ARRAY['leaky%[1]d', 'marker.%[1]d@leaky.example'],
				'{"email": "marker.%[1]d@leaky.example", "deep": [{"note": "marker %[1]d"}], "salary": 48321.77, "marker@leaky.example": 1, "marker_%[1]d": {"leaky": 1}}', 'marker',
				'1931-05-%02[2]d', 48321.77, %[2]d, '1931-05-03 10:00:00Z', 1931.05, 'TEAM', true, 'Uppsala', %[3]s);
			INSERT INTO passports VALUES ('marker|%[1]d', 'SE', 'P88%05[1]d');
			INSERT INTO visits (passport_holder_id, passport_country, contact, at) VALUES ('marker|%[1]d', 'SE', 'marker.%[1]d@leaky.example', now());
			INSERT INTO teams (slug, lead_id) SELECT 'team-%[1]d', 'marker|%[1]d';
			INSERT INTO people_teams (person_id, team_id) SELECT 'marker|%[1]d', id FROM teams`, i, 10+i%18, mentor))
	}
	return s, pool
}

// noMarkers wants none of the markers in a text, in whatever case.
func noMarkers(t testing.TB, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, m := range markers {
		if at := strings.Index(lower, strings.ToLower(m)); at >= 0 {
			t.Errorf("%q leaves in clear: …%s…", m, text[max(0, at-80):min(len(text), at+80)])
		}
	}
}

// TestNothingInClear dumps personal data of every type, and looks for it in everything that comes out.
func TestNothingInClear(t *testing.T) {
	s, pool := people(t)
	o := options(t, pool, s)
	summary := dumped(t, o)
	text := files(t, o.Out)
	noMarkers(t, text)
	noMarkers(t, fmt.Sprintf("%+v", summary))
	if !strings.Contains(text, "Uppsala") || len(summary.Unmarked) > 0 {
		t.Errorf("what is not marked is masked, or warned about: %v", summary.Unmarked)
	}

	// It loads, with the references that there were.
	to := database(t, s)
	load(t, to, s, o)
	const shape = `SELECT concat_ws(' ', count(*), count(m.id), count(DISTINCT p.email), count(DISTINCT p.phone), count(DISTINCT p.login), sum(length(p.bio)),
		count(DISTINCT v.id), count(*) FILTER (WHERE v.contact = p.email AND p.aliases[2] = p.email AND p.profile ->> 'email' = p.email))
		FROM people p LEFT JOIN people m ON m.id = p.mentor_id JOIN passports s ON s.holder_id = p.id JOIN visits v ON v.passport_holder_id = s.holder_id`
	if got, want := testkit.Value(t, to, shape), testkit.Value(t, pool, shape); got != want || !strings.HasPrefix(got, "40 39 40 40 40 ") || !strings.HasSuffix(got, " 40 40") {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := testkit.Value(t, to, "SELECT count(*)::text FROM people WHERE email !~ '@example.com$' OR born < '1900-01-01' OR photo = 'marker'"); got != "0" {
		t.Errorf("%s masks have another form", got)
	}

	// The same key masks alike, another one otherwise.
	again, other := options(t, pool, s), options(t, pool, s)
	other.MaskKey = []byte("another key, of another team")
	dumped(t, again)
	dumped(t, other)
	if files(t, again.Out) != text {
		t.Error("the same key gives other masks")
	}
	mails := regexp.MustCompile(`[a-z0-9.]+@example\.com`)
	for _, mail := range mails.FindAllString(files(t, other.Out), -1) {
		if strings.Contains(text, mail) {
			t.Errorf("%s with either key", mail)
		}
	}
}

// TestNothingInErrors makes a dump of personal data fail in every way, and looks for the data in the errors.
func TestNothingInErrors(t *testing.T) {
	s, _ := people(t)
	source, err := os.ReadFile("testdata/people.graphql")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(old, by string) *schema.Schema { return parse(t, strings.Replace(string(source), old, by, 1)) }
	for name, c := range map[string]struct {
		schema *schema.Schema
		sql    string
		root   string
		code   fault.Code
		want   string
	}{
		"a cast in the condition":    {s, "", "people where email::int > 0", fault.Invalid, "read --root people"},
		"a function that raises":     {s, "CREATE FUNCTION tell(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'no %', $1; END $$", "people where tell(email)", fault.Invalid, "read --root people"},
		"a hint that tells":          {s, "CREATE FUNCTION hint(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING HINT = $1; END $$", "people where hint(email)", fault.Invalid, "read --root people"},
		"a name that is not there":   {s, "", "people where mail = ''", fault.Invalid, `column "mail" does not exist`},
		"a write in the condition":   {s, "CREATE FUNCTION forget() RETURNS bool LANGUAGE sql AS $$ DELETE FROM visits RETURNING true $$", "people where forget()", fault.Invalid, "read-only"},
		"a check that masks break":   {changed(`@check(expr: "this.email == this.email.lowerAscii()")`, `@check(expr: "this.email.endsWith('.example')", message: "Ours alone.")`), "", "", fault.Conflict, "the masks of Person.email break the check people_email_check: Ours alone."},
		"a check in SQL":             {changed(`@check(expr: "this.email == this.email.lowerAscii()")`, `@check(sql: "email ~ '^[^@]+@leaky'")`), "", "", fault.Conflict, "the masks of Person.email break the check"},
		"a check that cannot be run": {changed(`@check(expr: "this.email == this.email.lowerAscii()")`, `@check(sql: "email::int > 0")`), "", "", fault.Invalid, "may contain personal data"},
		"no mask within the length":  {changed("@length(max: 60)", "@length(max: 9)"), "", "", fault.Conflict, "Person.email: no mask"},
		"a constraint of the schema": {changed("country: String!", "country: String! @length(min: 3)"), "", "", fault.Conflict, "Passport.country has 2 characters, and must have at least 3"},
		"a value that is infinite":   {s, "UPDATE people SET seen = 'infinity' WHERE id = 'marker|3'", "", fault.Conflict, "Person.seen: no mask"},
		"a field that is not there":  {changed("  bio: String", "  diary: String @pii\n  bio: String"), "", "", fault.Conflict, "the table people has no column diary"},
		"a reference into the void":  {s, "ALTER TABLE teams DROP CONSTRAINT teams_lead_id_fkey; UPDATE teams SET lead_id = 'marker|gone'", "", fault.Conflict, "refer to rows of people that do not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, pool := people(t)
			testkit.Exec(t, pool, c.sql)
			o := options(t, pool, c.schema)
			if c.root != "" {
				o.Roots = []string{c.root}
			}
			refused(t, o, c.code, c.want)
			_, err := dump.Dump(t.Context(), o)
			noMarkers(t, explain(err))
			for ; err != nil; err = unwrapped(err) {
				noMarkers(t, fmt.Sprintf("%+v", err))
			}
		})
	}
}

// TestNothingInLog looks at what the server may write to its log during a dump: nothing, where the role may say so.
func TestNothingInLog(t *testing.T) {
	s, pool := people(t)
	o := options(t, pool, s)
	o.Roots = []string{"people where current_setting('log_min_messages') = 'panic'"}
	dumped(t, o)

	role := "krowoc_reader_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, pool, "CREATE ROLE "+role)
	t.Cleanup(func() {
		_, _ = pool.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
	})
	testkit.Exec(t, pool, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "SET ROLE "+role); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = conn.Exec(context.Background(), "RESET ROLE") }()
	o = options(t, pool, s)
	o.DB = conn
	dumped(t, o)
}

// TestBlame wants Postgres's message of a condition, without the form that the driver gives it.
func TestBlame(t *testing.T) {
	s, pool := people(t)
	o := options(t, pool, s)
	o.Roots = []string{"people where mail = ''"}
	if _, err := dump.Dump(t.Context(), o); err == nil || strings.Contains(err.Error(), "SQLSTATE") || strings.Contains(err.Error(), "ERROR:") {
		t.Error(explain(err))
	}
}

func unwrapped(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

// TestUnmarked lists what looks like personal data.
func TestUnmarked(t *testing.T) {
	s := parse(t, `type User @table @auth(rules: []) { email: String! name: String! } type Product @table @auth(rules: []) { name: String! ip: String! } type Ghost @table @auth(rules: []) { email: String }`)
	pool := database(t, s)
	testkit.Exec(t, pool, "INSERT INTO users (email, name) VALUES ('a@b.c', 'A'); INSERT INTO products (name, ip) VALUES ('x', 'y')")
	o := options(t, pool, s)
	o.Strict = true
	refused(t, o, fault.CheckFailed, "User.email, User.name, Product.ip")
	o.Strict, o.Omit = false, []string{"Product.ip"}
	_, err := dump.Dump(t.Context(), o)
	if err == nil || !strings.Contains(explain(err), "ip") { // required, and left out
		t.Error(explain(err))
	}
	o.Omit = nil
	if got := fmt.Sprint(dumped(t, o).Unmarked); got != "[User.email User.name Product.ip]" {
		t.Error(got)
	}
}

func TestFolder(t *testing.T) {
	s := parse(t, `type Tag @table @auth(rules: []) { name: String! @unique }`)
	pool := database(t, s)
	o := options(t, pool, s)
	refused(t, o, fault.NotFound, "there is no row to dump")
	testkit.Exec(t, pool, "INSERT INTO tags (name) VALUES ('one')")
	dumped(t, o)
	first := files(t, o.Out)
	testkit.Exec(t, pool, "INSERT INTO tags (name) VALUES ('two')")
	_, err := dump.Dump(t.Context(), o)
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(explain(err), "seeds/dumped is not empty") || files(t, o.Out) != first {
		t.Error(explain(err))
	}
	if err := os.WriteFile(filepath.Join(o.Out, "old.yml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Overwrite = true
	if got := dumped(t, o); got.Rows() != 2 || strings.Contains(files(t, o.Out), "old.yml") || !strings.Contains(files(t, o.Out), "two") {
		t.Error(files(t, o.Out))
	}
	if err := os.WriteFile(filepath.Join(o.Out, "notes.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, o, fault.Conflict, "seeds/dumped contains notes.md, which is not a fixture")
	o.Out = filepath.Join(o.Out, "notes.md")
	refused(t, o, fault.Invalid, "not a readable folder")
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(o.Out)), ".krowoc*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestWrongOptions(t *testing.T) {
	s := library(t)
	pool := database(t, s)
	for _, c := range []struct {
		change func(*dump.Options)
		want   string
	}{
		{func(o *dump.Options) { o.Roots = []string{"shelfs"} }, "the schema has no table \"shelfs\"\ndid you mean"},
		{func(o *dump.Options) { o.Roots = []string{"shelves; drop table shelves"} }, "a root is a table"},
		{func(o *dump.Options) { o.Roots = []string{"shelves where true; drop table shelves"} }, "the condition of --root shelves has a semicolon"},
		{func(o *dump.Options) { o.Roots = []string{"shelves where true) or (true"} }, "has an unbalanced bracket"},
		{func(o *dump.Options) { o.Roots = []string{"shelves where slug = 'x"} }, "unterminated string"},
		{func(o *dump.Options) { o.Omit = []string{"Shelf.slugg"} }, "no field \"slugg\""},
		{func(o *dump.Options) { o.Omit = []string{"Shelv.slug"} }, "did you mean"},
		{func(o *dump.Options) { o.Omit = []string{"Book.number"} }, "it is part of the key"},
		{func(o *dump.Options) { o.Limit = -1 }, "negative"},
	} {
		o := options(t, pool, s)
		c.change(&o)
		refused(t, o, fault.Invalid, c.want)
	}
	o := options(t, pool, s)
	o.DB = nil
	refused(t, o, fault.Internal, "needs DB")
	testkit.Exec(t, pool, "INSERT INTO samples (code, a_float) VALUES ('x', 'NaN')")
	refused(t, options(t, pool, s), fault.Conflict, "Sample.aFloat has a value that fixtures do not support")
	testkit.Exec(t, pool, "UPDATE samples SET a_float = NULL, texts = '{{1},{2}}'")
	refused(t, options(t, pool, s), fault.Conflict, "Sample.texts has a nested list")
	o = options(t, pool, s)
	o.Omit = []string{"samples.texts"}
	dumped(t, o)
	testkit.Exec(t, pool, "DROP TABLE prices")
	refused(t, options(t, pool, s), fault.Conflict, "the database has no table prices")
}

// TestMaskedKeys masks numbers that rows are found by: references and lists of them follow.
func TestMaskedKeys(t *testing.T) {
	s := parse(t, `
		type Patient @table @auth(rules: []) { id: Int64! @generated(identity: BY_DEFAULT) @pii ward: Int! double: Int! @generated(expr: "this.ward * 2") friends: [Patient!]! @inverse(field: "friendOf") @manyToMany(table: "friends") friendOf: [Patient!]! visits: [Visit!]! }
		type Visit @table(key: ["patient", "day"]) @auth(rules: []) { patient: Patient! day: Date! @pii notes: [Note!]! }
		type Note @table @auth(rules: []) { visit: Visit! text: String! @pii }`)
	pool := database(t, s)
	testkit.Exec(t, pool, `INSERT INTO patients (id, ward) SELECT 7000 + n, n FROM generate_series(1, 300) n;
		INSERT INTO friends SELECT 7000 + n, 7001 + n FROM generate_series(1, 299) n;
		INSERT INTO visits SELECT 7000 + n, '2025-03-01'::date + n FROM generate_series(1, 300) n;
		INSERT INTO notes (visit_patient_id, visit_day, text) SELECT patient_id, day, 'of patient ' || patient_id FROM visits`)
	o := options(t, pool, s)
	dumped(t, o)
	to := database(t, s)
	load(t, to, s, o)
	const chain = `SELECT concat_ws(' ', count(*), count(DISTINCT n.text), sum(p.double))
		FROM patients p JOIN visits v ON v.patient_id = p.id JOIN notes n ON n.visit_patient_id = v.patient_id AND n.visit_day = v.day`
	if got, want := testkit.Value(t, to, chain), testkit.Value(t, pool, chain); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := testkit.Value(t, to, "SELECT concat_ws(' ', count(*), min(length(id::text)), max(length(id::text))) FROM patients"); got != "300 4 4" {
		t.Errorf("the keys are %s", got)
	}
}

func TestInterrupted(t *testing.T) {
	s := parse(t, `type Tag @table @auth(rules: []) { name: String! @unique }`)
	o := options(t, database(t, s), s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dump.Dump(ctx, o); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v", err)
	}
}

// canceling is a database whose transactions cancel a context before their nth query.
type canceling struct {
	*pgxpool.Pool
	cancel func()
	left   int
}

type cancelingTx struct {
	pgx.Tx
	db *canceling
}

func (c *canceling) BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error) {
	tx, err := c.Pool.BeginTx(ctx, o)
	return cancelingTx{tx, c}, err
}

func (c cancelingTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if c.db.left--; c.db.left < 0 {
		c.db.cancel()
	}
	return c.Tx.Query(ctx, sql, args...)
}

// TestInterruptedAnywhere interrupts a dump before each of its queries: the old fixtures stay, and nothing else.
func TestInterruptedAnywhere(t *testing.T) {
	s, pool := people(t)
	o := options(t, pool, s)
	o.Overwrite = true
	dumped(t, o)
	before := files(t, o.Out)
	testkit.Exec(t, pool, "UPDATE teams SET slug = slug || '-renamed'")
	for n := 0; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		o.DB = &canceling{pool, cancel, n}
		_, err := dump.Dump(ctx, o)
		cancel()
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(o.Out), ".*")); len(left) > 0 {
			t.Fatalf("left over: %v", left)
		}
		if err == nil {
			if n < 10 || files(t, o.Out) == before {
				t.Errorf("%d queries", n)
			}
			return
		}
		if fault.CodeOf(err) != fault.Canceled || files(t, o.Out) != before {
			t.Fatalf("query %d: %v", n, err)
		}
	}
}
