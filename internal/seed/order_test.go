package seed_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestSelfReferences(t *testing.T) {
	pool := database(t)
	text := `
users:
	last: { email: c@example.com, name: C, manager: $users.middle, bio: so that the columns differ }
	middle: { email: b@example.com, name: B, manager: $users.first, tier: TEAM }
	first: { email: a@example.com, name: A }
	narcissus: { email: n@example.com, name: N, manager: $users.narcissus }
	tweedledum: { email: dum@example.com, name: Dum, manager: $users.tweedledee }
	tweedledee: { email: dee@example.com, name: Dee, manager: $users.tweedledum, tags: [x] }
`
	wantTotal(t, load(t, pool, text), 6, 0, 0)
	wantTotal(t, load(t, pool, text), 0, 0, 6)
	if got := testkit.Value(t, pool, "SELECT count(*) FROM users u JOIN users m ON m.id = u.manager_id"); got != "5" {
		t.Errorf("%s managers", got)
	}
}

// Tables whose required references lead round in a circle load too: one statement writes them all.
func TestRequiredCycle(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
		CREATE TABLE chickens (id uuid PRIMARY KEY, egg_id uuid NOT NULL);
		CREATE TABLE eggs (id uuid PRIMARY KEY, chicken_id uuid NOT NULL REFERENCES chickens);
		ALTER TABLE chickens ADD FOREIGN KEY (egg_id) REFERENCES eggs`)
	o := options(t, pool, files("dev/a.yaml", "chickens:\n  hen: {egg: $eggs.brown}\neggs:\n  brown: {chicken: $chickens.hen}\n"))
	o.Schema = parse(t, `
		type Chicken @table { egg: Egg! }
		type Egg @table { chicken: Chicken! }`)
	for _, inserted := range []int{2, 0} {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, inserted, 0, 2-inserted)
	}
}

// A row whose key is a reference, by way of others, to itself has no key at all.
func TestKeyCycle(t *testing.T) {
	o := options(t, noDatabase(t), files("dev/a.yaml", `
nodes:
	a: { next: $nodes.b }
	b: { next: $nodes.c }
	c: { next: $nodes.a }
`))
	o.Schema = keyedByItself()
	_, err := seed.Load(t.Context(), o)
	text := explain(err)
	want := "the keys of these rows form a cycle: nodes.a (seeds/dev/a.yaml:3) -> nodes.b (seeds/dev/a.yaml:4) -> nodes.c (seeds/dev/a.yaml:5) -> nodes.a (seeds/dev/a.yaml:3)"
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(text, want) || strings.Count(text, "error:") != 1 {
		t.Errorf("got %s", text)
	}
}
