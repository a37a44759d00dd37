package exec_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// groupKeyOf is the value by which the reference groups a row: a value, or the start of the interval in which a time is.
func (rf *reference) groupKeyOf(t *testing.T, typ string, row record, by map[string]any) any {
	t.Helper()
	field := string(by["field"].(enumValue))
	value := rf.get(typ, row, field)
	interval, ok := by["interval"].(enumValue)
	if !ok || value == nil {
		return value
	}
	name, _ := by["timeZone"].(string)
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	layout := time.RFC3339
	if field == "day" {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return startOf(at.In(zone), string(interval)).UTC().Format(layout)
}

func startOf(at time.Time, interval string) time.Time {
	year, month, day := at.Date()
	switch interval {
	case "HOUR":
		return at.Add(-time.Duration(at.Minute())*time.Minute - time.Duration(at.Second())*time.Second)
	case "WEEK":
		day -= (int(at.Weekday()) + 6) % 7
	case "MONTH":
		day = 1
	case "QUARTER":
		day, month = 1, month-(month-1)%3
	case "YEAR":
		day, month = 1, 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, at.Location())
}

// referenceGroup is a group of rows with equal keys.
type referenceGroup struct {
	keys []any
	rows []record
}

func (rf *reference) groups(t *testing.T, typ string, rows []record, by []any) (groups []*referenceGroup) {
	t.Helper()
	for _, row := range rows {
		keys := make([]any, len(by))
		for i, b := range by {
			keys[i] = rf.groupKeyOf(t, typ, row, b.(map[string]any))
		}
		i := slices.IndexFunc(groups, func(g *referenceGroup) bool {
			return slices.EqualFunc(g.keys, keys, func(a, b any) bool { return compareNulls(a, b, "ASC") == 0 })
		})
		if i < 0 {
			i, groups = len(groups), append(groups, &referenceGroup{keys: keys})
		}
		groups[i].rows = append(groups[i].rows, row)
	}
	return groups
}

// compareNulls compares values in a direction of an order.
func compareNulls(a, b any, direction string) int {
	desc := strings.HasPrefix(direction, "DESC")
	nullsFirst := strings.HasSuffix(direction, "NULLS_FIRST") || (desc && !strings.HasSuffix(direction, "NULLS_LAST"))
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return map[bool]int{true: -1, false: 1}[nullsFirst]
	case b == nil:
		return map[bool]int{true: 1, false: -1}[nullsFirst]
	case desc:
		return compareValues(b, a)
	}
	return compareValues(a, b)
}

var orderDirections = []string{"ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"}

func (j judged) direction() enumValue { return enumValue(pickOf(j.Rand, orderDirections...)) }

// by returns what a random query groups by.
func (j judged) by(typ string) (by []any) {
	fields := slices.Clone(functionFields[typ]["countDistinct"])
	j.Shuffle(len(fields), func(a, b int) { fields[a], fields[b] = fields[b], fields[a] })
	for _, field := range fields[:1+j.IntN(2)] {
		key := map[string]any{"field": enumValue(field)}
		switch n := j.IntN(3); {
		case field == "at" && n > 0:
			key["interval"] = enumValue(pickOf(j.Rand, "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"))
			if n > 1 {
				key["timeZone"] = pickOf(j.Rand, "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
			}
		case field == "day" && n > 0:
			key["interval"] = enumValue(pickOf(j.Rand, "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"))
		}
		by = append(by, key)
	}
	return by
}

// aggregateOrder returns a random element of an order by aggregates.
func (j judged) aggregateOrder(typ string) map[string]any {
	function := pickOf(j.Rand, slices.Sorted(maps.Keys(functionFields[typ]))...)
	if j.IntN(2) == 0 {
		return map[string]any{"count": j.direction()}
	}
	return map[string]any{function: map[string]any{pickOf(j.Rand, functionFields[typ][function]...): j.direction()}}
}

// orderValue returns the value and the direction of an element of an order by aggregates.
func (rf *reference) aggregateOrderValue(typ string, rows []record, element map[string]any) (value any, direction string) {
	for function, inner := range element {
		if function == "count" {
			return referenceValue("n", len(rows)), string(inner.(enumValue))
		}
		for field, d := range inner.(map[string]any) {
			return rf.aggregate(typ, rows, function, field), string(d.(enumValue))
		}
	}
	return nil, ""
}

// compareGroups compares groups in an order, and then by their keys.
func (rf *reference) compareGroups(typ string, by, order []any, a, b *referenceGroup) int {
	for _, element := range order {
		keys, isKey := element.(map[string]any)["keys"].(map[string]any)
		for field, d := range keys {
			i := slices.IndexFunc(by, func(k any) bool { return k.(map[string]any)["field"] == enumValue(field) })
			if c := compareNulls(a.keys[i], b.keys[i], string(d.(enumValue))); c != 0 {
				return c
			}
		}
		if isKey {
			continue
		}
		va, direction := rf.aggregateOrderValue(typ, a.rows, element.(map[string]any))
		vb, _ := rf.aggregateOrderValue(typ, b.rows, element.(map[string]any))
		if c := compareNulls(va, vb, direction); c != 0 {
			return c
		}
	}
	for i := range by {
		if c := compareNulls(a.keys[i], b.keys[i], "ASC"); c != 0 {
			return c
		}
	}
	return 0
}

// Groups are those of the reference, in its order.
func TestGroups(t *testing.T) {
	judge(t, 3, func(t *testing.T, j judged) {
		t.Helper()
		typ := pickOf(j.Rand, "Person", "Note", "Note", "Visit", "Tag")
		where, by, having, first := j.where(typ, 1), j.by(typ), j.aggregateConditions(typ, 1), 1+j.IntN(20)
		order := []any{}
		for range j.IntN(3) {
			order = append(order, j.aggregateOrder(typ))
		}
		key := string(by[0].(map[string]any)["field"].(enumValue))
		if j.IntN(2) == 0 {
			order = append(order, map[string]any{"keys": map[string]any{key: j.direction()}})
		}
		const operation = "query($w: %[1]sWhere, $b: [%[1]sAggregateBy!]!, $h: %[1]sAggregateWhere, $o: [%[1]sAggregateGroupOrder!]) " +
			"{ list: %[2]s(where: $w) { groups(by: $b, having: $h, orderBy: $o, first: %[3]d) { keys { %[4]s } %[5]s } } }"
		query := fmt.Sprintf(operation, typ, plurals[typ], first, key, j.summarySelection(typ))
		vars := map[string]any{"w": where, "b": by, "h": having, "o": order}
		if j.IntN(2) == 0 {
			for name, value := range vars {
				query = strings.ReplaceAll(query, ": $"+name, ": "+literalOf(value))
			}
			query, vars = "query"+query[strings.Index(query, " {"):], nil
		}
		want := j.rf.groups(t, typ, j.rf.matching(typ, j.rf.list(typ), where), by)
		want = slices.DeleteFunc(want, func(g *referenceGroup) bool { return !j.rf.summaryMatches(typ, g.rows, having) })
		slices.SortFunc(want, func(a, b *referenceGroup) int { return j.rf.compareGroups(typ, by, order, a, b) })
		want = want[:min(first, len(want))]
		var got struct {
			List struct{ Groups []map[string]any }
		}
		if err := decoded(j.client.data(t, query, vars), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.List.Groups) != len(want) {
			t.Errorf("%s as %+v: %d groups, not %d", query, j.rf.who, len(got.List.Groups), len(want))
			return
		}
		for i, g := range got.List.Groups {
			if k := g["keys"].(map[string]any)[key]; differs("", k, want[i].keys[0]) {
				t.Errorf("%s %v as %+v: key %d is %v, not %v", query, vars, j.rf.who, i, k, shownValue(want[i].keys[0]))
				break
			}
			if diff := j.rf.summaryDiffers(typ, want[i].rows, g); diff != "" {
				t.Errorf("%s %v as %+v: group %d: %s", query, vars, j.rf.who, i, diff)
			}
		}
	})
}
