package seed_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// mapOf is the map behind files.
func mapOf(fsys fs.FS) fstest.MapFS { return fsys.(fstest.MapFS) }

// TestExtends loads sets that extend one another in a circle, and files that include one another.
func TestExtends(t *testing.T) {
	pool := database(t)
	fsys := files(
		"dev/a.yaml", "extends: [demo, common]\ninclude: ../shared/u*\nusers:\n  ada: {email: ada@example.com, name: Ada, manager: $users.shared}\n",
		"dev/b.yaml", "include: [a.yaml, ../shared/users.yaml, ../shared/tickets.csv]\n",
		"demo/a.yml", "{extends: common, tickets: [{title: Demo}]}\n",
		"common/a.yaml", "extends: [dev, common]\nsamples:\n  - {code: common}\n",
		"shared/users.yaml", "include: [users.yaml, ../dev/b.yaml]\nusers:\n  shared: {email: shared@example.com, name: Shared}\n",
		"shared/tickets.csv", "title\nIncluded\n",
		"shared/users.txt", "no fixture",
		"other/a.yaml", "nonsense: [",
	)
	o := options(t, pool, fsys)
	for i := range 2 {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, 5-5*i, 0, 5*i)
	}
	base, err := seed.Digest(fsys, o.Sets, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, counted := range map[string]bool{"demo/a.yml": true, "common/a.yaml": true, "shared/users.yaml": true, "shared/tickets.csv": true,
		"shared/users.txt": false, "other/a.yaml": false} {
		file := mapOf(fsys)[name]
		before := file.Data
		file.Data = append(before[:len(before):len(before)], "\n# changed\n"...)
		if now, err := seed.Digest(fsys, o.Sets, nil); err != nil || (now != base) != counted {
			t.Errorf("%s: the digest has changed: %t, %v", name, now != base, err)
		}
		file.Data = before
	}
}

// A file that a template embeds counts in the digest.
func TestDigestOfEmbeddedFiles(t *testing.T) {
	for name, text := range map[string]string{
		"a.yaml": "users:\n  ada: {bio: '{{ file \"bio.txt\" }}', name: '{{ file `none` }}'}\n",
		"b.yaml": `users: {ada: {bio: "{{ file \"../dev/bio.txt\" }}"}}`,
		"c.csv":  "bio\n\"{{ file \"\"bio.txt\"\" }}\"\n",
	} {
		fsys := files("dev/"+name, text, "dev/bio.txt", "one")
		before, err := seed.Digest(fsys, []string{"dev"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mapOf(fsys)["dev/bio.txt"].Data = []byte("two")
		if after, _ := seed.Digest(fsys, []string{"dev"}, nil); after == before {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}

// What a variable of the environment is, changes what the fixtures are.
func TestDigestOfVariables(t *testing.T) {
	fsys := files("dev/a.yaml", `users: {ada: {bio: "{{ env \"BIO\" }}", name: '{{ env "NAME" "Ada" }}'}}`)
	with := func(values map[string]string) string {
		digest, err := seed.Digest(fsys, []string{"dev"}, func(name string) (string, bool) { value, ok := values[name]; return value, ok })
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	base := with(nil)
	if with(map[string]string{"OTHER": "x"}) != base || with(map[string]string{"BIO": "x"}) == base || with(map[string]string{"NAME": "x"}) == base {
		t.Error("the digest is not that of the variables that are mentioned")
	}
}

// A table that has the name of a directive keeps it, and the directive's single value works beside it.
func TestTableNamedLikeDirective(t *testing.T) {
	pool := database(t)
	testkit.Exec(t, pool, "CREATE TABLE templates (id uuid PRIMARY KEY, body text NOT NULL); CREATE TABLE extends (id uuid PRIMARY KEY, body text)")
	o := options(t, pool, files(
		"dev/a.yaml", "templates:\n  one: {body: '{{ \"{{\" }}x}}'}\nextends:\n  - {id: 00000000-0000-0000-0000-00000000000a}\n",
		"dev/b.yaml", "templates: false\nTemplate:\n  two: {body: '{{x}}'}\n",
	))
	o.Schema = parse(t, "type Template @table @auth(rules: []) { body: String! }\ntype Extend @table(name: \"extends\") @auth(rules: []) { body: String }")
	if _, err := seed.Load(t.Context(), o); err != nil {
		t.Fatal(explain(err))
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FILTER (WHERE body = '{{x}}') FROM templates"); got != "2" {
		t.Errorf("%s texts are as meant", got)
	}
}

// A file that cannot be read ends the load.
func TestUnreadable(t *testing.T) {
	fsys := unreadable{mapOf(files("dev/a.yaml", "include: ../shared/b.yaml\n", "shared/b.yaml", ""))}
	_, err := seed.Load(t.Context(), options(t, noDatabase(t), fsys))
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got %v", err)
	}
}

type unreadable struct{ fstest.MapFS }

func (u unreadable) ReadFile(name string) ([]byte, error) {
	if strings.HasPrefix(name, "shared") {
		return nil, errors.New("out of order")
	}
	return u.MapFS.ReadFile(name)
}
