package typescript

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestEveryScalarHasAType(t *testing.T) {
	for _, s := range schema.Scalars {
		if functions[s] == "" {
			t.Errorf("%s has no entry in functions", s)
		}
	}
}
