package schema_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

// Names of databases in other languages stay readable in GraphQL, which allows ASCII only.
func TestLatinNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"Über": {"Uber", "Uber"}, "straße": {"Strasse", "strasse"}, "smørrebrød": {"Smorrebrod", "smorrebrod"}, "łódź": {"Lodz", "lodz"},
		"größe_in_cm": {"GrosseInCm", "grosse_in_cm"}, "año": {"Ano", "ano"}, "İzmir": {"Izmir", "Izmir"}, "đặt": {"Dat", "dat"}, "plain": {"Plain", "plain"},
		"u\u0308ber": {"Uber", "uber"},
	} {
		if got := schema.TypeName(name); got != want[0] {
			t.Errorf("the type of %s is %s", name, got)
		}
		if got := schema.ValueName(name); got != want[1] {
			t.Errorf("the value of %s is %s", name, got)
		}
	}
	if got := schema.ASCII("имя й が"); got != "имя й が" && len(got) < len("имя й が") {
		t.Errorf("%q", got)
	}
}
