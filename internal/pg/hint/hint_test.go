package hint_test

import (
	"reflect"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/hint"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

type hints map[string]*hint.Hint

// The conditions are as pg_get_expr writes them, or as people do.
func TestRead(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]hints{
		"a = ANY (ARRAY['x'::text, 'it''s'::text])":                 {"a": {Values: []string{"x", "it's"}}},
		"(a)::text = ANY ((ARRAY['x'::character varying])::text[])": {"a": {Values: []string{"x"}}},
		"a = ANY ('{1,2}'::integer[])":                              {"a": {Values: []string{"1", "2"}}},
		"a IN (1, 2)":                                               {"a": {Values: []string{"1", "2"}}},
		"a <> ALL (ARRAY[1, '-2'::integer])":                        {"a": {Not: []string{"1", "-2"}}},
		"a <> 'x'::kind":                                            {"a": {Not: []string{"x"}}},
		"a > 5":                                                     {"a": {Min: hint.Bound{Text: "5", Open: true}}},
		"0 <= a":                                                    {"a": {Min: hint.Bound{Text: "0"}}},
		"(a >= (0)::numeric) AND (a < (1000)::numeric)":             {"a": {Min: hint.Bound{Text: "0"}, Max: hint.Bound{Text: "1000", Open: true}}},
		"a BETWEEN 1 AND -10":                                       {"a": {Min: hint.Bound{Text: "1"}, Max: hint.Bound{Text: "-10"}}},
		"length(a) <= 40":                                           {"a": {MaxLength: 40}},
		"char_length((a)::text) > 0":                                {"a": {MinLength: 1}},
		"cardinality(a) > 0":                                        {"a": {MinLength: 1}},
		"a ~ '^[a-z]+$'::text":                                      {"a": {Pattern: "^[a-z]+$"}},
		"a ~* '^x'":                                                 {"a": {Pattern: "(?i)^x"}},
		"a = lower(a)":                                              {"a": {Lower: true}},
		"upper((a)::text) = (a)::text":                              {"a": {Upper: true}},
		"a ~~ 'a%'::text":                                           {"a": {Prefix: "a"}},
		"a LIKE '%@%'":                                              {"a": {Contains: "@"}},
		`"position"(a, '@'::text) > 1`:                              {"a": {Contains: "@"}},
		"a":                                                         {"a": {Values: []string{"true"}}},
		"NOT a":                                                     {"a": {Values: []string{"false"}}},
		"a IS NULL OR a > 5":                                        {"a": {Min: hint.Bound{Text: "5", Open: true}}},
		"a = 1 OR a = 2":                                            {"a": {Any: []*hint.Hint{{Values: []string{"1"}}, {Values: []string{"2"}}}}},
		"num_nonnulls(a, b) = 1":                                    {"a": {Nullness: true}, "b": {Nullness: true}},
		"(a IS NULL) <> (b IS NULL)":                                {"a": {Nullness: true}, "b": {Nullness: true}},
		"a IS NOT NULL":                                             {"a": {NotNull: true}},
		"a = 1 AND b > 2 OR a = 2":                                  {"a": {Any: []*hint.Hint{{Values: []string{"1"}}, {Values: []string{"2"}}}}, "b": {Nullness: true}},
		"a < b":                                                     {"a": {}, "b": {}},
		"a % 2 = 0":                                                 {"a": {}},
		"jsonb_typeof(a) = 'boolean'":                               {"a": {Values: []string{"true", "false"}}},
		"this is not SQL":                                           {},
	} {
		got := hint.Read(sqltext.NewParser(""), []string{condition})
		if !reflect.DeepEqual(hints(got), want) {
			t.Errorf("%s", condition)
			for name := range want {
				t.Errorf("  %s: %+v, want %+v", name, got[name], want[name])
			}
			t.Errorf("  %d columns, want %d", len(got), len(want))
		}
	}
}

// Conditions that must all hold add up.
func TestReadSeveral(t *testing.T) {
	t.Parallel()
	got := hint.Read(sqltext.NewParser(""), []string{"a > 5", "a < 9", "length(a) > 1", "broken (", "length(a) < 8"})["a"]
	want := hint.Hint{Min: hint.Bound{Text: "5", Open: true}, Max: hint.Bound{Text: "9", Open: true}, MinLength: 2, MaxLength: 7}
	if got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
