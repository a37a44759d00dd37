package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const arraySchema = `
	enum Mood { A B C }
	type Note @table @auth(rules: [{ allow: PUBLIC }]) {
		name: String!
		texts: [String!]
		numbers: [Int]
		moods: [Mood!]
		docs: [JSON!]
		ints: String @col(dataType: "int4range")
		days: String @col(dataType: "daterange")
		times: String @col(dataType: "tstzrange")
		local: String @col(dataType: "tsrange")
		money: String @col(dataType: "numrange")
		many: String @col(dataType: "int4multirange")
	}`

// listOperator evaluates an operator for lists in plain Go.
func listOperator(operator string, list []string, operand any) bool {
	in := func(list any) func(any) bool {
		return func(item any) bool { return slices.Contains(list.([]any), item) }
	}
	values := make([]any, len(list))
	for i, item := range list {
		values[i] = item
	}
	switch operator {
	case "eq":
		return slices.Equal(values, operand.([]any))
	case "ne":
		return !slices.Equal(values, operand.([]any))
	case "has":
		return slices.Contains(values, operand)
	case "hasAny":
		return slices.ContainsFunc(operand.([]any), in(values))
	case "hasAll":
		return !slices.ContainsFunc(operand.([]any), func(item any) bool { return !in(values)(item) })
	case "containedIn":
		return !slices.ContainsFunc(values, func(item any) bool { return !in(operand)(item) })
	case "isEmpty":
		return (len(list) == 0) == operand.(bool)
	}
	limits := operand.(map[string]any)
	return limits["gte"].(int) <= len(list) && len(list) < limits["lt"].(int)
}

// Operators on lists are what plain Go computes.
func TestListOperators(t *testing.T) {
	t.Parallel()
	r := seeded(3)
	const n = 30
	letters := []string{"A", "B", "C"}
	lists := make([][]string, n)
	rows := make([]string, n)
	for i := range lists {
		lists[i] = []string{}
		for range r.IntN(4) {
			lists[i] = append(lists[i], letters[r.IntN(3)])
		}
		value := "'{" + strings.Join(lists[i], ",") + "}'"
		docs := strings.NewReplacer("A", "1", "B", "2", "C", `"{}"`).Replace(value)
		if i == 0 {
			value, docs = "NULL", "NULL"
		}
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, texts, moods, docs) VALUES ('%s', %s, %[2]s, %s)", noteName(i), value, docs)
	}
	c := serve(t, arraySchema, "", rows...).as(service)
	var count opTally
	some := func() []any {
		list := []any{}
		for range r.IntN(3) {
			list = append(list, letters[r.IntN(3)])
		}
		return list
	}
	for _, operator := range []string{"eq", "ne", "has", "hasAny", "hasAll", "containedIn", "isEmpty", "length"} {
		for range 8 {
			operand := any(some())
			switch operator {
			case "has":
				operand = letters[r.IntN(3)]
			case "isEmpty":
				operand = r.IntN(2) == 0
			case "length":
				operand = map[string]any{"gte": r.IntN(3), "lt": 1 + r.IntN(4)}
			}
			fields := []string{"texts", "moods"}
			if operator == "isEmpty" || operator == "length" {
				fields = append(fields, "docs")
			}
			for _, field := range fields {
				want := noteNames(n, func(i int) bool {
					if i == 0 {
						return operator == "ne"
					}
					return listOperator(operator, lists[i], operand)
				})
				shown := operand
				if field == "moods" {
					shown = asEnums(operand)
				}
				where := map[string]any{field: map[string]any{operator: shown}}
				count.compare(t, rowsWhere(t, c, where), want, literalOf(where))
			}
		}
	}
	count.enough(t)
}

// asEnums writes the strings of an operand as values of an enum.
func asEnums(operand any) any {
	switch v := operand.(type) {
	case string:
		return enumValue(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = asEnums(item)
		}
		return list
	}
	return operand
}

// span is the range of whole numbers from its first to before its last; a span without any is empty.
type span struct{ first, end int }

func randomSpan(r *rand.Rand) span {
	first := r.IntN(8)
	return span{first, first + r.IntN(4)}
}

func (s span) empty() bool { return s.first >= s.end }

// text writes the span as a range of values that stand for whole numbers.
func (s span) text(value func(int) string) string {
	if s.empty() {
		return "empty"
	}
	return "[" + value(s.first) + "," + value(s.end) + ")"
}

// rangeOperator evaluates an operator for ranges in plain Go.
func rangeOperator(operator string, s, o span) bool {
	both := !s.empty() && !o.empty()
	switch operator {
	case "contains":
		return o.empty() || (both && s.first <= o.first && o.end <= s.end)
	case "containedIn":
		return rangeOperator("contains", o, s)
	case "overlaps":
		return both && s.first < o.end && o.first < s.end
	case "adjacent":
		return both && (s.end == o.first || o.end == s.first)
	case "before":
		return both && s.end <= o.first
	case "after":
		return both && o.end <= s.first
	case "eq":
		return s == o || (s.empty() && o.empty())
	}
	return !s.empty() && s.first <= o.first && o.first < s.end // has
}

// Operators on ranges are what plain Go computes.
func TestRangeOperators(t *testing.T) {
	t.Parallel()
	r := seeded(4)
	number := func(n int) string { return fmt.Sprint(n) }
	day := func(n int) string { return fmt.Sprintf("2026-01-%02d", n+1) }
	at := func(n int) string { return day(n) + "T00:00:00Z" }
	kinds := map[string]struct {
		value func(int) string
		has   func(int) any
	}{
		"ints": {number, func(n int) any { return n }}, "money": {number, func(n int) any { return fmt.Sprint(n) }}, "many": {number, func(n int) any { return n }},
		"days": {day, func(n int) any { return day(n) }}, "times": {at, func(n int) any { return at(n) }}, "local": {day, func(n int) any { return at(n) }},
	}
	const n = 30
	spans := make([]span, n)
	rows := make([]string, n)
	for i := range spans {
		spans[i] = randomSpan(r)
		columns, values := "name", "'"+noteName(i)+"'"
		for field, kind := range kinds {
			columns += ", " + field
			values += ", " + rangeLiteral(field, spans[i].text(kind.value))
		}
		if i == 0 {
			columns, values = "name", "'"+noteName(i)+"'"
		}
		rows[i] = "INSERT INTO notes (" + columns + ") VALUES (" + values + ")"
	}
	c := serve(t, arraySchema, "SET timezone = 'UTC'", rows...).as(service)
	var count opTally
	for _, operator := range []string{"contains", "containedIn", "overlaps", "adjacent", "before", "after", "eq", "has"} {
		for range 6 {
			o := randomSpan(r)
			for field, kind := range kinds {
				operand := any(strings.Trim(rangeLiteral(field, o.text(kind.value)), "'"))
				if operator == "has" {
					operand = kind.has(o.first)
				}
				want := noteNames(n, func(i int) bool { return i > 0 && rangeOperator(operator, spans[i], o) })
				where := map[string]any{field: map[string]any{operator: operand}}
				count.compare(t, rowsWhere(t, c, where), want, literalOf(where))
			}
		}
	}
	for _, empty := range []bool{true, false} {
		for field := range kinds {
			want := noteNames(n, func(i int) bool { return i > 0 && spans[i].empty() == empty })
			count.compare(t, rowsWhere(t, c, map[string]any{field: map[string]any{"isEmpty": empty}}), want, field)
		}
	}
	count.enough(t)
	for where, want := range map[string]string{
		`{ints: {overlaps: "[1,"}}`: "malformed range literal", `{ints: {contains: "[3,1]"}}`: "range lower bound must be less than or equal", `{days: {before: "x"}}`: "malformed range literal",
		`{ints: {has: 3000000000}}`: "is not a valid Int", `{times: {has: "2026"}}`: "is not a valid DateTime", `{many: {adjacent: "[1,2)"}}`: "malformed multirange literal",
	} {
		if body := c.send(t, `{notes(where: `+where+`) {totalCount}}`, nil).Body.String(); !strings.Contains(body, want) || !strings.Contains(body, `"INVALID"`) {
			t.Errorf("%s: %s", where, body)
		}
	}
}

// rangeLiteral writes a range, or a multirange of one.
func rangeLiteral(field, text string) string {
	switch {
	case field != "many":
	case text == "empty":
		text = "{}"
	default:
		text = "{" + text + "}"
	}
	return "'" + text + "'"
}
