package seed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// TestScalars writes every form of a scalar in YAML into every type. The field then has what a person reads in the file, or the load fails
// at that line and says how to write it.
func TestScalars(t *testing.T) {
	pool := database(t)
	testkit.Exec(t, pool, "ALTER TABLE samples ALTER COLUMN a_json TYPE json USING a_json::json") // shows numbers as they were written
	fields := []string{"anInt", "anInt64", "aFloat", "aDecimal", "aBoolean", "bio", "aDate", "aDateTime", "aDuration", "aJSON", "numbers"}
	const no = "" // an error
	for _, c := range []struct {
		yaml string
		want map[string]string // by field; others are errors
	}{
		{"777", map[string]string{"anInt": "777", "anInt64": "777", "aFloat": "777", "aDecimal": "777", "aJSON": "777", "numbers": "{777}"}},
		{"0777", nil},
		{"-0777", nil},
		{"007", nil},
		{"00", nil},
		{"08", nil},
		{"0_7", nil},
		{"012.5", nil},
		{"012345678901234567890", nil},
		{"0", map[string]string{"anInt": "0", "anInt64": "0", "aFloat": "0", "aDecimal": "0", "aJSON": "0", "numbers": "{0}"}},
		{"-5", map[string]string{"anInt": "-5", "anInt64": "-5", "aFloat": "-5", "aDecimal": "-5", "aJSON": "-5", "numbers": "{-5}"}},
		{"+5", map[string]string{"anInt": "5", "anInt64": "5", "aFloat": "5", "aDecimal": "5", "aJSON": "5", "numbers": "{5}"}},
		{"0o17", map[string]string{"anInt": "15", "anInt64": "15", "aJSON": "15", "numbers": "{15}"}},
		{"0x1F", map[string]string{"anInt": "31", "anInt64": "31", "aJSON": "31", "numbers": "{31}"}},
		{"0b101", map[string]string{"anInt": "5", "anInt64": "5", "aJSON": "5", "numbers": "{5}"}},
		{"1_000", map[string]string{"anInt": "1000", "anInt64": "1000", "aFloat": "1000", "aDecimal": "1000", "aJSON": "1000", "numbers": "{1000}"}},
		{"1__0", nil},
		{"1_", nil},
		{"1e3", map[string]string{"aFloat": "1000", "aDecimal": "1000", "aJSON": "1e3"}},
		{"1.50", map[string]string{"aFloat": "1.5", "aDecimal": "1.50", "aJSON": "1.50"}},
		{".5", map[string]string{"aFloat": "0.5", "aDecimal": "0.5", "aJSON": "0.5"}},
		{"1e400", map[string]string{"aDecimal": "1" + strings.Repeat("0", 400), "aJSON": "1e400", "bio": "1e400"}},
		{".inf", nil},
		{"-.INF", nil},
		{".nan", nil},
		{"true", map[string]string{"aBoolean": "true", "aJSON": "true"}},
		{"False", map[string]string{"aBoolean": "false", "aJSON": "false"}},
		{"yes", map[string]string{"bio": "yes", "aJSON": `"yes"`}},
		{"no", map[string]string{"bio": "no", "aJSON": `"no"`}},
		{"on", map[string]string{"bio": "on", "aJSON": `"on"`}},
		{"Off", map[string]string{"bio": "Off", "aJSON": `"Off"`}},
		{"y", map[string]string{"bio": "y", "aJSON": `"y"`}},
		{"12:30:45", map[string]string{"bio": "12:30:45", "aJSON": `"12:30:45"`}},
		{"190:20:30.15", map[string]string{"bio": "190:20:30.15", "aJSON": `"190:20:30.15"`}},
		{"2026-01-31", map[string]string{"aDate": "2026-01-31", "aDateTime": "2026-01-31 00:00:00", "aJSON": `"2026-01-31"`}},
		{"2026-1-3", map[string]string{"aJSON": `"2026-1-3"`}},
		{"2026-01-31T09:30:00Z", map[string]string{"aDateTime": "2026-01-31 09:30:00", "aJSON": `"2026-01-31T09:30:00Z"`}},
		{"20260131", map[string]string{"anInt": "20260131", "anInt64": "20260131", "aFloat": "20260131", "aDecimal": "20260131", "aJSON": "20260131", "numbers": "{20260131}"}},
		{"PT1H", map[string]string{"bio": "PT1H", "aJSON": `"PT1H"`, "aDuration": "01:00:00"}},
		{`"0777"`, map[string]string{"bio": "0777", "aJSON": `"0777"`}},
		{`"777"`, map[string]string{"bio": "777", "aJSON": `"777"`, "anInt64": "777", "aDecimal": "777"}},
		{`"true"`, map[string]string{"bio": "true", "aJSON": `"true"`}},
		{"!!str 0777", map[string]string{"bio": "0777", "aJSON": `"0777"`}},
	} {
		for _, field := range fields {
			table, key, column := "samples", "code: x", map[string]string{"anInt": "an_int", "anInt64": "an_int64", "aFloat": "a_float", "aDecimal": "a_decimal",
				"aBoolean": "a_boolean", "aDate": "a_date", "aDateTime": "a_date_time AT TIME ZONE 'UTC'", "aDuration": "a_duration", "aJSON": "a_json", "numbers": "numbers"}[field]
			if field == "bio" {
				table, key, column = "users", "email: x@example.com\n    name: x", "bio"
			}
			value := c.yaml
			if field == "numbers" {
				value = "[" + value + "]"
			}
			text := fmt.Sprintf("%s:\n  -\n    %s: %s\n    %s\n", table, field, value, key)
			want := c.want[field]
			if want == no {
				message, _ := fails(t, noDatabase(t), text)
				if !strings.Contains(message, "seeds/dev/a.yaml:3:") || !strings.Contains(message, "\n      = ") {
					t.Errorf("%s: %s\n%s", field, value, message)
				}
				continue
			}
			load(t, pool, text)
			if got := testkit.Value(t, pool, "SELECT "+column+" FROM "+table); got != want {
				t.Errorf("%s: %s: got %s, want %s", field, value, got, want)
			}
		}
	}
}

// The remedy for a number with leading zeros names what it can mean.
func TestLeadingZeros(t *testing.T) {
	for text, want := range map[string]string{
		"0777": "write it without leading zeros: 777; the octal number is 0o777",
		"-007": "write it without leading zeros: -7; the octal number is -0o7",
		"08":   "write it without leading zeros: 8",
		"00":   "write it without leading zeros: 0",
	} {
		for _, field := range []string{"anInt", "anInt64", "aFloat", "aDecimal", "aJSON", "numbers", "documents"} {
			value := text
			if field == "numbers" || field == "documents" {
				value = "[1, " + value + "]"
			}
			if got, _ := fails(t, noDatabase(t), "samples:\n  - {code: x, "+field+": "+value+"}\n"); !strings.Contains(got, "      = "+want) {
				t.Errorf("%s: %s: %s", field, value, got)
			}
		}
	}
	for _, spec := range []string{"null: 00.5, pick: [1]", "between: [0777, 1000]", "sequence: 010"} {
		got, _ := fails(t, noDatabase(t), "generate:\n  Sample: {count: 3, anInt: {"+spec+"}}\n")
		if !strings.Contains(got, "leading zeros") {
			t.Errorf("%s: %s", spec, got)
		}
	}
}
