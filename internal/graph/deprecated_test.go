package graph_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph"
)

// A deprecated field is so wherever the API has it, but for inputs that clients cannot do without.
func TestDeprecatedInTheAPI(t *testing.T) {
	api, err := derive(t, `
		enum Size { SMALL LARGE @deprecated(reason: "Use SMALL.") }
		type User @table @auth(rules: [{ allow: PUBLIC }]) { name: String! parcels: [Parcel!]! @deprecated }
		type Parcel @table @auth(rules: [{ allow: PUBLIC }]) {
			size: Size!
			weight: Int @deprecated(reason: "Use \"grams\".")
			code: String! @deprecated
			owner: User @deprecated(reason: "r")
		}`, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const reason = ` @deprecated(reason: "Use \"grams\".")`
	for _, want := range []string{
		"\n  LARGE @deprecated(reason: \"Use SMALL.\")\n", "\n  weight: Int" + reason, "\n  weight: IntFilter" + reason, "\n  weight: OrderDirection" + reason,
		"\n  owner: User @dep", "\n  ownerId: ID @dep", "\n  owner: UserWhere @dep", "\n  code: String!\n", "\n  code: String @dep", "\n  parcels: ParcelListWhere @dep",
	} {
		if !strings.Contains(api.SDL(), want) {
			t.Errorf("there is no %q in\n%s", want, api.SDL())
		}
	}
	if n := strings.Count(api.SDL(), "weight: Int"+reason); n != 3 { // of a row, a create and a patch
		t.Errorf("weight is deprecated in %d of 3 types", n)
	}
}
