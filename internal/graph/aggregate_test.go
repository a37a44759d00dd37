package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
)

// The names that the schema reserves for the aggregates of a type are those of its API.
func TestNamesOfAggregates(t *testing.T) {
	var derived []string
	for name := range platform(t).Schema().Types {
		if suffix, ok := strings.CutPrefix(name, "Prompt"); ok && strings.HasPrefix(suffix, "Aggregate") {
			derived = append(derived, suffix)
		}
	}
	slices.Sort(derived)
	if reserved := slices.Sorted(slices.Values(schema.AggregateSuffixes)); !slices.Equal(derived, reserved) {
		t.Errorf("the API has %v, and reserved are %v", derived, reserved)
	}
}

// A plan does not serve requests whose variables name other fields or intervals.
func TestShapeOfGroups(t *testing.T) {
	api := platform(t)
	_, op := operation(t, api, `query($b: [PromptAggregateBy!]!) { prompts { groups(by: $b) { count } } }`)
	seen := map[string]bool{}
	for _, by := range []map[string]any{
		{"field": "title"}, {"field": "createdAt"}, {"field": "createdAt", "interval": "DAY"}, {"field": "createdAt", "interval": "WEEK"},
	} {
		seen[api.Shape(op, requestWith(map[string]any{"b": []any{by}}))] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d of 4 shapes are different: %v", len(seen), seen)
	}
	zone := func(name string) string {
		return api.Shape(op, requestWith(map[string]any{"b": []any{map[string]any{"field": "createdAt", "interval": "DAY", "timeZone": name}}}))
	}
	if zone("UTC") != zone("Europe/Berlin") {
		t.Error("a time zone decides the shape, and it is a parameter")
	}
}

func requestWith(variables map[string]any) graph.Request { return graph.Request{Variables: variables} }
