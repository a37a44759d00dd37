package golang

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestEveryScalarHasAType(t *testing.T) {
	for _, s := range schema.Scalars {
		if scalars[s] == "" {
			t.Errorf("%s has no entry in scalars", s)
		}
	}
}
