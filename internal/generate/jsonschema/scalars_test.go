package jsonschema

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// TestEveryScalarHasASchema also compares the patterns with those of the table that the API reads.
func TestEveryScalarHasASchema(t *testing.T) {
	for _, s := range schema.Scalars {
		if len(scalars[s]) == 0 {
			t.Errorf("%s has no entry in scalars", s)
		}
		got := ""
		for _, member := range scalars[s] {
			if member.name == "pattern" {
				got = member.value.(string)
			}
		}
		if want := scalar.Of(s, "").Pattern; got != want {
			t.Errorf("%s has the pattern %q, not %q", s, got, want)
		}
	}
}
