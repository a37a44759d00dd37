package seed

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// FuzzRead reads any text as a fixture file. Whatever it is, reading ends, and every mistake has a place
// and a message.
func FuzzRead(f *testing.F) {
	s := fixtureSchema(f)
	files, err := filepath.Glob("testdata/mistakes/*/dev/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, seed := range []string{
		"users: &u {a: *u}", "users: {a: {<<: *a}}", "samples: [&x {code: a, aJSON: &y [*y, *y]}]", "a: &a [*a, *a]\n",
		"users: {a: {manager: $users.a, <<: [{bio: x}]}}", "!!binary users: {? [a] : b}", "projects: {p: {members: [$users.a, $p]}}",
		"samples: [{code: x, texts: [\"\\x00\"], aDecimal: 1e999, aDuration: P, aBytes: =}]", "---\n---\n", "\xff", "",
		"generate: {Sample: 5, User: {count: 3, manager: {pick: $users, weighted: zipf}, bio: {template: '{{ .name | upper }}'}}}",
		"generate: {User: {count: 3, createdAt: {between: [-90d, now], daily: nights}, tags: {pick: [a], length: [0, 2]}, tier: {weights: {FREE: 1}}}}",
		"generate: {Membership: {per: {project: {poisson: 2}}, role: {case: user, when: {x: y}, else: null}}}",
		"generate: {Sample: {count: 1, aJSON: &a {object: {x: *a}}, aDecimal: {of: aFloat, times: {normal: [1, 2]}, round: 3}}}",
		"generate: &g {Sample: *g, Ticket: {count: 1, title: {fake: title, unique: true, null: .5}}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{source: newSource("a.yaml", "dev", []byte(text)), tables: newTables(s)}
		r.read()
		for _, d := range append(r.mistakes, link(r.rows)...) {
			if d.Message == "" || d.Code == "" || d.File != "a.yaml" || d.Line < 0 {
				t.Errorf("incomplete: %+v", d)
			}
			_ = d.String()
		}
		o := Options{Schema: s, Now: func() time.Time { return time.Unix(1e9, 0) }}
		plan, mistakes, err := o.plan(&fixtures{tables: r.tables, now: o.Now()}, r.recipes)
		if err != nil || plan == nil && len(r.recipes) > 0 && len(mistakes) == 0 {
			t.Errorf("no plan: %v", err)
		}
		for _, d := range mistakes {
			if d.Message == "" || d.Code == "" || d.File != "a.yaml" || d.Line < 0 {
				t.Errorf("incomplete: %+v", d)
			}
		}
		for _, c := range inOrder(r.rows) {
			_ = groups(c.rows)
		}
	})
}

// fixtureSchema parses testdata/team.graphql.
func fixtureSchema(t testing.TB) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/team.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, mistakes := sdl.Parse(sdl.Source{Name: "team.graphql", Text: string(text)})
	if s == nil {
		t.Fatal(mistakes)
	}
	return s
}
