package access_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The guide to the roles and tiers of the prompt platform ends with its matrix.
func TestPromptPlatform(t *testing.T) {
	const guide, heading = "../../../docs/rbac.md", "## Who may do what\n\n"
	before, _, found := strings.Cut(read(t, guide), heading)
	if !found {
		t.Fatalf("%s has no %q", guide, heading)
	}
	matrix := access.Of(parse(t, read(t, "../../../schema.graphql"))).Markdown()
	testkit.Golden(t, guide, []byte(before+heading+matrix))
}

// Every kind of condition, as the columns of a matrix have it: anonymous, authenticated, owner, then roles and tiers, without the service.
func TestConditions(t *testing.T) {
	for where, want := range map[string]string{
		"true":                          "yes|yes|yes",
		"false":                         "no|no|no",
		"auth.uid != null":              "no|yes|yes",
		"auth.uid == null || this.flag": "yes|where flag|where flag",
		"this.flag && (this.flag || this.size > 1)": "where flag|where flag|where flag",
		"!this.flag": "where not flag|where not flag|where not flag",
		"this.kind == 'A' || this.kind == 'B' && this.size in [1, 2]": "where kind is A; where kind is B and size is one of 1, 2|where kind is A; where kind is B and size is one of 1, 2|where kind is A; where kind is B and size is one of 1, 2",
		"this.owner.id == auth.uid":                                   "no|no|own rows: owner = caller",
		"this.second.id == auth.uid":                                  "where second is null|no|own rows: second = caller",
		"this.friends.exists(f, f.name == 'a b')":                     `where one of friends has name is "a b"|where one of friends has name is "a b"|where one of friends has name is "a b"`,
		"this.friends.all(f, f.id != auth.uid && !this.flag)":         "where all of friends have (id is not the caller) and not flag|…",
		"'x' in auth.roles":                                           "no|no|no|yes",
		"'x' in auth.roles || this.size < 3":                          "where size < 3|where size < 3|where size < 3|yes",
		"auth.roles.all(r, r == 'x')":                                 "yes|yes|yes|yes",
		"auth.roles.exists(r, r == 'x' && this.flag)":                 "no|no|no|where one of the caller's roles has (it is x) and flag",
		"auth.roles.exists(r, r == 'x' || r == 'y') && this.flag":     "no|no|no|where flag|where flag",
		"this.at > request.time - duration('24h')":                    `where at > (now - duration(24h))|…`,
		"this.name.startsWith('x') && size(this.name) >= 2":           "where name.startsWith(x) and size(name) ≥ 2|…",
		"has(this.note) ? this.note == 'n' : this.flag":               "where if note is set then (note is n) else flag|…",
	} {
		s := parse(t, `enum Kind { A B }
			type User @table @auth(rules: []) { id: String! name: String! owns: [Doc!]! @inverse(field: "owner") docs: [Doc!]! @inverse(field: "friends") }
			type Doc @table @auth(rules: [{ allow: PUBLIC, operations: [READ], where: "`+where+`" }]) {
				owner: User! second: User friends: [User!]! @manyToMany flag: Boolean! size: Int! kind: Kind! at: DateTime! name: String! note: String
			}`)
		var cells []string
		m := access.Of(s)
		row := m.Rows[slices.IndexFunc(m.Rows, func(r access.Row) bool { return r.Type == "Doc" && r.Operation == schema.Read })]
		for _, c := range row.Cells[:len(row.Cells)-1] {
			if c.Allowed == access.Condition {
				cells = append(cells, strings.Join(c.Conditions, "; "))
			} else {
				cells = append(cells, string(c.Allowed))
			}
		}
		got := strings.Join(cells, "|")
		if prefix, open := strings.CutSuffix(want, "…"); got != want && (!open || !strings.HasPrefix(got, prefix)) {
			t.Errorf("%s:\n got %s\nwant %s", where, got, want)
		}
	}
}

// A field that has to be set, and a key that the caller cannot know, limit what may be done with rows.
func TestRowsThatCannotBeWritten(t *testing.T) {
	s := parse(t, `type A @table(key: ["id"]) @auth(rules: [{ allow: AUTHENTICATED, operations: [CREATE, UPDATE, DELETE] }]) {
		id: Int! @auth(rules: [{ allow: ROLE, roles: ["admin"], operations: [READ, CREATE] }])
		n: Int @auth(rules: [])
	}`)
	got := access.Of(s).Markdown()
	for _, line := range []string{
		"| | | anonymous | authenticated | owner | role admin | service |", "| `A` | read | no | no | no | no | yes |", "| `A` | create, update, delete | no | no | no | yes | yes |",
		"| `A.id` | read, update | no | no | no | no | yes |", "| `A.id` | create | no | no | no | yes | yes |", "| `A.n` | read, create, update | no | no | no | no | yes |",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
}

// What asks for a recent log-in is a condition on the caller, of which the shortest time is left. Nobody who is not known meets it.
func TestFreshLogIns(t *testing.T) {
	s := parse(t, `type A @table(key: ["n"]) @auth(rules: [{ allow: PUBLIC, operations: [READ] }, { allow: OWNER, field: "o" }], fresh: "1h", freshFor: [READ, DELETE]) {
		n: Int! o: String! a: Int @auth(fresh: "5m", freshFor: READ) b: Int @auth(rules: [{ allow: PUBLIC }], fresh: "2h") c: Int! @auth(fresh: "10m", freshFor: [CREATE])
	}`)
	got := access.Of(s).Markdown()
	for _, line := range []string{
		"| `A` | read | no | if 1 | if 1 | yes |", "| `A` | create | no | no | if 2 | yes |", "| `A` | update | no | no | if 3 | yes |", "| `A` | delete | no | no | if 4 | yes |",
		"| `A.a` | read | no | if 5 | if 5 | yes |", "| `A.a` | create | no | no | if 2 | yes |", "| `A.b` | read | no | if 1 | if 1 | yes |", "| `A.b` | update | no | no | if 6 | yes |",
		"1. after a log-in within 1h", "2. own rows: o = caller, after a log-in within 10m", "3. own rows: o = caller", "4. own rows: o = caller, after a log-in within 1h",
		"5. after a log-in within 5m", "6. own rows: o = caller, after a log-in within 2h",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
}

// A link through an implied join table belongs to the rows at both of its ends.
func TestLinks(t *testing.T) {
	s := parse(t, `type A @table @auth(rules: [{ allow: OWNER, field: "o" }, { allow: PUBLIC, operations: [CREATE] }]) { o: String bs: [B!]! cs: [C!]! }
		type B @table @auth(rules: [{ allow: PUBLIC, where: "this.open" }]) { open: Boolean! as: [A!]! }
		type C @table @auth(rules: [{ allow: PUBLIC }]) { as: [A!]! @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) }`)
	got := access.Of(s).Markdown()
	for _, line := range []string{
		"| `A.bs` | create | if 2 | if 2 | if 2 | yes |", "| `A.bs` | update | no | no | if 3 | yes |", "| `A.cs` | create, update | no | no | no | yes |",
		"| `B.as` | create, update | no | no | if 5 | yes |", "2. where the linked B has open", "3. own rows: o = caller, where the linked B has open",
		"5. where open and the linked A has o = caller", "| `C.as` | read | yes | yes | yes | yes |", "| `C.as` | create, update | no | no | no | yes |",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
}

func TestApplies(t *testing.T) {
	s := parse(t, `enum T @tiers { F P Q } type A @table @auth(rules: [
		{ allow: PUBLIC } { allow: AUTHENTICATED } { allow: OWNER, field: "o" } { allow: ROLE, roles: ["a", "b"] } { allow: TIER, atLeast: P, where: "this.o == 'x'" }
	]) { o: String! }`)
	var words []string
	for _, r := range s.Type("A").Rules {
		words = append(words, access.Words(r))
	}
	want := []string{"everybody", "signed-in users", "the user in o", "the role a or b", "the tier P or Q, where o is x"}
	if !slices.Equal(words, want) {
		t.Errorf("%q, want %q", words, want)
	}
	for who, want := range map[*caller.Caller]string{
		{}: "X----", {UID: "u"}: "XXX--", {UID: "u", Roles: []string{"c", "b"}}: "XXXX-", {Roles: []string{"a"}}: "X--X-", {UID: "u", Tier: "F"}: "XXX--", {Tier: "Q"}: "X---X",
	} {
		got := ""
		for _, r := range s.Type("A").Rules {
			got += map[bool]string{true: "X", false: "-"}[access.Applies(r, *who)]
		}
		if got != want {
			t.Errorf("%+v: %s, want %s", *who, got, want)
		}
	}
}
