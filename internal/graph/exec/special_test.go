package exec_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

const specialSchema = `
	type Thing @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) {
	  id: ID! @col(dataType: "text")
	  float: Float
	  real: Float @col(dataType: "real")
	  decimal: Decimal
	  price: Decimal @col(dataType: "numeric(10,2)")
	  at: DateTime
	  local: DateTime @col(dataType: "timestamp")
	  day: Date
	}`

// Each kind of value stands in two rows, so that pages end between equal ones.
const specialRows = `
	INSERT INTO things (id, float, real, decimal, price, at, local, day)
	SELECT n || c, f, f::real, d, CASE WHEN d IN ('Infinity', '-Infinity') THEN 5 ELSE d END, t, t AT TIME ZONE 'UTC', t::date
	FROM (VALUES ('a', 'NaN'::float8, 'NaN'::numeric, 'infinity'::timestamptz), ('b', 'Infinity', 'Infinity', '-infinity'), ('c', '-Infinity', '-Infinity', '0044-03-15 12:00:00.5+00 BC'),
		('d', 0, 0, '12026-01-01 00:00:00+00'), ('e', '-0', '1.50', '2026-01-31 12:00:00+00'), ('f', -1.5, '1.5', '0001-01-01 00:00:00+00'),
		('g', 3, 3, '9999-12-31 23:59:59.999999+00'), ('h', NULL, NULL, NULL)) v (n, f, d, t), (VALUES (1), (2)) w (c)`

// operands are values that clients can write, with the type of the column.
var operands = map[string][]any{
	"float double precision": {0.0, 1.5, -1e300}, "real real": {0.0, 3.0, -1.5}, "decimal numeric": {"0", "1.50", "-99999999999999999999.5"}, "price numeric": {"1.5", "3"},
	"at timestamptz": {"2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"}, "local timestamp": {"2026-01-31T12:00:00Z", "9999-12-31T23:59:59.999999Z"},
	"day date": {"2026-01-31", "0001-01-01", "9999-12-31"},
}

// Filters compare NaN, infinities and years that clients cannot write as Postgres does.
func TestFiltersOfSpecialValues(t *testing.T) {
	t.Parallel()
	c := serve(t, specialSchema, "", specialRows).as(service)
	for column, values := range operands {
		field, typ, _ := strings.Cut(column, " ")
		for _, value := range values {
			for operator, condition := range map[string]string{
				"eq": "%s = %s", "ne": "%s IS DISTINCT FROM %s", "gt": "%s > %s", "gte": "%s >= %s", "lt": "%s < %s", "lte": "%s <= %s", "in": "%s IN (%s)", "notIn": "(%s IN (%s)) IS NOT TRUE",
			} {
				operand := fmt.Sprintf("'%v'::%s", value, typ)
				want := idsBy(t, c, "SELECT id FROM things WHERE "+fmt.Sprintf(condition, field, operand)+" ORDER BY id")
				query := fmt.Sprintf(`{things(where: {%s: {%s: %s}}, orderBy: [{id: ASC}]) {nodes {id}}}`, field, operator, literalOf(value))
				if got := collect(thingID, c.data(t, query, nil)); !slices.Equal(got, want) {
					t.Errorf("%s: %v, and in Postgres %v", query, got, want)
				}
			}
		}
		for _, null := range []bool{true, false} {
			want := idsBy(t, c, fmt.Sprintf("SELECT id FROM things WHERE (%s IS NULL) = %t ORDER BY id", field, null))
			if got := collect(thingID, c.data(t, fmt.Sprintf(`{things(where: {%s: {isNull: %t}}) {nodes {id}}}`, field, null), nil)); !slices.Equal(got, want) {
				t.Errorf("%s isNull %t: %v, and in Postgres %v", field, null, got, want)
			}
		}
	}
}

var thingID = regexp.MustCompile(`"id":"([^"]+)"`)

func idsBy(t *testing.T, c client, sql string) []string {
	t.Helper()
	rows, err := c.db.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clip(ids)
}

// Pages over such values are the order of Postgres, in both directions.
func TestPagesOfSpecialValues(t *testing.T) {
	t.Parallel()
	c := serve(t, specialSchema, "", specialRows).as(service)
	start, end := regexp.MustCompile(`"startCursor":"([^"]+)"`), regexp.MustCompile(`"endCursor":"([^"]+)"`)
	for column := range operands {
		field, _, _ := strings.Cut(column, " ")
		for _, direction := range []string{"ASC", "DESC"} {
			want := idsBy(t, c, fmt.Sprintf("SELECT id FROM things ORDER BY %s %s, id %[2]s", field, direction))
			for _, size := range []int{1, 3} {
				var forwards, backwards []string
				var after, before any
				for range len(want)/size + 1 {
					body := c.data(t, fmt.Sprintf(`query($c: String) {things(first: %d, after: $c, orderBy: [{%s: %s}]) {pageInfo {endCursor} nodes {id}}}`, size, field, direction), map[string]any{"c": after})
					if ids := collect(thingID, body); ids != nil {
						forwards, after = append(forwards, ids...), end.FindStringSubmatch(body)[1]
					}
					body = c.data(t, fmt.Sprintf(`query($c: String) {things(last: %d, before: $c, orderBy: [{%s: %s}]) {pageInfo {startCursor} nodes {id}}}`, size, field, direction), map[string]any{"c": before})
					if ids := collect(thingID, body); ids != nil {
						backwards, before = append(ids, backwards...), start.FindStringSubmatch(body)[1]
					}
				}
				if !slices.Equal(forwards, want) || !slices.Equal(backwards, want) {
					t.Errorf("%s %s by %d: forwards %v, backwards %v, and in Postgres %v", field, direction, size, forwards, backwards, want)
				}
			}
		}
	}
}

// What the API accepts it answers again, as the same value, and finds by it.
func TestValuesComeBack(t *testing.T) {
	t.Parallel()
	c := serve(t, specialSchema, "").as(service)
	for i, tt := range []struct {
		field string
		value any
		want  string // JSON; empty where it is refused
	}{
		{"float", 1.7976931348623157e308, `1.7976931348623157e+308`}, {"float", 5e-324, `5e-324`}, {"float", json.Number("-0.0"), `-0`}, {"float", json.Number("1e400"), ""},
		{"float", json.Number("1e-400"), ""}, {"float", "NaN", ""}, {"float", "Infinity", ""}, {"float", 0.1, `0.1`}, {"real", 0.1, `0.1`}, {"real", 16777217, `1.6777216e+07`}, {"real", 1e39, ""}, {"real", 1e-60, ""},
		{"decimal", "NaN", ""}, {"decimal", "Infinity", ""}, {"decimal", "-inf", ""}, {"decimal", "0.80", `"0.80"`}, {"decimal", "-0", `"0"`}, {"decimal", "1e5", `"100000"`}, {"decimal", strings.Repeat("9", 1000), `"` + strings.Repeat("9", 1000) + `"`},
		{"decimal", strings.Repeat("9", 1001), ""}, {"decimal", "1e999", `"1` + strings.Repeat("0", 999) + `"`}, {"decimal", "1e1000", ""},
		{"at", "9999-12-31T23:59:59.999999Z", `"9999-12-31T23:59:59.999999Z"`}, {"at", "9999-12-31T23:59:59.9999999Z", ""}, {"at", "9999-12-31T23:59:59-01:00", ""}, {"at", "0001-01-01T00:00:00+00:01", ""},
		{"at", "0001-01-01T00:00:00Z", `"0001-01-01T00:00:00Z"`}, {"at", "infinity", ""}, {"at", "12026-01-01T00:00:00Z", ""}, {"at", "2026-01-01T24:00:00Z", ""}, {"at", "2026-01-31T12:00:00+02:00", `"2026-01-31T10:00:00Z"`},
		{"local", "9999-12-31T23:59:59.9999999Z", ""}, {"local", "-infinity", ""}, {"local", "2026-01-31T12:00:00.25Z", `"2026-01-31T12:00:00.25Z"`},
		{"day", "infinity", ""}, {"day", "0000-01-01", ""}, {"day", "10000-01-01", ""}, {"day", "2026-02-29", ""}, {"day", "2024-02-29", `"2024-02-29"`}, {"day", "0001-01-01", `"0001-01-01"`},
	} {
		typ := map[string]string{"float": "Float", "real": "Float", "decimal": "Decimal", "at": "DateTime", "local": "DateTime", "day": "Date"}[tt.field]
		id := fmt.Sprint("n", i)
		body := c.send(t, fmt.Sprintf(`mutation($v: %s) {createThing(data: {id: %q, %s: $v}) {%[3]s}}`, typ, id, tt.field), map[string]any{"v": tt.value}).Body.String()
		if tt.want == "" {
			if !strings.Contains(body, `"INVALID"`) {
				t.Errorf("%s of %v is accepted: %s", tt.field, tt.value, body)
			}
			continue
		}
		if want := fmt.Sprintf(`{"data":{"createThing":{"%s":%s}}}`, tt.field, tt.want); strings.TrimSpace(body) != want {
			t.Errorf("%s of %v: %s, not %s", tt.field, tt.value, body, want)
			continue
		}
		var again any // what was answered is accepted, and finds the row
		d := json.NewDecoder(strings.NewReader(tt.want))
		d.UseNumber()
		if err := d.Decode(&again); err != nil {
			t.Fatal(err)
		}
		found := c.data(t, fmt.Sprintf(`query($v: %s) {things(where: {id: {eq: %q}, %s: {eq: $v, in: [%s]}}) {nodes {%[3]s}}}`, typ, id, tt.field, tt.want), map[string]any{"v": again})
		if want := fmt.Sprintf(`{"things":{"nodes":[{"%s":%s}]}}`, tt.field, tt.want); found != want {
			t.Errorf("%s of %v is found as %s", tt.field, tt.value, found)
		}
	}
}
