package seed

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/diag"
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
		"templates: false\nusers: {a: {bio: '{{x}}'}}", "extends: [dev, x]\ninclude: ['*', ../a]\n",
		"generate: {Sample: 5, User: {count: 3, manager: {pick: $users, weighted: zipf}, bio: {template: '{{ .name | upper }}'}}}",
		"generate: {User: {count: 3, createdAt: {between: [-90d, now], daily: nights}, tags: {pick: [a], length: [0, 2]}, tier: {weights: {FREE: 1}}}}",
		"generate: {Membership: {per: {project: {poisson: 2}}, role: {case: user, when: {x: y}, else: null}}}",
		"generate: {Sample: {count: 1, aJSON: &a {object: {x: *a}}, aDecimal: {of: aFloat, times: {normal: [1, 2]}, round: 3}}}",
		"generate: &g {Sample: *g, Ticket: {count: 1, title: {fake: title, unique: true, null: .5}}}",
		"users: {a: {bio: '{{ fake.name | upper }}', createdAt: {{ now | minus \"3d\" }}}}",
		"samples: [{code: &c '{{ $x := 1 }}{{ printf \"%9d\" $x }}', texts: [*c, {{ x }}]}]",
		"users: {a: {bio: '{{ if true }}{{ range 9 }}{{ end }}{{ end }}', name: '{{ file \"a.yaml\" | base64 | sha256 }}'}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { readAny(t, s, "dev/a.yaml", text) })
}

// FuzzCSV reads any text as CSV.
func FuzzCSV(f *testing.F) {
	s := fixtureSchema(f)
	for _, text := range []string{
		"$name,email,name,tags,projects\nada,a@b.c,\"A \"\"x\"\"\",\"[a, \"\"b\"\"]\",[$projects.x]\n", "\ufeffid,$name\r\n,\r\n\"\n", "id,id,$name\na\n1,2,3,4\n",
		"bio,tags\n{{ now }},\"[{{ fake.name }}, &a [*a]]\"\n", "name;x\n1", "name\n\"a\nb\"c\n", "\xff,\x00\n\xff,\x00\n", "tags\n\"[é\n,\n{\"\n", "tags\n--- a\n\"--- a\n--- b\"\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { readAny(t, s, "dev/users.csv", text) })
}

// FuzzSQL reads any text as SQL, and places errors of Postgres anywhere in it.
func FuzzSQL(f *testing.F) {
	s := fixtureSchema(f)
	for _, text := range []string{"SELECT 1; COMMIT", "\\d x\n;copy a from stdin", "SELECT 'é", "$$;$$ begin atomic case end; end; end", "\xff", "é;\x00"} {
		f.Add(text, 1, 0)
		f.Add(text, 3, 1)
	}
	f.Fuzz(func(t *testing.T, text string, position, statement int) {
		r := readAny(t, s, "dev/a.sql", text)
		if len(r.mistakes) > 0 || statement < 0 {
			return
		}
		if position > utf8.RuneCountInString(text)+1 {
			return
		}
		err := r.script.failure(&pgconn.PgError{Position: int32(position), Message: "m", Code: "42601"}, statement)
		var list diag.List
		if !errors.As(err, &list) || len(list) != 1 {
			t.Fatalf("got %v", err)
		}
		_ = list.Error()
	})
}

// readAny reads a text as a fixture file, alone and as part of a set.
func readAny(t *testing.T, s *schema.Schema, name, text string) *reader {
	t.Helper()
	fsys := fstest.MapFS{name: {Data: []byte(text)}}
	o := Options{FS: fsys, Schema: s}
	r := readSource(inputs{newTables(s), o.templates(time.Unix(0, 0))}, newSource(name, []byte(text)))
	mistakes := append(r.mistakes, link(r.rows)...)
	planned, err := o.specify(t.Context(), &fixtures{tables: r.tables, rows: r.rows}, r.recipes)
	if err != nil {
		t.Error(err)
	}
	for _, d := range append(mistakes, planned...) {
		if d.Message == "" || d.Code == "" || d.File != name || d.Line < 0 {
			t.Errorf("incomplete: %+v", d)
		}
		_ = d.String()
	}
	for _, c := range inOrder(r.rows) {
		_ = groups(c.rows)
	}
	if _, err := Digest(fsys, []string{"dev"}, nil); err != nil {
		t.Error(err)
	}
	return r
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
