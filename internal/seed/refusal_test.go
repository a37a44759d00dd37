package seed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestRefusals has Postgres refuse one row among others, and wants its place and nothing written.
func TestRefusals(t *testing.T) {
	const others = "  x: { email: x@example.com, name: X }\n  y: { email: y@example.com, name: Y, tags: [z] }\n"
	for _, c := range []struct {
		name, sql, yaml string
		code            fault.Code
		wants           []string
	}{
		{
			name:  "another row has the unique value",
			sql:   "INSERT INTO users VALUES (gen_random_uuid(), 'ada@example.com', 'Ada', 'FREE', '', '{}', NULL, now(), now())",
			yaml:  "users:\n" + others + "  ada:\n    name: Ada\n    email: ada@example.com\n  z: { email: z@example.com, name: Z }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:6:12:", "users.ada", "Key (email)=(ada@example.com) already exists", "another row has this value already"},
		},
		{
			name:  "check constraint",
			yaml:  "users:\n" + others + "  su: { email: su@example.com, name: root, tier: TEAM }\n",
			code:  fault.Invalid,
			wants: []string{"seeds/dev/a.yaml:4:3:", "users.su", `violates check constraint "users_name_check"`},
		},
		{
			name: "trigger",
			sql: `CREATE FUNCTION no_tea() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF NEW.title = 'Tea' THEN RAISE EXCEPTION 'no tea here' USING HINT = 'drink coffee', ERRCODE = 'T0001'; END IF; RETURN NEW; END $$;
				CREATE TRIGGER no_tea BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION no_tea()`,
			yaml:  "users:\n" + others + "tickets:\n  - title: Water\n  - title: Tea\n  - title: Milk\n",
			code:  fault.Invalid,
			wants: []string{"seeds/dev/a.yaml:6:5:", "a row of tickets: no tea here", "drink coffee"},
		},
		{
			name:  "key that no row has",
			yaml:  "users:\n" + others + "  z: { email: z@example.com, name: Z, manager: 00000000-0000-0000-0000-00000000dead }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:4:", "users.z", "is not present in table"},
		},
		{
			name:  "deferred constraint",
			sql:   "ALTER TABLE users ALTER CONSTRAINT users_manager_id_fkey DEFERRABLE INITIALLY DEFERRED",
			yaml:  "users:\n" + others + "  z: { email: z@example.com, name: Z, manager: 00000000-0000-0000-0000-00000000dead }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:4:", "users.z", "is not present in table"},
		},
		{
			name:  "longer than the column",
			yaml:  "samples:\n  - { code: a, short: abc }\n  - { code: b, short: abcd }\n",
			code:  fault.Invalid,
			wants: []string{"seeds/dev/a.yaml:3:5:", "value too long for type character varying(3)"},
		},
		{
			name:  "column that the schema does not know",
			sql:   "ALTER TABLE tickets ADD COLUMN due date NOT NULL",
			yaml:  "tickets:\n  - title: One\n",
			code:  fault.Invalid,
			wants: []string{"seeds/dev/a.yaml:2:5:", `null value in column "due"`},
		},
		{
			name:  "column that is not there",
			sql:   "ALTER TABLE users DROP COLUMN bio",
			yaml:  "users:\n  x:\n    email: x@example.com\n    name: X\n    bio: text\n  y: { email: y@example.com, name: Y, bio: text }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:5:10:", "the table users has no column bio in the database"},
		},
		{
			name: "trigger that fails by itself",
			sql: `CREATE FUNCTION oops() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nothing(); RETURN NEW; END $$;
				CREATE TRIGGER oops BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION oops()`,
			yaml:  "tickets:\n  - title: Water\n",
			code:  fault.Invalid,
			wants: []string{"function nothing() does not exist"},
		},
		{
			name:  "column of a default that is not there",
			sql:   "ALTER TABLE projects DROP COLUMN stars",
			yaml:  "users:\n" + others + "projects:\n  one: { slug: one, owner: $users.x }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:5:3:", "the table projects has no column stars in the database"},
		},
		{
			name:  "table that is not there",
			sql:   "DROP TABLE samples",
			yaml:  "samples:\n  - { code: a }\n  - { code: b }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:2:5:", "the database has no table samples"},
		},
		{
			name:  "computed column",
			sql:   "ALTER TABLE samples DROP COLUMN an_int; ALTER TABLE samples ADD COLUMN an_int int GENERATED ALWAYS AS (1) STORED",
			yaml:  "samples:\n  - { code: a, anInt: 2 }\n",
			code:  fault.Conflict,
			wants: []string{"seeds/dev/a.yaml:2:23:", "the database computes samples.an_int"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			if c.sql != "" {
				testkit.Exec(t, pool, c.sql)
			}
			before := counts(t, pool)
			text, err := fails(t, pool, c.yaml)
			if fault.CodeOf(err) != c.code {
				t.Errorf("code %s, want %s", fault.CodeOf(err), c.code)
			}
			for _, want := range c.wants {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if strings.Count(text, "error:") > 1 {
				t.Errorf("want one mistake, got\n%s", text)
			}
			if strings.Count(text, "load the seeds") != 1 {
				t.Errorf("what was being done is not said once:\n%s", text)
			}
			if after := counts(t, pool); after != before {
				t.Errorf("something was written: %s, then %s", before, after)
			}
		})
	}
}

// The row at fault is found in a table of many rows, among several groups of columns.
func TestRefusalAmongMany(t *testing.T) {
	pool := database(t)
	var text strings.Builder
	text.WriteString("tickets:\n")
	for i := range 1000 {
		title := fmt.Sprintf("ticket %d", i)
		if i == 617 {
			title = "taken"
		}
		fmt.Fprintf(&text, "  - {title: %s%s}\n", title, []string{"", ", project: null"}[i%2])
	}
	testkit.Exec(t, pool, "CREATE UNIQUE INDEX ON tickets (lower(title)); INSERT INTO tickets (title) VALUES ('TAKEN')")
	got, _ := fails(t, pool, text.String())
	if !strings.Contains(got, "seeds/dev/a.yaml:619:") {
		t.Error(got)
	}
}
