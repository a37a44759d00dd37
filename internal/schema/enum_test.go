package schema_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestValueNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ labels, names []string }{
		{[]string{"G", "PG", "PG-13", "NC-17"}, []string{"G", "PG", "PG_13", "NC_17"}},
		{[]string{"in progress", "2xl", "", "__x", "_2", "true", "null", "Käse", "完了"},
			[]string{"in_progress", "V2xl", "EMPTY", "V__x", "_2", "Vtrue", "Vnull", "Kase", "VALUE"}},
		{[]string{"A+", "A-", "b+", "c++"}, []string{"A_PLUS", "A_MINUS", "b_plus", "c_plus_plus"}},
		{[]string{"a b", "a-b", "a_b", "a_b_2"}, []string{"a_b_3", "a_b_4", "a_b", "a_b_2"}}, // whoever has the name already keeps it
	} {
		if got := schema.ValueNames(c.labels); !slices.Equal(got, c.names) {
			t.Errorf("%q: %q, want %q", c.labels, got, c.names)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	e := &schema.Enum{Values: []schema.EnumValue{{Name: "G", Label: "G"}, {Name: "PG_13", Label: "PG-13"}}}
	if e.Label("PG_13") != "PG-13" || e.NameOf("PG-13") != "PG_13" || e.Label("G") != "G" || e.NameOf("new") != "new" {
		t.Error(e.Label("PG_13"), e.NameOf("PG-13"), e.Label("G"), e.NameOf("new"))
	}
	if l := e.Labelled(); len(l) != 1 || l[0].Name != "PG_13" {
		t.Error(l)
	}
}
