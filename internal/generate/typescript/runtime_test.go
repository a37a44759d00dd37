package typescript

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// TestRuntimeHasThePatternsOfTheAPI compares the rules that the runtime has in a language of its own.
func TestRuntimeHasThePatternsOfTheAPI(t *testing.T) {
	for _, pattern := range []string{scalar.Int64Pattern, scalar.DecimalPattern, scalar.DurationPattern, scalar.DurationEnd, scalar.Base64Pattern} {
		if !strings.Contains(runtime, "/"+pattern+"/") {
			t.Errorf("the runtime has no pattern %s", pattern)
		}
	}
}
