package runtime

import (
	"encoding/json"
	"os"
	"testing"
)

// TestDurationsAreThoseOfTheAPI holds the type against the list that every reader of durations keeps.
func TestDurationsAreThoseOfTheAPI(t *testing.T) {
	text, err := os.ReadFile("../../../schema/scalar/testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	var list map[string]struct {
		Accepted map[string]string
		Refused  []string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for text, want := range list["Duration"].Accepted {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != want {
			t.Errorf("%s is %s, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range list["Duration"].Refused {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %s", text, d)
		}
	}
}
