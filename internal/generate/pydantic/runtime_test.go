package pydantic

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// TestRuntimeHasThePatternsOfTheAPI compares the rules that the runtime has in a language of its own, where they have no ends and stand
// on several lines.
func TestRuntimeHasThePatternsOfTheAPI(t *testing.T) {
	joined := strings.ReplaceAll(runtime, "\"\n    r\"", "")
	for _, pattern := range []string{scalar.Int64Pattern, scalar.DecimalPattern, scalar.DurationPattern, scalar.Base64Pattern} {
		if bare := strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$"); !strings.Contains(joined, bare+`"`) {
			t.Errorf("the runtime has no pattern %s", bare)
		}
	}
	if !strings.Contains(joined, "(?=.*"+scalar.DurationEnd+")") {
		t.Error("the runtime accepts a duration without parts")
	}
}
