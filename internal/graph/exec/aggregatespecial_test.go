package exec_test

import (
	"strings"
	"testing"
)

// What JSON cannot hold takes part in aggregates as in Postgres, and is null in answers. No sum is an error.
func TestAggregatesOfSpecialValues(t *testing.T) {
	t.Parallel()
	c := serve(t, specialSchema, "", specialRows).as(service)
	for query, want := range map[string]string{
		`{things {aggregate {count countDistinct {float decimal at} sum {float decimal} avg {real} min {float decimal at day} max {float decimal at day}}}}`: `{"things":{"aggregate":{"count":16,` +
			`"countDistinct":{"float":6,"decimal":6,"at":7},"sum":{"float":null,"decimal":null},"avg":{"real":null},` +
			`"min":{"float":null,"decimal":null,"at":null,"day":null},"max":{"float":null,"decimal":null,"at":null,"day":null}}}}`,
		`{things(where: {id: {in: ["d1", "e1", "f1", "g1"]}}) {aggregate {sum {float decimal real} avg {float decimal} max {at day} min {at}}}}`: `{"things":{"aggregate":{` +
			`"sum":{"float":1.5,"decimal":"6.00","real":1.5},"avg":{"float":0.375,"decimal":"1.5"},"max":{"at":null,"day":null},"min":{"at":"0001-01-01T00:00:00Z"}}}}`,
		`{things(where: {id: {eq: "x"}}) {aggregate {count countDistinct {float} sum {float decimal} avg {decimal} stddev {real} min {at} max {day}} groups(by: [{field: day}]) {count}}}`: `{"things":{"aggregate":{"count":0,` +
			`"countDistinct":{"float":0},"sum":{"float":null,"decimal":null},"avg":{"decimal":null},"stddev":{"real":null},"min":{"at":null},"max":{"day":null}},"groups":[]}}`,
		`{things(where: {id: {in: ["a1", "d1", "f1", "g1", "h1"]}}) {at: groups(by: [{field: at, interval: YEAR, timeZone: "America/New_York"}]) {keys {at} count} local: groups(by: [{field: local, interval: YEAR}]) {keys {local} count} day: groups(by: [{field: day, interval: WEEK}]) {keys {day} count}}}`: `{"things":{` +
			`"at":[{"keys":{"at":null},"count":1},{"keys":{"at":"9999-01-01T05:00:00Z"},"count":1},{"keys":{"at":null},"count":3}],` +
			`"local":[{"keys":{"local":"0001-01-01T00:00:00Z"},"count":1},{"keys":{"local":"9999-01-01T00:00:00Z"},"count":1},{"keys":{"local":null},"count":3}],` +
			`"day":[{"keys":{"day":"0001-01-01"},"count":1},{"keys":{"day":"9999-12-27"},"count":1},{"keys":{"day":null},"count":3}]}}`,
	} {
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// Sums that no Float can hold are null. Those of the smallest and the greatest numbers are exact.
func TestSumsOfExtremeFloats(t *testing.T) {
	t.Parallel()
	c := serve(t, specialSchema, "", `INSERT INTO things (id, float) VALUES ('a', 1.7e308), ('b', 1.7e308), ('c', -1.7e308), ('d', 5e-324), ('e', 0), ('f', 0.1), ('g', 0.2), ('h', 1e300), ('i', 1e-300)`).as(service)
	for rows, want := range map[string]string{
		`"a", "b"`: `"sum":{"float":null},"avg":{"float":1.7e+308},"stddev":{"float":0}`, `"a", "b", "c"`: `"sum":{"float":1.7e+308}`, `"d", "e"`: `"sum":{"float":5e-324},"avg":{"float":5e-324}`,
		`"f", "g"`: `"sum":{"float":0.3}`, `"h", "i"`: `"sum":{"float":1e+300}`, `"a", "c"`: `"sum":{"float":0},"avg":{"float":0},"stddev":{"float":null}`, `"d"`: `"sum":{"float":5e-324}`,
	} {
		query := `{things(where: {id: {in: [` + rows + `]}}) {aggregate {sum {float} avg {float} stddev {float}}}}`
		if got := c.data(t, query, nil); !strings.Contains(got, want) {
			t.Errorf("%s: %s, not %s", rows, got, want)
		}
	}
}

// Every type of Postgres can be counted and grouped by.
func TestAggregatesOfOpaqueTypes(t *testing.T) {
	t.Parallel()
	c := serve(t, opaque, opaqueBefore, opaqueRows)
	for _, field := range strings.Fields("pair tags matrix address span spot doc code grade") {
		query := `{odds {aggregate {countDistinct {` + field + `}} groups(by: [{field: ` + field + `}], orderBy: [{keys: {` + field + `: DESC_NULLS_LAST}}]) {keys {` + field + `} count}}}`
		got := c.data(t, query, nil)
		if !strings.Contains(got, `"`+field+`":2`) || strings.Count(got, `"count":1`) != 3 || !strings.HasSuffix(got, `{"keys":{"`+field+`":null},"count":1}]}}`) {
			t.Errorf("%s: %s", query, got)
		}
		page := c.data(t, `{odds(distinctOn: [`+field+`]) {totalCount aggregate {count} nodes {name}}}`, nil)
		if !strings.Contains(page, `"totalCount":3,"aggregate":{"count":3}`) {
			t.Errorf("%s: %s", field, page)
		}
	}
}

// Enums of which Postgres has other words are named as in the schema.
func TestAggregatesOfLabels(t *testing.T) {
	t.Parallel()
	c := serve(t, countedSchema, "", `INSERT INTO runs (id, owner, status) VALUES (1, 'ada', 'FAILED'), (2, 'ada', 'all good'), (3, 'ada', 'all good')`).as(service)
	for query, want := range map[string]string{
		`{runs {aggregate {min {status} max {status} countDistinct {status}}}}`:                                  `{"runs":{"aggregate":{"min":{"status":"SUCCEEDED"},"max":{"status":"FAILED"},"countDistinct":{"status":2}}}}`,
		`{runs {groups(by: [{field: status}], having: {max: {status: {eq: SUCCEEDED}}}) {keys {status} count}}}`: `{"runs":{"groups":[{"keys":{"status":"SUCCEEDED"},"count":2}]}}`,
		`{runs(distinctOn: [status]) {nodes {id status}}}`:                                                       `{"runs":{"nodes":[{"id":2,"status":"SUCCEEDED"},{"id":1,"status":"FAILED"}]}}`,
	} {
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// A write takes a condition on the aggregates of a list, and not only what they are computed of.
func TestWritesByAggregates(t *testing.T) {
	t.Parallel()
	c := serve(t, batchSchema, "", batchRows).as(service)
	for _, tt := range []struct {
		where string
		vars  map[string]any
		want  string
	}{
		{`{children: {count: {gte: 1}}}`, nil, `"count":1`},
		{`{children: {aggregate: {where: {owner: {eq: "bob"}}, count: {gte: 1}}}}`, nil, `"count":1`},
		{`{children: {aggregate: {where: {owner: {eq: "bob"}}}}}`, nil, "where.children.aggregate has no value: it is empty"},
		{`$w`, map[string]any{"w": map[string]any{"children": map[string]any{"aggregate": map[string]any{"where": map[string]any{"owner": map[string]any{"eq": "bob"}}}}}}, "where.children.aggregate has no value"},
		{`{children: {count: {}}}`, nil, "where.children.count has no value"},
		{`{children: {sum: {size: {gt: $n}}}}`, nil, "where.children.sum.size.gt has no value: the variable $n is not set"},
	} {
		definition := ""
		switch {
		case strings.Contains(tt.where, "$w"):
			definition = "($w: TaskWhere)"
		case strings.Contains(tt.where, "$n"):
			definition = "($n: Int64)"
		}
		if body := c.send(t, "mutation"+definition+" {updateTasks(where: "+tt.where+", data: {size: 4}) {count}}", tt.vars).Body.String(); !strings.Contains(body, tt.want) {
			t.Errorf("%s: %s, not %s", tt.where, body, tt.want)
		}
	}
}
