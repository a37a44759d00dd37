package seed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// TestValues writes each value as YAML and compares what Postgres then has.
func TestValues(t *testing.T) {
	pool := database(t)
	cases := []struct{ field, yaml, sql, want string }{
		{"id", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "id", "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
		{"anInt", "-2147483648", "an_int", "-2147483648"},
		{"anInt", "0x1F", "an_int", "31"},
		{"anInt", "1_000", "an_int", "1000"},
		{"anInt64", "9223372036854775807", "an_int64", "9223372036854775807"},
		{"anInt64", `"-9223372036854775808"`, "an_int64", "-9223372036854775808"},
		{"aFloat", "0.1", "a_float", "0.1"},
		{"aFloat", "7", "a_float", "7"},
		{"aFloat", "1e-300", "a_float", "1e-300"},
		{"aDecimal", "0.100000000000000000000000000000000001", "a_decimal", "0.100000000000000000000000000000000001"},
		{"aDecimal", "12.50", "a_decimal", "12.50"},
		{"aDecimal", `"1e3"`, "a_decimal", "1000"},
		{"aBoolean", "True", "a_boolean", "true"},
		{"aDate", "2026-02-28", "a_date", "2026-02-28"},
		{"aDateTime", "2026-02-28T10:00:00.123456+05:30", "a_date_time AT TIME ZONE 'UTC'", "2026-02-28 04:30:00.123456"},
		{"aDateTime", `"2026-02-28T10:00:00Z"`, "a_date_time AT TIME ZONE 'UTC'", "2026-02-28 10:00:00"},
		{"aDateTime", "2001-12-14 21:59:43.10 -05:00", "a_date_time AT TIME ZONE 'UTC'", "2001-12-15 02:59:43.1"},
		{"aDateTime", "2001-12-14t21:59:43.10-05:00", "a_date_time AT TIME ZONE 'UTC'", "2001-12-15 02:59:43.1"},
		{"aDateTime", "2001-12-14", "a_date_time AT TIME ZONE 'UTC'", "2001-12-14 00:00:00"},
		{"aDuration", "P1DT2H30M", "a_duration", "1 day 02:30:00"},
		{"aDuration", "PT-1H", "a_duration", "-01:00:00"},
		{"aDuration", "-PT1.5S", "a_duration", "-00:00:01.5"},
		{"aDuration", "P1W2D", "a_duration", "9 days"},
		{"aJSON", `{b: 1, a: [true, null, 1.50, "x\ty", 2026-01-01], 1: {}}`, "a_json", `{"1": {}, "a": [true, null, 1.50, "x\ty", "2026-01-01"], "b": 1}`},
		{"aJSON", "0x10", "a_json", "16"},
		{"aJSON", "plain", "a_json", `"plain"`},
		{"aJSON", `"<b> & \u2028"`, "a_json ->> '#'", "NULL"},
		{"aBytes", "aGVsbG8=", "a_bytes", `\x68656c6c6f`},
		{"aBytes", "!!binary aGVs\n      bG8", "a_bytes", `\x68656c6c6f`},
		{"anEnum", "POWER", "an_enum", "POWER"},
		{"texts", `["a,b", '"q"\', "", null, NULL, "NULL", "{x}", " y "]`, "to_json(texts)", `["a,b","\"q\"\\","",null,null,"NULL","{x}"," y "]`},
		{"texts", "[]", "texts", "{}"},
		{"tiers", "[FREE, TEAM]", "tiers", "{FREE,TEAM}"},
		{"numbers", "[1, -2]", "numbers", "{1,-2}"},
		{"documents", `[{a: "x,\"y"}, [1], "s"]`, "to_json(documents)", `[{"a": "x,\"y"},[1],"s"]`},
		{"price", "1.005", "price", "1.01"},
		{"short", "abc", "short", "abc"},
		{"short", "null", "short", "NULL"},
	}
	var text strings.Builder
	text.WriteString("samples:\n")
	for i, c := range cases {
		fmt.Fprintf(&text, "  - code: c%d\n    %s: %s\n", i, c.field, c.yaml)
	}
	wantTotal(t, load(t, pool, text.String()), len(cases), 0, 0)
	for i, c := range cases {
		if got := testkit.Value(t, pool, fmt.Sprintf("SELECT %s FROM samples WHERE code = 'c%d'", c.sql, i)); got != c.want {
			t.Errorf("%s: %s: got %s, want %s", c.field, c.yaml, got, c.want)
		}
	}
	wantTotal(t, load(t, pool, text.String()), 0, 0, len(cases)) // rounded, reordered: equal all the same
}

// TestWrongValues wants a mistake, placed at the value, for each.
func TestWrongValues(t *testing.T) {
	for _, c := range []struct{ field, yaml string }{
		{"id", "ada"}, {"id", "1"},
		{"code", "1"}, {"code", "true"}, {"code", "2026-01-01"}, {"code", "null"}, {"code", "[a]"}, {"code", `"a\0b"`},
		{"anInt", "1.0"}, {"anInt", `"1"`}, {"anInt", "2147483648"}, {"anInt", "{}"},
		{"anInt64", "9223372036854775808"}, {"anInt64", "x"},
		{"aFloat", ".inf"}, {"aFloat", ".nan"}, {"aFloat", `"1.5"`}, {"aFloat", "1e999"},
		{"aDecimal", ".inf"}, {"aDecimal", "0x10"}, {"aDecimal", "1e99999"}, {"aDecimal", "NaN"}, {"aDecimal", "true"},
		{"aBoolean", "yes"}, {"aBoolean", "1"},
		{"aDate", "2026-02-30"}, {"aDate", "2026-02-28T10:00:00Z"}, {"aDateTime", "soon"}, {"aDateTime", "2026"},
		{"aDuration", "90"}, {"aDuration", "soon"}, {"aDuration", "1 hour 30 minutes"}, {"aDuration", "P"}, {"aDate", "0000-01-01"}, {"aDateTime", "0001-01-01T00:00:00+01:00"},
		{"aJSON", ".nan"}, {"aJSON", "{a: 1, a: 2}"}, {"aJSON", "&x [*x]"}, {"aJSON", "{[1]: 2}"},
		{"aBytes", "a"}, {"aBytes", "[1]"},
		{"anEnum", "GOLD"}, {"anEnum", "free"}, {"anEnum", "[FREE]"}, {"anEnum", "1"},
		{"texts", "a"}, {"texts", "[[a]]"}, {"texts", "[1]"}, {"tiers", "[FREE, null]"}, {"tiers", "[GOLD]"}, {"numbers", "{a: 1}"},
	} {
		text, _ := fails(t, noDatabase(t), "samples:\n  - {aBoolean: true, code: x}\n  -\n    "+c.field+": "+c.yaml+"\n")
		if !strings.Contains(text, "seeds/dev/a.yaml:4:") || strings.Contains(text, "panic") {
			t.Errorf("%s: %s: got\n%s", c.field, c.yaml, text)
		}
	}
}
