package exec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const jsonSchema = `type Note @table @auth(rules: [{ allow: PUBLIC }]) {
	name: String!
	doc: JSON
	old: JSON @col(dataType: "json")
}`

// randomJSON makes JSON of few keys and values, so that conditions match.
func randomJSON(r *rand.Rand, depth int) any {
	if depth > 0 && r.IntN(4) > 0 {
		if r.IntN(3) == 0 {
			list := make([]any, r.IntN(3))
			for i := range list {
				list[i] = randomJSON(r, depth-1)
			}
			return list
		}
		object := map[string]any{}
		for range r.IntN(4) {
			object[[]string{"a", "b", "c"}[r.IntN(3)]] = randomJSON(r, depth-1)
		}
		return object
	}
	return []any{nil, true, false, 0.0, 1.0, 1.5, "a", "ab", "x%"}[r.IntN(9)]
}

func randomKey(r *rand.Rand) string { return []string{"a", "b", "c", "0"}[r.IntN(4)] }

// nowhere is what a path leads to that ends before.
type nowhere struct{}

// follow returns what a path leads to in JSON.
func follow(value any, path []string) any {
	for _, key := range path {
		switch v := value.(type) {
		case map[string]any:
			child, ok := v[key]
			if !ok {
				return nowhere{}
			}
			value = child
		case []any:
			i, err := strconv.Atoi(key)
			if i < 0 {
				i += len(v)
			}
			if err != nil || i < 0 || i >= len(v) {
				return nowhere{}
			}
			value = v[i]
		default:
			return nowhere{}
		}
	}
	return value
}

// contains is the operator @> of Postgres: objects have the members, and lists the elements, of the other one; a list may contain a bare value.
func contains(value, part any, top bool) bool {
	switch p := part.(type) {
	case map[string]any:
		v, ok := value.(map[string]any)
		for key, child := range p {
			inner, has := v[key]
			ok = ok && has && contains(inner, child, false)
		}
		return ok
	case []any:
		v, ok := value.([]any)
		for _, child := range p {
			ok = ok && slices.ContainsFunc(v, func(inner any) bool { return contains(inner, child, false) })
		}
		return ok
	}
	if list, ok := value.([]any); ok && top {
		return slices.Contains(scalarsOf(list), part)
	}
	return reflect.DeepEqual(value, part)
}

// scalarsOf are the elements of a list that are neither lists nor objects.
func scalarsOf(list []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(item any) bool {
		switch item.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

func hasKey(value any, key string) bool {
	switch v := value.(type) {
	case map[string]any:
		_, ok := v[key]
		return ok
	case []any:
		return slices.Contains(scalarsOf(v), any(key))
	}
	return value == key
}

// jsonOperator evaluates an operator for JSON in plain Go.
func jsonOperator(operator string, value, operand any) bool {
	if value == (nowhere{}) {
		return operator == "ne" || operator == "notIn" || operator == "notLike" || operator == "notIlike"
	}
	among := func(list any) bool {
		return slices.ContainsFunc(list.([]any), func(item any) bool { return reflect.DeepEqual(item, value) })
	}
	has := func(key any) bool { return hasKey(value, key.(string)) }
	switch operator {
	case "eq":
		return reflect.DeepEqual(value, operand)
	case "ne":
		return !reflect.DeepEqual(value, operand)
	case "in":
		return among(operand)
	case "notIn":
		return !among(operand)
	case "contains":
		return contains(value, operand, true)
	case "containedIn":
		return contains(operand, value, true)
	case "hasKey":
		return has(operand)
	case "hasAnyKey":
		return slices.ContainsFunc(operand.([]any), has)
	case "hasAllKeys":
		return !slices.ContainsFunc(operand.([]any), func(key any) bool { return !has(key) })
	case "gt", "gte", "lt", "lte":
		return comparesAs(operator, value, operand)
	}
	text, ok := value.(string)
	if !ok {
		return operator == "notLike" || operator == "notIlike"
	}
	return textOperator(operator, text, operand.(string))
}

func comparesAs(operator string, value, operand any) bool {
	var order int
	switch v := value.(type) {
	case float64:
		o, ok := operand.(float64)
		if !ok {
			return false
		}
		order = int(v*2) - int(o*2)
	case string:
		o, ok := operand.(string)
		if !ok {
			return false
		}
		order = strings.Compare(v, o)
	default:
		return false
	}
	return map[string]bool{"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[operator]
}

// jsonOperand makes an operand for an operator.
func jsonOperand(r *rand.Rand, operator string) any {
	keys := func() (list []any) {
		for range 1 + r.IntN(2) {
			list = append(list, randomKey(r))
		}
		return list
	}
	notNull := func(depth int) any {
		for {
			if value := randomJSON(r, depth); value != nil {
				return value
			}
		}
	}
	switch operator {
	case "hasKey":
		return randomKey(r)
	case "hasAnyKey", "hasAllKeys":
		return keys()
	case "in", "notIn":
		return []any{notNull(1), notNull(0)}
	case "gt", "gte", "lt", "lte":
		return []any{0.0, 1.0, 1.5, "a", "ab"}[r.IntN(5)]
	case "startsWith", "endsWith", "like", "ilike", "notLike", "notIlike", "regex", "iregex":
		return []any{"a", "A%", "_b", "x", "b$"}[r.IntN(5)]
	}
	return notNull(2)
}

// Operators on JSON, also on what a path leads to, are what plain Go computes. A path leads to the same in answers.
func TestJSONOperators(t *testing.T) {
	t.Parallel()
	r := seeded(2)
	const n = 60
	docs := make([]any, n)
	rows := make([]string, n)
	for i := range docs {
		docs[i] = randomJSON(r, 3)
		text, _ := json.Marshal(docs[i])
		value := "'" + string(text) + "'"
		if i == 0 {
			docs[i], value = nowhere{}, "NULL"
		}
		rows[i] = fmt.Sprintf("INSERT INTO notes (name, doc, old) VALUES ('%s', %s, %[2]s)", noteName(i), value)
	}
	c := serve(t, jsonSchema, "", rows...).as(service)
	var count opTally
	for _, operator := range []string{
		"eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte", "contains", "containedIn", "hasKey", "hasAnyKey", "hasAllKeys",
		"startsWith", "endsWith", "like", "ilike", "notLike", "notIlike", "regex", "iregex",
	} {
		for range 12 {
			operand := jsonOperand(r, operator)
			path := randomPath(r)
			whole := func(i int) bool { return jsonOperator(operator, docs[i], operand) }
			part := func(i int) bool { return jsonOperator(operator, follow(docs[i], path), operand) }
			for _, tt := range []struct {
				where map[string]any
				holds func(int) bool
			}{
				{map[string]any{"doc": map[string]any{operator: operand}}, whole},
				{map[string]any{"old": map[string]any{operator: operand}}, whole},
				{map[string]any{"doc": map[string]any{"at": map[string]any{"path": path, operator: operand}}}, part},
				{map[string]any{"not": map[string]any{"old": map[string]any{"at": []any{map[string]any{"path": path, operator: operand}}}}}, func(i int) bool { return !part(i) }},
			} {
				count.compare(t, rowsWhere(t, c, tt.where), noteNames(n, tt.holds), literalOf(tt.where))
			}
		}
	}
	for range 10 {
		path := randomPath(r)
		for _, yes := range []bool{true, false} {
			exists := func(i int) bool { return (follow(docs[i], path) != nowhere{}) == yes }
			isNull := func(i int) bool { v := follow(docs[i], path); return (v == nil || v == nowhere{}) == yes }
			for operator, holds := range map[string]func(int) bool{"exists": exists, "isNull": isNull} {
				where := map[string]any{"doc": map[string]any{"at": map[string]any{"path": path, operator: yes}}}
				count.compare(t, rowsWhere(t, c, where), noteNames(n, holds), literalOf(where))
			}
		}
		comparePaths(t, c, docs, path)
	}
	count.enough(t)
}

func randomPath(r *rand.Rand) (path []string) {
	for range 1 + r.IntN(2) {
		path = append(path, randomKey(r))
	}
	return path
}

// comparePaths compares what a path leads to in answers.
func comparePaths(t *testing.T, c client, docs []any, path []string) {
	t.Helper()
	body := c.data(t, `query($p: [String!]) {notes(first: 100, orderBy: {name: ASC}) {nodes {doc(path: $p) old(path: $p) whole: doc}}}`, map[string]any{"p": path})
	var answer struct {
		Notes struct {
			Nodes []struct{ Doc, Old, Whole any }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	for i, got := range answer.Notes.Nodes {
		want := []any{follow(docs[i], path), docs[i]}
		for j, value := range want {
			if value == (nowhere{}) {
				want[j] = nil
			}
		}
		if !reflect.DeepEqual([]any{got.Doc, got.Old, got.Whole}, []any{want[0], want[0], want[1]}) {
			t.Errorf("%v in %v is %v and %v", path, docs[i], got.Doc, got.Old)
		}
	}
}

// What a caller is not allowed to read matches as null does, whatever the path. What is no condition is none in a write.
func TestJSONThatIsHidden(t *testing.T) {
	t.Parallel()
	c := serve(t, `type Note @table @auth(rules: [{ allow: PUBLIC }]) {
		name: String!
		doc: JSON! @auth(rules: [{ allow: ROLE, roles: ["admin"] }])
	}`, "", `INSERT INTO notes (name, doc) VALUES ('n', '{"a": {"b": 1}}')`)
	for where, want := range map[string][2]string{
		`{doc: {at: {path: ["a", "b"], eq: 1}}}`:                      {"1", "0"},
		`{doc: {at: {path: "a", exists: true}}}`:                      {"1", "0"},
		`{doc: {at: {path: "a", exists: false}}}`:                     {"0", "1"},
		`{doc: {at: {path: "a", isNull: true}}}`:                      {"0", "1"},
		`{doc: {at: {path: "a", isNull: false}}}`:                     {"1", "0"},
		`{doc: {at: {path: ["a", "b"], ne: 1}}}`:                      {"0", "1"},
		`{doc: {at: {path: ["a", "b"], notIn: [1]}}}`:                 {"0", "1"},
		`{doc: {at: {path: ["a", "b"], notLike: "x"}}}`:               {"1", "1"},
		`{doc: {at: [{path: "x", ne: 1}, {path: "a", hasKey: "b"}]}}`: {"1", "0"},
		`{doc: {hasKey: "a"}}`:                                        {"1", "0"},
		`{not: {doc: {hasKey: "a"}}}`:                                 {"0", "1"},
		`{doc: {at: []}}`:                                             {"1", "1"},
		`{doc: {at: {path: ["a", "b"]}}}`:                             {"1", "1"},
	} {
		for i, who := range []client{c.as(admin), c.as(ada)} {
			if got := who.data(t, `{notes(where: `+where+`) {totalCount}}`, nil); got != `{"notes":{"totalCount":`+want[i]+`}}` {
				t.Errorf("%s as %s: %s", where, who.caller.UID, got)
			}
		}
	}
	if got := c.as(ada).data(t, `{notes {nodes {doc(path: "a")}}}`, nil); got != `{"notes":{"nodes":[{"doc":null}]}}` {
		t.Error(got)
	}
	for where, want := range map[string]string{
		`{doc: {at: {path: "a"}}}`: "where.doc.at has no value: it is empty", `{doc: {at: []}}`: "where.doc.at has no value", `{doc: {at: [{path: ["a"]}]}}`: "where.doc.at[0] has no value",
	} {
		if body := c.as(service).send(t, `mutation {deleteNotes(where: `+where+`) {count}}`, nil).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: %s", where, body)
		}
	}
	for where, want := range map[string]string{
		`{doc: {at: {path: [], eq: 1}}}`: "path must have 1 to 20 keys; it has 0", `{doc: {gt: {a: 1}}}`: "gt compares a number or a string", `{doc: {at: {path: "a", lt: true}}}`: "lt compares a number or a string",
		`{doc: {at: {path: "a", eq: null}}}`: "eq cannot be null", `{doc: {eq: null}}`: "eq cannot be null", `{doc: {at: {path: "a", regex: "("}}}`: "parentheses () not balanced",
	} {
		if body := c.as(ada).send(t, `{notes(where: `+where+`) {totalCount}}`, nil).Body.String(); !strings.Contains(body, want) || !strings.Contains(body, `"INVALID"`) {
			t.Errorf("%s: %s", where, body)
		}
	}
}
