package identity_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A new address is written to the row of the person, and nobody has that of somebody else.
func TestSetEmail(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, "CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE)")
	s, mistakes := sdl.Parser{}.Parse(sdl.Source{Name: "schema.graphql", Text: `type Person @table @auth(rules: [{allow: PUBLIC}]) { email: String! @unique }`})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	p := identity.NewPeople("Person")
	p.Use(pool, s)
	ann, err := p.Create(t.Context(), identity.User{Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Create(t.Context(), identity.User{Email: "bob@example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := p.SetEmail(t.Context(), ann.ID, "bob@example.com"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the address of somebody else: %v", err)
	}
	if err := p.SetEmail(t.Context(), "nobody", "lee@example.com"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	if err := p.SetEmail(t.Context(), ann.ID, "lee@example.com"); err != nil {
		t.Error(err)
	}
	if u, err := p.ByID(t.Context(), ann.ID); err != nil || u.Email != "lee@example.com" {
		t.Errorf("the row has %q: %v", u.Email, err)
	}
}
