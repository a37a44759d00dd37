package exec_test

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
)

var referenceRounds = flag.Int("reference", 60, "how many random operations each test against the reference sends, with and without policies")

func bytesOf(text string) io.Reader { return strings.NewReader(text) }

// judged is a database with random rows, its reference, and a maker of operations.
type judged struct {
	client client
	rf     *reference
	*rand.Rand
}

// judge calls ask with random operations, some of them under the policies of a database.
func judge(t *testing.T, seed uint64, ask func(t *testing.T, j judged)) {
	t.Parallel()
	for name, serveRows := range map[string]func(*testing.T, []string) client{
		"plain":    func(t *testing.T, rows []string) client { return serve(t, referenceSchema, "", rows...) },
		"enforced": func(t *testing.T, rows []string) client { return enforce(t, referenceSchema, rows...).on },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(*randomSeed, seed)) //nolint:gosec // not for secrets
			c := serveRows(t, referenceRows(r))
			all := judged{client: c, rf: loadReference(t, c), Rand: r}
			for range *referenceRounds {
				ask(t, all.as())
			}
		})
	}
}

// as makes a random caller ask.
func (j judged) as() judged {
	who := []caller.Caller{service, anonymous, {UID: "p0"}, {UID: "p1"}}[j.IntN(4)]
	j.client, j.rf = j.client.as(who), &reference{rows: j.rf.rows, who: who}
	return j
}

func pickOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// where returns a random filter.
func (j judged) where(typ string, depth int) map[string]any {
	filter := map[string]any{}
	for range j.IntN(3) {
		if name, condition := j.condition(typ, depth); name != "" {
			filter[name] = condition
		}
	}
	return filter
}

func (j judged) condition(typ string, depth int) (string, any) {
	switch n := j.IntN(6); {
	case depth == 0 || n < 3:
		field := pickOf(j.Rand, functionFields[typ]["countDistinct"]...)
		return field, j.operators(field)
	case n == 3:
		return pickOf(j.Rand, "and", "or"), []any{j.where(typ, depth-1), j.where(typ, depth-1)}
	case n == 4:
		return "not", j.where(typ, depth-1)
	}
	name := pickOf(j.Rand, slices.Sorted(maps.Keys(relations[typ]))...)
	rel := relations[typ][name]
	if !rel.many {
		return name, j.where(rel.target, depth-1)
	}
	switch j.IntN(5) {
	case 0:
		return name, j.aggregateConditions(rel.target, 0)
	case 1:
		conditions := j.aggregateConditions(rel.target, 1)
		conditions["where"] = j.where(rel.target, depth-1)
		return name, map[string]any{"aggregate": conditions}
	}
	return name, map[string]any{pickOf(j.Rand, "some", "every", "none"): j.where(rel.target, depth-1)}
}

// aggregateConditions returns a random filter on aggregates.
func (j judged) aggregateConditions(typ string, depth int) map[string]any {
	filter := map[string]any{}
	for range 1 + j.IntN(2) {
		name := pickOf(j.Rand, "count", "countDistinct", "sum", "avg", "min", "max", "and", "or", "not")
		fields := functionFields[typ][name]
		switch {
		case name == "count":
			filter[name] = j.operators("n")
		case fields != nil:
			field := pickOf(j.Rand, fields...)
			filter[name] = map[string]any{field: j.aggregateOperators(name, field)}
		case depth == 0:
		case name == "not":
			filter[name] = j.aggregateConditions(typ, depth-1)
		case name == "and" || name == "or":
			filter[name] = []any{j.aggregateConditions(typ, depth-1), j.aggregateConditions(typ, depth-1)}
		}
	}
	return filter
}

func (j judged) aggregateOperators(function, field string) map[string]any {
	switch {
	case function == "countDistinct":
		return j.operators("n")
	case function == "min" || function == "max":
		return j.operators(field)
	case function == "avg" && field == "ratio":
		return map[string]any{pickOf(j.Rand, "gt", "lte"): 0.3}
	case function == "avg":
		return map[string]any{pickOf(j.Rand, "lt", "gte"): "1.3"}
	case field == "ratio":
		return j.operators(field)
	case field == "price" || field == "cost":
		return j.operators("price")
	}
	return j.operators("big")
}

// fieldValues are operands of filters.
var fieldValues = map[string][]any{
	"id": {"p1", "n03", "v07", "t1"}, "name": {"bob", "red"}, "ownerId": {"p0", "p1"}, "noteId": {"n03"}, "personId": {"p0", "p1"}, "kind": {enumValue("LOW"), enumValue("MID"), enumValue("HIGH")},
	"big": {"5", "-7", "9007199254740993"}, "price": {"0.5", "1.5", "0"}, "cost": {"0.25", "1"}, "ratio": {0.25, 0.5, 0.0}, "day": {"2026-01-30", "2026-02-01"},
	"at": {"2026-03-29T00:30:00Z", "2026-01-01T00:00:00Z"}, "title": {"aa", "ab", "b"}, "open": {true, false},
}

func (j judged) operand(field string) any {
	if list := fieldValues[field]; list != nil {
		return pickOf(j.Rand, list...)
	}
	return j.IntN(5)
}

func (j judged) operators(field string) map[string]any {
	if j.IntN(5) == 0 {
		return map[string]any{"isNull": j.IntN(2) == 0}
	}
	names := []string{"eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte"}
	switch field {
	case "kind", "id", "ownerId", "noteId", "personId":
		names = names[:4]
	case "open":
		names = names[:2]
	}
	op := pickOf(j.Rand, names...)
	if op == "in" || op == "notIn" {
		return map[string]any{op: []any{j.operand(field), j.operand(field)}}
	}
	return map[string]any{op: j.operand(field)}
}

// summarySelection selects random aggregates of a type.
func (j judged) summarySelection(typ string) string {
	var b strings.Builder
	b.WriteString("count")
	for _, function := range slices.Sorted(maps.Keys(functionFields[typ])) {
		if fields := functionFields[typ][function]; j.IntN(2) == 0 {
			fmt.Fprintf(&b, " %s {%s %s}", function, pickOf(j.Rand, fields...), pickOf(j.Rand, fields...))
		}
	}
	return b.String()
}

// plurals are the root fields of lists.
var plurals = map[string]string{"Person": "people", "Note": "notes", "Visit": "visits", "Tag": "tags"}

// argument passes a value as a variable or in the document.
func (j judged) argument(typ string, value any) (definition, text string, vars map[string]any) {
	if j.IntN(2) == 0 {
		return "", literalOf(value), nil
	}
	return "($v: " + typ + ")", "$v", map[string]any{"v": value}
}

// Aggregates of lists at the root are what the reference computes.
func TestAggregates(t *testing.T) {
	judge(t, 1, func(t *testing.T, j judged) {
		t.Helper()
		typ := pickOf(j.Rand, "Person", "Note", "Note", "Visit", "Tag")
		where := j.where(typ, 2)
		definition, argument, vars := j.argument(typ+"Where", where)
		const operation = "query%s { list: %s(where: %s, first: %d) { totalCount aggregate { %s } } }"
		query := fmt.Sprintf(operation, definition, plurals[typ], argument, j.IntN(3), j.summarySelection(typ))
		var got struct {
			List struct{ Aggregate map[string]any }
		}
		if err := decoded(j.client.data(t, query, vars), &got); err != nil {
			t.Fatal(err)
		}
		if diff := j.rf.summaryDiffers(typ, j.rf.matching(typ, j.rf.list(typ), where), got.List.Aggregate); diff != "" {
			t.Errorf("%s %v as %+v: %s", query, where, j.rf.who, diff)
		}
	})
}

// Aggregates of nested lists are what the reference computes for each row.
func TestAggregatesOfNestedLists(t *testing.T) {
	judge(t, 2, func(t *testing.T, j judged) {
		t.Helper()
		typ := pickOf(j.Rand, "Person", "Note", "Tag")
		field := pickOf(j.Rand, slices.Sorted(maps.Keys(relations[typ]))...)
		if !relations[typ][field].many {
			return
		}
		target := relations[typ][field].target
		where := j.where(target, 1)
		const operation = "{ list: %s(first: 50) { nodes { id rows: %s(where: %s) { aggregate { %s } } } } }"
		query := fmt.Sprintf(operation, plurals[typ], field, literalOf(where), j.summarySelection(target))
		var got struct {
			List struct {
				Nodes []struct {
					ID   string
					Rows struct{ Aggregate map[string]any }
				}
			}
		}
		if err := decoded(j.client.data(t, query, nil), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.List.Nodes) != len(j.rf.list(typ)) {
			t.Fatalf("%s: %d rows", query, len(got.List.Nodes))
		}
		for _, node := range got.List.Nodes {
			row := j.rf.rows[typ][slices.IndexFunc(j.rf.rows[typ], func(r record) bool { return r["id"] == node.ID })]
			_, rows := j.rf.related(typ, row, field)
			if diff := j.rf.summaryDiffers(target, j.rf.matching(target, rows, where), node.Rows.Aggregate); diff != "" {
				t.Errorf("%s of %s as %+v: %s", query, node.ID, j.rf.who, diff)
			}
		}
	})
}
