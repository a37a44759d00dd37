package exec_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// orderElement returns a random element of orderBy.
func (j judged) orderElement(typ string, depth int) map[string]any {
	fields := functionFields[typ]["countDistinct"]
	name := pickOf(j.Rand, slices.Sorted(maps.Keys(relations[typ]))...)
	switch rel := relations[typ][name]; {
	case depth == 0 || j.IntN(2) == 0:
		return map[string]any{pickOf(j.Rand, fields...): j.direction()}
	case rel.many:
		return map[string]any{name: j.aggregateOrder(rel.target)}
	default:
		return map[string]any{name: j.orderElement(rel.target, depth-1)}
	}
}

// orderValue returns the value of a row in an element of orderBy, and the direction.
func (rf *reference) orderValue(typ string, row record, element map[string]any) (value any, direction string) {
	for name, inner := range element {
		rel, isRelation := relations[typ][name]
		if !isRelation {
			return rf.get(typ, row, name), string(inner.(enumValue))
		}
		target, rows := rf.related(typ, row, name)
		switch {
		case rel.many:
			return rf.aggregateOrderValue(target, rows, inner.(map[string]any))
		case len(rows) > 0:
			return rf.orderValue(target, rows[0], inner.(map[string]any))
		}
		_, direction = rf.orderValue(target, record{}, inner.(map[string]any))
		return nil, direction
	}
	return nil, ""
}

// distinctOrder returns an order that begins with the fields of distinctOn.
func distinctOrder(order []any, distinct []any) []any {
	var first []any
	for _, name := range distinct {
		field := string(name.(enumValue))
		i := slices.IndexFunc(order, func(o any) bool { return o.(map[string]any)[field] != nil })
		if i < 0 {
			first = append(first, map[string]any{field: enumValue("ASC")})
			continue
		}
		first, order = append(first, order[i]), slices.Delete(slices.Clone(order), i, i+1)
	}
	return append(first, order...)
}

// ordered returns the ids of rows in an order, which ends with the key in the direction of the last field. Of rows that are equal in the fields of
// distinct, it returns the first.
func (rf *reference) ordered(typ string, rows []record, order, distinct []any) (ids []string) {
	order = distinctOrder(order, distinct)
	seen, last := map[string]bool{}, "ASC"
	var elements []map[string]any
	for _, o := range order {
		element := o.(map[string]any)
		text := fmt.Sprint(slices.Collect(maps.Keys(element)))
		_, isField := slices.Collect(maps.Values(element))[0].(enumValue)
		if isField && seen[text] {
			continue // it cannot change the order any more
		}
		seen[text] = true
		elements = append(elements, element)
		_, last = rf.orderValue(typ, record{}, element)
	}
	elements = append(elements, map[string]any{"id": enumValue(last)})
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b record) int {
		for _, element := range elements {
			va, direction := rf.orderValue(typ, a, element)
			vb, _ := rf.orderValue(typ, b, element)
			if c := compareNulls(va, vb, direction); c != 0 {
				return c
			}
		}
		return 0
	})
	var before []any
	for i, row := range rows {
		var values []any
		for _, name := range distinct {
			values = append(values, rf.get(typ, row, string(name.(enumValue))))
		}
		isEqual := slices.EqualFunc(values, before, func(a, b any) bool { return compareNulls(a, b, "ASC") == 0 })
		if isFirst := i == 0 || !isEqual; len(distinct) == 0 || isFirst {
			ids = append(ids, row["id"].(string))
		}
		before = values
	}
	return ids
}

// pagedList is a page of a list with the cursors of its ends.
type pagedList struct {
	List struct {
		TotalCount int
		Aggregate  struct{ Count int }
		Nodes      []struct{ ID string }
		PageInfo   struct {
			HasNextPage, HasPreviousPage bool
			StartCursor, EndCursor       *string
		}
	}
}

// pages reads a list page by page, forwards or backwards.
func (j judged) pages(t *testing.T, typ, arguments string, size int, forward bool) (ids []string) {
	t.Helper()
	cursor := ""
	for {
		bounds := fmt.Sprintf("first: %d", size)
		if !forward {
			bounds = fmt.Sprintf("last: %d", size)
		}
		if cursor != "" {
			bounds += map[bool]string{true: ", after: ", false: ", before: "}[forward] + literalOf(cursor)
		}
		const selection = "{ totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
		query := fmt.Sprintf("{ list: %s(%s, %s) %s }", plurals[typ], arguments, bounds, selection)
		var got pagedList
		if err := decoded(j.client.data(t, query, nil), &got); err != nil {
			t.Fatal(err)
		}
		var page []string
		for _, n := range got.List.Nodes {
			page = append(page, n.ID)
		}
		info, end, more := got.List.PageInfo, got.List.PageInfo.EndCursor, got.List.PageInfo.HasNextPage
		if ids = append(ids, page...); !forward {
			ids, end, more = append(page, ids[:len(ids)-len(page)]...), info.StartCursor, info.HasPreviousPage
		}
		if !more || len(ids) > got.List.TotalCount {
			return ids
		}
		cursor = *end
	}
}

// Lists in every order, page by page and in both directions, are those of the reference.
func TestOrders(t *testing.T) {
	judge(t, 4, func(t *testing.T, j judged) {
		t.Helper()
		typ := pickOf(j.Rand, "Person", "Note", "Note", "Visit", "Visit", "Tag")
		where, order := j.where(typ, 2), []any{}
		for range j.IntN(4) {
			order = append(order, j.orderElement(typ, 2))
		}
		distinct := []any{}
		for range max(0, j.IntN(5)-2) {
			if name := enumValue(pickOf(j.Rand, functionFields[typ]["countDistinct"]...)); !slices.Contains(distinct, any(name)) {
				distinct = append(distinct, name)
			}
		}
		want := j.rf.ordered(typ, j.rf.matching(typ, j.rf.list(typ), where), order, distinct)
		arguments := fmt.Sprintf("where: %s, orderBy: %s, distinctOn: %s", literalOf(where), literalOf(order), literalOf(distinct))
		j.skipping(t, typ, arguments, want)
		for _, size := range []int{1 + j.IntN(9), 50} {
			forward := j.IntN(2) == 0
			if got := j.pages(t, typ, arguments, size, forward); !slices.Equal(got, want) {
				t.Errorf("%s(%s) as %+v, by %d, forwards %t:\n%v, not\n%v", plurals[typ], arguments, j.rf.who, size, forward, got, want)
			}
		}
	})
}

// skipping reads a page that skips rows, from the start of a list and after a cursor.
func (j judged) skipping(t *testing.T, typ, arguments string, want []string) {
	t.Helper()
	if len(want) < 2 {
		return
	}
	size, skipped, start := 1+j.IntN(5), j.IntN(6), j.IntN(len(want)-1)
	ask := func(bounds string, vars map[string]any) (got pagedList, ids []string) {
		const selection = "{ totalCount aggregate { count } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
		query := fmt.Sprintf("query($n: Int) { list: %s(%s, %s, offset: $n) %s }", plurals[typ], arguments, bounds, selection)
		if j.IntN(2) == 0 && vars["n"] != nil {
			query, vars = strings.Replace(strings.Replace(query, "query($n: Int)", "", 1), "$n", fmt.Sprint(vars["n"]), 1), nil
		}
		if err := decoded(j.client.data(t, query, vars), &got); err != nil {
			t.Fatal(err)
		}
		for _, n := range got.List.Nodes {
			ids = append(ids, n.ID)
		}
		return got, ids
	}
	begin, _ := ask(fmt.Sprintf("first: %d", start+1), nil)
	for after, from := range map[string]int{"": 0, ", after: " + literalOf(*begin.List.PageInfo.EndCursor): start + 1} {
		got, ids := ask(fmt.Sprintf("first: %d%s", size, after), map[string]any{"n": skipped})
		low := min(from+skipped, len(want))
		page, info := want[low:min(low+size, len(want))], got.List.PageInfo
		isPage := slices.Equal(ids, page) && info.HasPreviousPage == (from+skipped > 0) && info.HasNextPage == (low+size < len(want))
		if isCounted := got.List.TotalCount == len(want) && got.List.Aggregate.Count == len(want); !isPage || !isCounted {
			t.Errorf("%s(%s) as %+v, %d rows after %d and %d: %+v, not %v", plurals[typ], arguments, j.rf.who, size, from, skipped, got, page)
		}
	}
}

// Orders that are not valid are refused.
func TestMistakesInOrders(t *testing.T) {
	t.Parallel()
	c := serve(t, referenceSchema, "")
	for _, tt := range []struct{ query, want string }{
		{`{notes(orderBy: [{owner: {}}]) {totalCount}}`, "each element of orderBy names one field"},
		{`{notes(orderBy: [{owner: {name: ASC, id: ASC}}]) {totalCount}}`, "each element of orderBy names one field"},
		{`{notes(orderBy: [{owner: null}]) {totalCount}}`, "each element of orderBy names one field"},
		{`{notes(orderBy: [{visits: {max: {}}}]) {totalCount}}`, "each element of orderBy names one field"},
		{`{notes(orderBy: [{visits: {count: null}}]) {totalCount}}`, "each element of orderBy names one field"},
		{`{notes(where: {visits: {count: null}}) {totalCount}}`, "count cannot be null"},
		{`{notes(where: {visits: {sum: {n: null}}}) {totalCount}}`, "sum.n cannot be null"},
		{`{notes(where: {visits: {aggregate: {where: null, count: {gt: 1}}}}) {totalCount}}`, "where cannot be null"},
		{`{notes(last: 1, offset: 1) {totalCount}}`, "offset counts from the start of a list"},
		{`{notes(offset: -1) {totalCount}}`, "offset must be between 0 and 2147483647; it is -1"},
		{`{notes {groups(by: []) {count}}}`, "by must have 1 to 8 elements"},
		{`{notes {groups(by: [{field: kind}, {field: kind}]) {count}}}`, "by names the field kind twice"},
		{`{notes {groups(by: [{field: kind, interval: DAY}]) {count}}}`, "kind is no time"},
		{`{notes {groups(by: [{field: day, interval: HOUR}]) {count}}}`, "day is a Date, which has no hours"},
		{`{notes {groups(by: [{field: day, interval: DAY, timeZone: "UTC"}]) {count}}}`, "day is a Date, which has no time zone"},
		{`{notes {groups(by: [{field: at, timeZone: "UTC"}]) {count}}}`, "timeZone needs an interval"},
		{`{notes {groups(by: [{field: at, interval: DAY, timeZone: "Europe/Paradise"}]) {count}}}`, `\"Europe/Paradise\" is not a known time zone`},
		{`{notes {groups(by: [{field: at, interval: DAY, timeZone: "CEST-2"}]) {count}}}`, "is not a known time zone"},
		{`{notes {groups(by: [{field: at, interval: DAY, timeZone: "../etc"}]) {count}}}`, "is not a known time zone"},
		{`{notes {groups(by: [{field: at, interval: DAY, timeZone: ""}]) {count}}}`, "is not a known time zone"},
		{`{notes {groups(by: [{field: kind}]) {keys {day}}}}`, "the rows are not grouped by day"},
		{`{notes {groups(by: [{field: kind}], orderBy: [{keys: {day: ASC}}]) {count}}}`, "the rows are not grouped by day"},
		{`{notes {groups(by: [{field: kind}], first: 1000) {count}}}`, "first must be between 0 and 100"},
	} {
		w := c.send(t, tt.query, nil)
		if w.Code != 400 || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, not %s", tt.query, w.Code, w.Body, tt.want)
		}
	}
}

// No order is so deep that Postgres refuses it.
func TestDeepOrders(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows).as(service)
	const refused = "orderBy leads through more than 8 references"
	for references, want := range map[int]string{1: `"totalCount":6`, 8: `"totalCount":6`, 9: refused, 500: refused} {
		order := strings.Repeat("{parent: ", references) + "{id: DESC}" + strings.Repeat("}", references)
		if body := c.send(t, "{tasks(orderBy: ["+order+"]) {totalCount nodes {id}}}", nil).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%d references: %s", references, body)
		}
	}
}
