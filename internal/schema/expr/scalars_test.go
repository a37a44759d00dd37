package expr

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestEveryScalarHasAType(t *testing.T) {
	for _, s := range schema.Scalars {
		if baseType(schema.FieldType{Scalar: s}) == nil {
			t.Errorf("%s has no type in CEL", s)
		}
	}
}
