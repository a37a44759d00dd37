package exec_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const thingSchema = `
	enum Mood { A B }
	type Thing @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  at: DateTime
	  local: DateTime @col(dataType: "timestamp")
	  day: Date
	  days: [Date]
	  small: Int @col(dataType: "smallint")
	  whole: Int
	  float: Float
	  decimal: Decimal
	  duration: Duration
	  json: JSON
	  ci: String @col(dataType: "citext")
	  text: String
	  mood: Mood
	}`

// Rows with values that Postgres has and JSON and the models have not.
const thingRows = `INSERT INTO things (id, at, local, day, days, float, decimal, duration, json, ci) VALUES
	('a', 'infinity', '-infinity', '0044-03-15 BC', '{infinity,2026-01-01,NULL}', 'NaN', 'NaN', '-1 day', 'null', 'Hello'),
	('b', '12026-01-01T00:00:00Z', '0044-03-15 12:00:00.5 BC', 'infinity', '{}', '-infinity', 'infinity', '1 year -3 days 04:00:00.5', '{}', 'x'),
	('c', '0001-01-01T00:00:00Z', '9999-12-31 23:59:59.999999', '9999-12-31', NULL, 1.5, 1.50, '0', '[null]', NULL),
	('d', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

func things(t *testing.T) client {
	t.Helper()
	return serve(t, thingSchema, "CREATE EXTENSION citext", thingRows).as(service)
}

func TestValuesBeyondJSON(t *testing.T) {
	c := things(t)
	const want = `{"things":{"nodes":[` +
		`{"at":null,"local":null,"day":null,"days":[null,"2026-01-01",null],"float":null,"decimal":null,"duration":"P-1D","json":null},` +
		`{"at":null,"local":null,"day":null,"days":[],"float":null,"decimal":null,"duration":"P1Y-3DT4H0.5S","json":{}},` +
		`{"at":"0001-01-01T00:00:00Z","local":"9999-12-31T23:59:59.999999Z","day":"9999-12-31","days":null,"float":1.5,"decimal":"1.50","duration":"PT0S","json":[null]},` +
		`{"at":null,"local":null,"day":null,"days":null,"float":null,"decimal":null,"duration":null,"json":null}]}}`
	if got := c.data(t, `{things {nodes {at local day days float decimal duration json}}}`, nil); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if got := c.data(t, `{things(where: {json: {isNull: true}}) {totalCount}}`, nil); got != `{"things":{"totalCount":2}}` {
		t.Error(got)
	}
}

// A page may end at any value that a column can hold.
func TestCursorsOfAllValues(t *testing.T) {
	c := things(t)
	cursor, id := regexp.MustCompile(`"endCursor":"([^"]+)"`), regexp.MustCompile(`"id":"(.)"`)
	for _, field := range []string{"at", "local", "day", "float", "decimal", "duration", "ci", "small", "mood"} {
		for _, direction := range []string{"ASC", "DESC"} {
			var seen strings.Builder
			var after any
			for range 4 {
				body := c.data(t, fmt.Sprintf(`query($after: String) {things(first: 1, after: $after, orderBy: [{%s: %s}]) {pageInfo {endCursor} nodes {id}}}`, field, direction), map[string]any{"after": after})
				if found := id.FindStringSubmatch(body); found != nil {
					seen.WriteString(found[1])
					after = cursor.FindStringSubmatch(body)[1]
				}
			}
			whole := strings.Join(collect(id, c.data(t, fmt.Sprintf(`{things(orderBy: [{%s: %s}]) {nodes {id}}}`, field, direction), nil)), "")
			if seen.String() != whole || len(whole) != 4 {
				t.Errorf("%s %s: one by one %s, all at once %s", field, direction, seen.String(), whole)
			}
		}
	}
}

func collect(pattern *regexp.Regexp, text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestValuesOfClients(t *testing.T) {
	c := things(t)
	for _, tt := range []struct {
		query string
		value any // of $v
		want  string
	}{
		{`query($v: Int) {things(where: {whole: {eq: $v}}) {totalCount}}`, "5", `variable $v: \"5\" is not a valid Int`},
		{`query($v: Int) {things(where: {whole: {eq: $v}}) {totalCount}}`, 5.5, `variable $v: 5.5 is not a valid Int`},
		{`query($v: Int) {things(where: {whole: {eq: $v}}) {totalCount}}`, true, `variable $v: true is not a valid Int`},
		{`query($v: Int) {things(where: {whole: {eq: $v}}) {totalCount}}`, 5.0, `"totalCount":0`},
		{`query($v: Int) {things(where: {whole: {eq: $v}}) {totalCount}}`, 3e9, `write a whole number from -2147483648`},
		{`query($v: Int) {things(where: {small: {eq: $v}}) {totalCount}}`, 70000, `write a whole number from -32768 to 32767`},
		{`query($v: Float) {things(where: {float: {eq: $v}}) {totalCount}}`, "1", `variable $v: \"1\" is not a valid Float`},
		{`query($v: String) {things(where: {text: {eq: $v}}) {totalCount}}`, 5, `variable $v: 5 is not a valid String`},
		{`query($v: Boolean) {things(where: {text: {isNull: $v}}) {totalCount}}`, "true", `variable $v: \"true\" is not a valid Boolean`},
		{`query($v: ID!) {thing(id: $v) {id}}`, 5, `"thing":null`},
		{`query($v: ID!) {thing(id: $v) {id}}`, 5.5, `variable $v: 5.5 is not a valid ID`},
		{`query($v: ID!) {thing(id: $v) {id}}`, nil, `variable $v: a value of the type ID! cannot be null`},
		{`query($v: Mood) {things(where: {mood: {eq: $v}}) {totalCount}}`, "a", `variable $v: \"a\" is not a valid Mood`},
		{`query($v: OrderDirection!) {things(orderBy: [{id: $v}]) {totalCount}}`, "desc", `variable $v: \"desc\" is not a valid OrderDirection`},
		{`query($v: [ThingOrder!]) {things(orderBy: $v) {totalCount}}`, []any{map[string]any{"id": "desc"}}, `variable $v[0].id: \"desc\" is not`},
		{`query($v: [ThingOrder!]) {things(orderBy: $v) {totalCount}}`, map[string]any{"id": "DESC"}, `"totalCount":4`},
		{`query($v: ThingWhere) {things(where: $v) {totalCount}}`, map[string]any{"or": []any{map[string]any{"txt": 1}}}, `variable $v.or[0]: ThingWhere has no field \"txt\"`},
		{`query($v: ThingWhere) {things(where: $v) {totalCount}}`, "x", `variable $v: \"x\" is not an object of the type ThingWhere`},
		{`query($v: [ID!]) {things(where: {id: {in: $v}}) {totalCount}}`, "a", `"totalCount":1`},
		{`query($v: String = "x") {things(where: {ci: {eq: $v}}) {totalCount}}`, "y", `"totalCount":0`},
		{`query($v: Float) {things(where: {float: {eq: $v}}) {totalCount}}`, 1.5, `"totalCount":1`},
		{`query($v: DateTime) {things(where: {at: {eq: $v}}) {totalCount}}`, "0000-01-01T00:00:00Z", `is not a valid DateTime`},
		{`query($v: DateTime) {things(where: {at: {eq: $v}}) {totalCount}}`, "2026-01-01T12:00:00,5Z", `is not a valid DateTime`},
		{`query($v: DateTime) {things(where: {at: {eq: $v}}) {totalCount}}`, "infinity", `is not a valid DateTime`},
		{`query($v: Duration) {things(where: {duration: {eq: $v}}) {totalCount}}`, "-P1D", `"totalCount":1`},
		{`query($v: String) {things(where: {ci: {contains: $v}}) {totalCount}}`, "ELL", `"totalCount":1`},
		{`query($v: String) {things(where: {ci: {startsWith: $v}}) {totalCount}}`, "hEL", `"totalCount":1`},
		{`query($v: String) {things(where: {ci: {endsWith: $v}}) {totalCount}}`, "LLO", `"totalCount":1`},
		{`mutation($v: DateTime) {createThing(data: {id: "new", local: $v}) {local}}`, "2026-01-01T12:00:00+02:00", `"local":"2026-01-01T10:00:00Z"`},
		{`mutation($v: JSON) {createThing(data: {id: "null", json: $v}) {json}}`, nil, `"json":null`},
	} {
		if body := c.send(t, tt.query, map[string]any{"v": tt.value}).Body.String(); !strings.Contains(body, tt.want) || strings.Contains(body, "INTERNAL") {
			t.Errorf("%s with %v: %s, want %s", tt.query, tt.value, body, tt.want)
		}
	}
}
