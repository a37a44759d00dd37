package seed_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const exchangeSchema = `
enum Place { FIRST SECOND THIRD FOURTH }

type Shelf @table @auth(rules: []) { name: String! @unique }

type Item @table @unique(fields: ["shelf", "position"]) @auth(rules: []) {
  email: String! @unique @format(type: email)
  code: String! @unique @pattern(regex: "^[A-Z]{2}-[0-9]{3}$")
  number: Int! @unique @range(min: 1, max: 40)
  place: Place @unique
  token: ID! @unique
  day: Date! @unique
  shelf: Shelf!
  position: Int!
  label: String!
  state: String!
  parent: Item
  note: String
}
`

// exchange returns a database with unique indexes that the schema does not know.
func exchange(t *testing.T) (func(text string, set ...func(*seed.Options)) (seed.Summary, error), *pgxpool.Pool) {
	s := parse(t, exchangeSchema)
	pool := built(t, s)
	testkit.Exec(t, pool, `CREATE UNIQUE INDEX items_label ON items (lower(label));
		CREATE UNIQUE INDEX items_live ON items (state) WHERE state <> 'gone';
		ALTER TABLE items ADD CONSTRAINT state_words CHECK (state ~ '^[a-z]+$')`)
	return func(text string, set ...func(*seed.Options)) (seed.Summary, error) {
		o := options(t, pool, files("dev/a.yaml", text))
		o.Schema = s
		for _, f := range set {
			f(&o)
		}
		return seed.Load(t.Context(), o)
	}, pool
}

// itemsFile writes n items whose unique values are those of the permutations.
func itemsFile(random *rand.Rand, names []string, nested bool) (file, want string) {
	n := len(names)
	perm := func() []int { return random.Perm(n) }
	email, code, number, place, token, day, position, label, state := perm(), perm(), perm(), perm(), perm(), perm(), perm(), perm(), perm()
	var b strings.Builder
	b.WriteString("shelves:\n  s0: {name: s0}\n  s1: {name: s1}\nitems:\n")
	var lines []string
	for i, name := range names {
		where := "null"
		if place[i] < 4 {
			where = []string{"FIRST", "SECOND", "THIRD", "FOURTH"}[place[i]]
		}
		word := string(rune('a'+state[i]/26)) + string(rune('a'+state[i]%26))
		fmt.Fprintf(&b, "  %s: {email: p%d@example.com, code: AB-%03d, number: %d, place: %s, token: 00000000-0000-4000-8000-%012d, day: 2026-01-%02d, shelf: $shelves.s%d, position: %d, label: Label%d, state: %s",
			name, email[i], code[i], number[i]+1, where, token[i], day[i]+1, position[i]%2, position[i]/2, label[i], word)
		if nested && i > 0 {
			fmt.Fprintf(&b, ", parent: $items.%s", names[random.IntN(i)])
		}
		if random.IntN(3) == 0 { // rows of several groups
			b.WriteString(", note: x")
		}
		b.WriteString("}\n")
		lines = append(lines, fmt.Sprintf("p%d@example.com AB-%03d %d %s %d %d s%d/%d Label%d %s", email[i], code[i], number[i]+1, where, token[i], day[i]+1, position[i]%2, position[i]/2, label[i], word))
	}
	slices.Sort(lines)
	return b.String(), strings.Join(lines, "\n")
}

const itemsAsFile = `SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (SELECT concat_ws(' ', email, code, number, coalesce(place::text, 'null'),
	right(token::text, 12)::bigint, extract(day FROM day), s.name || '/' || position, label, state) AS line FROM items JOIN shelves s ON s.id = shelf_id) AS l`

// Any permutation of unique values over the fixtures loads, and ends as the file says. Loading it again changes nothing.
func TestExchangeUniqueValues(t *testing.T) {
	for round := range uint64(6) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			load, pool := exchange(t)
			random := rand.New(rand.NewPCG(round, 7))
			var names []string
			for i := range 2 + random.IntN(14) {
				names = append(names, fmt.Sprintf("row%d", i))
			}
			for step := range 4 {
				options := []func(*seed.Options){}
				if step > 0 { // some rows leave, and new ones take their values
					options = append(options, prune)
					for i := range names {
						if random.IntN(3) == 0 {
							names[i] = fmt.Sprintf("row%d_%d", i, step)
						}
					}
				}
				file, want := itemsFile(random, names, round%2 == 1)
				planned, err := load(file, append(options, dryRun)...)
				if err != nil {
					t.Fatalf("a dry run of step %d: %s\n%s", step, explain(err), file)
				}
				done := must(t)(load(file, options...))
				if got := testkit.Value(t, pool, itemsAsFile); got != want {
					t.Fatalf("step %d:\n%s\nwant\n%s", step, got, want)
				}
				if planned.Total() != done.Total() {
					t.Errorf("step %d: planned %+v, done %+v", step, planned.Total(), done.Total())
				}
				if again := must(t)(load(file, options...)).Total(); again.Inserted+again.Updated+again.Deleted > 0 {
					t.Errorf("step %d, again: %+v", step, again)
				}
			}
		})
	}
}

// numbered writes fixtures of shelves with these names.
func numbered(names []int) string {
	var b strings.Builder
	b.WriteString("shelves:\n")
	for i, n := range names {
		fmt.Fprintf(&b, "  f%d: {name: n%d}\n", i, n)
	}
	return b.String()
}

// A shift along a chain needs one statement per row, and no temporary value, also beside many rows.
func TestShiftInABigTable(t *testing.T) {
	load, pool := exchange(t)
	testkit.Exec(t, pool, `INSERT INTO shelves (id, name) SELECT gen_random_uuid(), 'other' || n FROM generate_series(1, 100000) AS n;
		CREATE TABLE seen (name text);
		CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (NEW.name); RETURN NEW; END $$;
		CREATE TRIGGER watch BEFORE UPDATE ON shelves FOR EACH ROW EXECUTE FUNCTION watch()`)
	const n = 1500
	names := make([]int, n)
	for i := range names {
		names[i] = i
	}
	must(t)(load(numbered(names)))
	for i := range names {
		names[i]++ // f0 takes over the value of f1, and so on; the last one is new
	}
	wantTotal(t, must(t)(load(numbered(names))), 0, n, 0)
	if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || count(DISTINCT name) || ' ' || count(*) FILTER (WHERE name !~ '^n[0-9]+$') FROM seen"); got != "1500 1500 0" {
		t.Errorf("updates, names and temporary names: %s", got)
	}
	slices.Reverse(names)
	wantTotal(t, must(t)(load(numbered(names))), 0, n, 0) // 1500 is even, so no row keeps its value
	wantTotal(t, must(t)(load(numbered(names))), 0, 0, n)
}

// What is no exchange is still an error, at the row that has the value, and nothing changes.
func TestRefusesTakenValues(t *testing.T) {
	load, pool := exchange(t)
	must(t)(load("shelves:\n  a: {name: a}\n  b: {name: b}\n  c: {name: c}\n"))
	testkit.Exec(t, pool, "INSERT INTO shelves (id, name) VALUES (gen_random_uuid(), 'own')")
	for _, c := range []struct{ name, file, want string }{
		{"of a row that no fixture knows", "shelves:\n  a: {name: b}\n  b: {name: a}\n  c: {name: own}\n", "a.yaml:4:13: error: Postgres refuses shelves.c: duplicate key value violates unique constraint \"shelves_name_key\": Key (name)=(own) already exists."},
		{"of a fixture that is no longer there, without --prune", "shelves:\n  a: {name: b}\n  c: {name: c}\n", "a.yaml:2:13: error: Postgres refuses shelves.a: duplicate key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(c.file)
			if err == nil || !strings.Contains(explain(err), c.want) {
				t.Errorf("%s\nwant %s", explain(err), c.want)
			}
			if got := testkit.Value(t, pool, "SELECT string_agg(name, ' ' ORDER BY name) FROM shelves"); got != "a b c own" {
				t.Error(got)
			}
		})
	}
}

// A unique enum has no value in between if all are in use. A row to which no other refers is taken out for a moment, and keeps what the
// fixtures do not give.
func TestExchangeEveryValueOfAnEnum(t *testing.T) {
	s := parse(t, "enum Color { RED GREEN }\ntype Light @table @auth(rules: []) {\n  color: Color! @unique\n  on: Boolean @unique\n  number: Int! @generated(identity: ALWAYS)\n  size: Int! @default(value: 3)\n  twice: Int! @generated(expr: \"this.size * 2\")\n"+
		"  label: String @default(value: \"none\")\n  at: DateTime! @default(expr: \"request.time\") @onUpdate(expr: \"request.time\")\n}\ntype Lamp @table @auth(rules: []) {\n  light: Light!\n}")
	pool := built(t, s)
	load := func(text string, set ...func(*seed.Options)) (seed.Summary, error) {
		o := options(t, pool, files("dev/a.yaml", text))
		o.Schema = s
		for _, f := range set {
			f(&o)
		}
		return seed.Load(t.Context(), o)
	}
	must(t)(load("lights:\n  a: {color: RED}\n  b: {color: GREEN}\n"))
	summary := must(t)(load("lights:\n  a: {color: RED}\n  c: {color: GREEN}\n", prune)).Total() // b is not used, so it can go first
	if summary.Inserted != 1 || summary.Deleted != 1 || summary.Unchanged != 1 {
		t.Errorf("%+v", summary)
	}
	testkit.Exec(t, pool, `UPDATE lights SET label = E'own (a,"b")\\n\\\\' || color, at = '2020-01-01'; ALTER TABLE lights ADD own point`)
	testkit.Exec(t, pool, "UPDATE lights SET own = point(1, 2)")
	const all = "SELECT string_agg(concat_ws(' ', id, number, twice, label, own), '; ' ORDER BY id) FROM lights"
	before := testkit.Value(t, pool, all)
	const swapped = "lights:\n  a: {color: GREEN}\n  c: {color: RED}\n"
	planned := must(t)(load(swapped, dryRun))
	if got := must(t)(load(swapped)).Total(); got.Updated != 2 || got.Inserted+got.Unchanged > 0 || planned.Total() != got || len(planned.Changes) != 2 || fmt.Sprint(planned.Changes[0].Fields, planned.Changes[1].Fields) != "[color] [color]" {
		t.Errorf("%+v, planned %+v %+v", got, planned.Total(), planned.Changes)
	}
	if got := testkit.Value(t, pool, all); got != before || testkit.Value(t, pool, "SELECT count(*) FROM lights WHERE at = '2026-03-01T09:30:00Z'") != "2" {
		t.Errorf("got %s\nwant %s", got, before)
	}
	wantTotal(t, must(t)(load(swapped)), 0, 0, 2)
	testkit.Exec(t, pool, "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$; CREATE TRIGGER watch BEFORE DELETE ON lights FOR EACH ROW EXECUTE FUNCTION watch()")
	_, err := load("lights:\n  a: {color: RED}\n  c: {color: GREEN}\n")
	if err == nil || !strings.Contains(explain(err), "lights accepts no temporary value, and the row cannot be taken out for a moment because the triggers of lights would run") {
		t.Error(explain(err))
	}
	testkit.Exec(t, pool, "DROP TRIGGER watch ON lights; INSERT INTO lamps (id, light_id) SELECT gen_random_uuid(), id FROM lights")
	_, err = load("lights:\n  a: {color: RED}\n  c: {color: GREEN}\n")
	if err == nil || !strings.Contains(explain(err), "because other rows refer to it") {
		t.Error(explain(err))
	}
	_, err = load("lights:\n  d: {color: RED}\n  c: {color: GREEN}\n", prune)
	if err == nil || !strings.Contains(explain(err), "other rows refer to it") {
		t.Error(explain(err))
	}
}

// Rows of a table that refers to itself are not taken out: another one may refer to them before they are back.
func TestExchangeInACircle(t *testing.T) {
	s := parse(t, "type Node @table @auth(rules: []) {\n  on: Boolean! @unique\n  parent: Node\n}")
	pool := built(t, s)
	o := options(t, pool, files("dev/a.yaml", "nodes:\n  a: {on: true}\n  b: {on: false}\n"))
	o.Schema = s
	must(t)(seed.Load(t.Context(), o))
	o.FS = files("dev/a.yaml", "nodes:\n  a: {on: false, parent: null}\n  b: {on: true}\n")
	wantTotal(t, must(t)(seed.Load(t.Context(), o)), 0, 2, 0)
	o.FS = files("dev/a.yaml", "nodes:\n  a: {on: true, parent: $nodes.b}\n  b: {on: false, parent: $nodes.a}\n")
	if _, err := seed.Load(t.Context(), o); err == nil || !strings.Contains(explain(err), "because rows of the same fixtures refer to each other") {
		t.Error(explain(err))
	}
}

// No name of a column is special.
func TestColumnNames(t *testing.T) {
	s := parse(t, "type Line @table @auth(rules: []) {\n  ord: Int! @unique\n  at: String!\n  t: String!\n  s: String!\n  f: String!\n  h: String! @unique\n}")
	pool := built(t, s)
	o := options(t, pool, files("dev/a.yaml", "lines:\n  a: {ord: 1, at: x, t: y, s: z, f: w, h: p}\n  b: {ord: 2, at: x, t: y, s: z, f: w, h: q}\n"))
	o.Schema = s
	wantTotal(t, must(t)(seed.Load(t.Context(), o)), 2, 0, 0)
	o.FS = files("dev/a.yaml", "lines:\n  a: {ord: 2, at: x, t: y, s: z, f: w, h: q}\n  b: {ord: 1, at: x, t: y, s: z, f: w, h: p}\n")
	wantTotal(t, must(t)(seed.Load(t.Context(), o)), 0, 2, 0)
}
