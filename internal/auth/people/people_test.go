package people_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/people"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const types = `
enum Role { MEMBER ADMIN }
type Person @table @auth(rules: [{allow: PUBLIC}]) {
  mail: String! @unique
  name: String
  picture: String
  role: Role! @default(value: MEMBER)
  labels: [String!]
}
type Pair @table(key: ["a", "b"]) @auth(rules: [{allow: PUBLIC}]) { a: Int! b: Int! }
`

func world(t *testing.T) (*pgxpool.Pool, *schema.Schema) {
	t.Helper()
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `CREATE TYPE role AS ENUM ('MEMBER', 'ADMIN');
CREATE TABLE people (id uuid PRIMARY KEY, mail text NOT NULL UNIQUE, name text, picture text, role role NOT NULL DEFAULT 'MEMBER', labels text[])`)
	s, mistakes := sdl.Parser{}.Parse(sdl.Source{Name: "schema.graphql", Text: types})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return pool, s
}

var fields = people.Fields{Type: "Person", Email: "mail", Name: "name", Avatar: "picture", Roles: "role"}

func claims(id, email string, metadata map[string]any) token.Claims {
	return token.Claims{Subject: id, Email: email, All: map[string]any{"user_metadata": metadata}}
}

const ann, bob = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"

func TestKeep(t *testing.T) {
	pool, s := world(t)
	table, err := people.New(pool, s, fields)
	if err != nil {
		t.Fatal(err)
	}
	row := func() string {
		return testkit.Value(t, pool, "SELECT concat_ws(',', mail, name, picture, role) FROM people WHERE id = '"+ann+"'")
	}
	for _, step := range []struct {
		claims token.Claims
		want   string
	}{
		{claims(ann, "ann@example.com", nil), "ann@example.com,ann,MEMBER"},
		{claims(ann, "ann@example.com", map[string]any{"full_name": "Ann Lee", "avatar_url": "https://example.com/a.png"}), "ann@example.com,Ann Lee,https://example.com/a.png,MEMBER"},
		{claims(ann, "lee@example.com", map[string]any{"full_name": "Ann Lee"}), "lee@example.com,Ann Lee,https://example.com/a.png,MEMBER"},
	} {
		if err := table.Keep(t.Context(), step.claims); err != nil || row() != step.want {
			t.Errorf("the row is %s (%v), want %s", row(), err, step.want)
		}
	}
	err = table.Keep(t.Context(), claims(bob, "lee@example.com", nil))
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "another account") {
		t.Errorf("an address of somebody else: %v", err)
	}
	err = table.Keep(t.Context(), claims(bob, "", nil))
	if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "has not verified, your mail") {
		t.Errorf("without an address: %v", err)
	}
	err = table.Keep(t.Context(), token.Claims{Issuer: "https://github.com", Subject: "42", Email: "a@example.com"})
	if !strings.Contains(fault.HintOf(err), "subject: uuid") {
		t.Errorf("a user ID that is not a UUID: %v; %s", err, fault.HintOf(err))
	}
	if err := (*people.Table)(nil).Keep(t.Context(), claims(bob, "", nil)); err != nil {
		t.Error(err)
	}
}

func TestRoles(t *testing.T) {
	pool, s := world(t)
	testkit.Exec(t, pool, "INSERT INTO people (id, mail, role, labels) VALUES ('"+ann+"', 'a', 'ADMIN', '{Red,blue}')")
	for field, want := range map[string]string{"role": "admin", "labels": "red blue", "": "claimed"} {
		f := fields
		f.Roles = field
		table, err := people.New(pool, s, f)
		if err != nil {
			t.Fatal(err)
		}
		who, err := table.Fill(t.Context(), caller.Caller{UID: ann, Roles: []string{"claimed"}})
		if err != nil || strings.Join(who.Roles, " ") != want {
			t.Errorf("%s: %v %v, want %s", field, who.Roles, err, want)
		}
		if who, err = table.Fill(t.Context(), caller.Caller{UID: bob, Roles: []string{"claimed"}}); err != nil || field != "" && len(who.Roles) > 0 {
			t.Errorf("without a row: %v %v", who.Roles, err)
		}
	}
	f := fields
	f.Roles, f.Tier = "", "role" // any enum does
	table, err := people.New(pool, s, f)
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[string]string{ann: "ADMIN", bob: ""} {
		who, err := table.Fill(t.Context(), caller.Caller{UID: uid, Roles: []string{"claimed"}, Tier: "CLAIMED"})
		if err != nil || who.Tier != want || len(who.Roles) != 1 {
			t.Errorf("the tier is %q (%v), want %q", who.Tier, err, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	pool, s := world(t)
	for want, change := range map[string]func(*people.Fields){
		`auth.people.type is "Nobody"`:  func(f *people.Fields) { f.Type = "Nobody" },
		`auth.people.type is "Pair"`:    func(f *people.Fields) { f.Type = "Pair" },
		`auth.people.email is "email"`:  func(f *people.Fields) { f.Email = "email" },
		`auth.people.avatar is "face"`:  func(f *people.Fields) { f.Avatar = "face" },
		`auth.people.roles is "powers"`: func(f *people.Fields) { f.Roles = "powers" },
	} {
		f := fields
		change(&f)
		if _, err := people.New(pool, s, f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
