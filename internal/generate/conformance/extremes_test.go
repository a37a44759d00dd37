package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/testkit"
)

// limits are values at and beyond the limits of each scalar, and the forms in which one could write them, in JSON. They are ASCII.
var limits = map[schema.Scalar]string{
	schema.ID:     `"0190D4A1-0000-7000-8000-00000000000a" "00000000-0000-0000-0000-000000000000" "ffffffff-ffff-ffff-ffff-ffffffffffff" "0190d4a1-0000-7000-8000-00000000000" "0190d4a100007000800000000000000a" "{0190d4a1-0000-7000-8000-00000000000a}" "urn:uuid:0190d4a1-0000-7000-8000-00000000000a" 0 null`,
	schema.String: `"" " " "a" "ab" "abc" "abcd" "\ud83d\ude00" "\ud83d\ude00\ud83d\ude00\ud83d\ude00" "\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00" "\u00e9" "e\u0301" "\ufb01" "\u212b" "\u200b" "\ufeff" "\ufffd" "\uffff" "a\nb" "a\r" "\t" "\u0001" "\u007f" "\u2028" "\u0000" "a\u0000b" "\ud800" "\udc00a" "\ud83d\ud83d" "\ude00\ud83d" 0 null`,
	schema.Int:    `0 -0 1 -1 1.0 1e0 32767 32768 -32768 -32769 2147483647 2147483648 -2147483648 -2147483649 9007199254740993 1.5 0.1 "1" true [1] null`,
	schema.Int64:  `"0" "-0" "1" "-1" "2147483648" "3037000499" "3037000500" "-3037000500" "4611686018427387903" "4611686018427387904" "9007199254740993" "9223372036854775806" "9223372036854775807" "9223372036854775808" "-9223372036854775807" "-9223372036854775808" "-9223372036854775809" "99999999999999999999" "" " 1" "1 " "1.0" "1e3" "0x1" "1_000" "NaN" 1 true null`,
	schema.Float:  `0 -0 1 -1 0.1 0.2 0.3 0.30000000000000004 0.7 1e15 1e21 16777217 9007199254740993 1e154 1.4e154 1e200 -1e200 1.7976931348623157e308 -1.7976931348623157e308 5e-324 2.2250738585072014e-308 1e-200 1.5e-162 3.4028234663852886e38 1e-45 "1" "NaN" "Infinity" true null`,
	schema.Decimal: `"0" "0.0" "0.00" "1" "-1" "0.1" "0.10" "0.2" "0.3" "0.30000000000000001" "0.25" "0.333333333333333333333333333333" "1.0000000000000000000000000001" "99.99" "99.994" "999.99" "1000" "-999.99" "9007199254740993" "9007199254740993.1" "123456789012345678901234567890123456789" "0.` +
		zeros + `1" "1` + zeros + `" "NaN" "Infinity" "-inf" "" " 1" "1 " "1," "0x1" "1_000" 1 0.5 true null`,
	schema.Boolean:  `true false 0 1 "true" "t" "" null`,
	schema.Date:     `"0001-01-01" "0000-12-31" "9999-12-31" "10000-01-01" "-0001-01-01" "2024-02-29" "2023-02-29" "1900-02-29" "2000-02-29" "2026-00-10" "2026-01-00" "2026-04-30" "2026-04-31" "2026-12-31" "1582-10-10" "1970-01-01" "2026-1-01" "20260101" "2026-01-01 " "2026-01-01T00:00:00Z" "2026-01-01 BC" "infinity" "today" "epoch" 0 null`,
	schema.DateTime: `"0001-01-01T00:00:00Z" "0000-12-31T23:59:59Z" "9999-12-31T23:59:59Z" "9999-12-31T23:59:59.999999Z" "10000-01-01T00:00:00Z" "2024-02-29T23:59:59Z" "2023-02-29T00:00:00Z" "2016-12-31T23:59:60Z" "2026-01-01T24:00:00Z" "2026-01-01T23:60:00Z" "2026-01-01T00:00:00.1Z" "2026-01-01T00:00:00.123456Z" "2026-01-01T00:00:00+00:00" "2026-01-01T00:00:00-00:00" "2026-01-01T00:00:00+14:00" "2026-01-01T00:00:00-12:00" "2026-01-01T00:00:00+05:45" "2026-01-01T00:00:00+24:00" "2026-01-01T00:00:00+05:60" "2026-01-01T00:00:00+0530" "2026-01-01T00:00:00" "2026-01-01T00:00Z" "2026-01-01 00:00:00Z" "2026-01-01T00:00:00.Z" "0001-01-01T00:00:00+01:00" "9999-12-31T23:59:59.9999999Z" "9999-12-31T23:59:59-01:00" "1969-12-31T23:59:59.999999Z" "now" "infinity" 0 null`,
	schema.Duration: `"PT0S" "P0D" "P1Y2M3W4DT5H6M7.8S" "PT-1S" "-P1D" "+P1D" "P-1DT+2H" "PT0.000001S" "PT0.0000001S" "PT.5S" "P1.5D" "PT1M30" "P1H" "PT" "P" "" "1h" "P178956970Y" "P1000000000D" "PT100000H" "p1d" " P1D" 1 null`,
	schema.JSON:     `0 -0 1e308 "a" "" [] {} [[]] {"a":null} {"":1} {"__proto__":1} {"constructor":1} [1,"a",true,null] "\u00e9" {"a":"\u0001"}`,
	schema.Bytes:    `"" "AA==" "/w==" "AAA=" "AAAA" "+/+/" "-_-_" "AA=" "AA" "A" "AA==AA==" "AA== " "AA\n==" "====" "=AAA" 0 [0] null`,
}

var zeros = strings.Repeat("0", 200)

// extremes are fields for the values in limits: each scalar as it is, required, in a list, in other columns and in expressions.
var extremes = strings.Split(strings.TrimSpace(`
xID: ID
xString: String
xInt: Int
xInt64: Int64
xFloat: Float
xDecimal: Decimal
xBoolean: Boolean
xDate: Date
xDateTime: DateTime
xDuration: Duration
xJSON: JSON
xBytes: Bytes
rString: String! @default(value: "x")
rInt: Int! @default(value: 7)
rInt64: Int64! @default(value: 7)
rFloat: Float! @default(value: 0.5)
rDecimal: Decimal! @default(value: "0.5")
rBoolean: Boolean! @default(value: true)
rDate: Date! @default(value: "2026-01-31")
rDateTime: DateTime! @default(value: "2026-01-31T00:00:00Z")
rBytes: Bytes! @default(value: "")
lID: [ID!]
lString: [String!]
lInt: [Int!]
lInt64: [Int64!]
lFloat: [Float!]
lDecimal: [Decimal!]
lBoolean: [Boolean!]
lDate: [Date!]
lDateTime: [DateTime!]
lDuration: [Duration!]
lBytes: [Bytes!]
tVarchar: String @col(dataType: "varchar(3)")
tVarchars: String @col(dataType: "varchar(10)") @length(max: 3)
tBigint: Int @col(dataType: "bigint")
tLength: String @length(min: 2, max: 3)
tBytes: Bytes @length(min: 1, max: 2)
tInt64: Int64 @range(min: -1, max: 9223372036854775806)
tFloat: Float @range(min: 1e-200, max: 1e200)
tDecimal: Decimal @range(min: "-0.1", max: "0.3")
tDate: Date @range(min: "0001-01-01", max: "9999-12-31")
cDecimalSum: Decimal @check(expr: "this.cDecimalSum + 0.1 == 0.3 || this.cDecimalSum > 1")
cDecimalMul: Decimal @check(expr: "this.cDecimalMul * 3.0 <= 0.9 && this.cDecimalMul - 0.1 >= 0.0")
cDecimalDiv: Decimal @check(expr: "this.cDecimalDiv / 8.0 < 0.03125 || this.cDecimalDiv / 8.0 > 100.0")
cDecimalNeg: Decimal @check(expr: "-this.cDecimalNeg < -0.3 || this.cDecimalNeg in [0.1, 0.25]")
cDecimalInt: Decimal @check(expr: "this.cDecimalInt >= 9007199254740993 || this.cDecimalInt < 1")
cDecimals: [Decimal!] @check(expr: "0.1 in this.cDecimals || size(this.cDecimals) == 0")
cFloatSum: Float @check(expr: "this.cFloatSum + 0.1 != 0.3 && this.cFloatSum + 0.2 != 0.3")
cFloatMul: Float @check(expr: "this.cFloatMul * this.cFloatMul < 1e300")
cFloatTiny: Float @check(expr: "this.cFloatTiny < 1e-300 || this.cFloatTiny * 1e-200 >= 0.0")
cFloatDiv: Float @check(expr: "1.0 / this.cFloatDiv != 10.0")
cFloatIn: Float @check(expr: "!(this.cFloatIn in [0.1, 1.0]) && !(this.cFloatIn == 0.3)")
cFloatInt: Float @check(expr: "this.cFloatInt <= 9007199254740993 && this.cFloatInt != 16777217.0")
cFloatOr: Float @check(expr: "this.cFloatOr < 1e100 || this.cFloatOr * 10.0 + 1e308 > 0.0")
cFloatCond: Float @check(expr: "(this.cFloatCond > 0.5 ? this.cFloatCond : 0.25) * 2.0 > 1.0")
cFloats: [Float!] @check(expr: "!(0.1 in this.cFloats)")
cMixed: Decimal @check(expr: "this.cMixed == null || this.xFloat == null || this.cMixed > this.xFloat || this.cMixed + this.xFloat < 1.0")
cLongSum: Int64 @check(expr: "this.cLongSum + 1 > 0")
cLongMul: Int64 @check(expr: "this.cLongMul * this.cLongMul > 9223372036854775807")
cLongSub: Int64 @check(expr: "this.cLongSub - 9223372036854775807 < -9223372036854775807")
cLongNeg: Int64 @check(expr: "-this.cLongNeg < 10 || this.cLongNeg / -1 > 9223372036854775806")
cLongMod: Int64 @check(expr: "this.cLongMod % 2 == 0 && this.cLongMod / 2 * 2 == this.cLongMod")
cIntMul: Int @check(expr: "this.cIntMul * this.cIntMul * this.cIntMul < 1000000")
cText: String @check(expr: "this.cText + 'b' != 'ab' && !(this.cText < ' ')")
`), "\n")

// extremeCases returns what a create with each value is. The API decides which of them are right.
func extremeCases(t *testing.T) (cases []matrixCase) {
	for _, line := range extremes {
		name, typ, _ := strings.Cut(line, ": ")
		d := json.NewDecoder(strings.NewReader(limits[scalarOf(line)]))
		for d.More() {
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if strings.HasPrefix(typ, "[") {
				value = fmt.Appendf(nil, "[%s]", value)
			}
			cases = append(cases, matrixCase{Shape: "ThingCreate", Doc: fmt.Appendf(nil, `{%q: %s}`, name, value), Check: strings.Contains(typ, "@check"), field: name, open: true, of: scalarOf(line)})
		}
	}
	return cases
}

// apiVerdicts creates a row with each value through the API. What it cannot be asked is right.
func apiVerdicts(t *testing.T, types *schema.Schema, cases []matrixCase) []bool {
	a, pool := platform(t), matrixDatabase(t, types)
	srv, err := a.NewServer(pool, types, a.Logger, app.ServerOptions{})
	if err == nil {
		err = srv.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = srv.Stop(t.Context()) }()
	list := make([]bool, len(cases))
	for i, c := range cases {
		list[i] = c.want
		name, isCreate := strings.CutSuffix(c.Shape, "Create")
		if !isCreate || name == "Strict" || name == "Span" || name == "Line" || name == "Tiny" || bytes.Contains(c.Doc, []byte(`Id"`)) {
			continue
		}
		list[i] = creates(t, srv.URL(), name, c.Doc)
	}
	return list
}

func creates(t *testing.T, url, name string, doc []byte) bool {
	t.Helper()
	body := fmt.Sprintf(`{"query": "mutation($d: %[1]sCreate!) { create%[1]s(data: $d) { id } }", "variables": {"d": %s}}`, name, doc)
	status, text := testkit.PostGraphQL(t, url, []byte(body))
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	_ = json.Unmarshal(text, &answer)
	if status >= http.StatusInternalServerError || (answer.Errors != nil && answer.Errors[0].Extensions.Code == "INTERNAL") {
		t.Errorf("%s %s: status %d, %s", name, doc, status, text)
	}
	return status == http.StatusOK && answer.Errors == nil
}

// readable reports whether a value in a case is one that the scalar of its field reads, so that Postgres can be asked about it.
func readable(f *schema.Field, doc []byte) bool {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || !scalar.Paired(doc) {
		return false
	}
	values := []json.RawMessage{members[f.Name]}
	if f.Type.List {
		if err := json.Unmarshal(members[f.Name], &values); err != nil {
			return false
		}
	}
	for _, v := range values {
		text := string(v)
		if quoted := strings.HasPrefix(text, `"`); quoted != (scalar.OfField(f).Pattern != "" || f.Type.Scalar == schema.String) && f.Type.Scalar != schema.JSON {
			return false
		} else if quoted {
			if err := json.Unmarshal(v, &text); err != nil {
				return false
			}
		}
		if _, ok := scalar.OfField(f).Canonical(text); !ok {
			return false
		}
	}
	return true
}

// scalarOf returns the scalar of a field: Int for "x: [Int!] @length(max: 1)".
func scalarOf(field string) schema.Scalar {
	_, typ, _ := strings.Cut(field, ": ")
	return schema.Scalar(strings.Trim(strings.Fields(typ)[0], "[]!"))
}

// differs reports whether a judge may disagree about a value. docs/generate.md lists these values with the reasons.
func differs(c matrixCase, judge string) bool {
	_, value, _ := strings.Cut(string(c.Doc), ":")
	value = strings.TrimSuffix(strings.TrimSpace(value), "}")
	inList := strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
	switch {
	case judge == "Postgres":
		return false
	case (judge == "JSON Schema" || judge == "ajv") && !scalar.Paired(c.Doc):
		return true
	case judge != "API" && c.of == schema.DateTime && (strings.Contains(value, "0001-01-01T") || strings.Contains(value, "9999-12-31T")):
		return c.open
	case c.of == schema.Int && (inList == "1.0" || inList == "1e0") && judge != "API":
		return true
	case judge == "API" && value == `"a"` && c.field == "list":
		return true
	}
	return (c.want || judge == "API") && lenient(c.of, inList)
}

// lenient reports whether a value is written in a form that the API reads and never answers with.
func lenient(of schema.Scalar, value string) bool {
	if of != schema.ID && of != schema.Int64 && of != schema.Decimal {
		return false
	}
	var text string
	return json.Unmarshal([]byte(value), &text) != nil || !regexp.MustCompile(scalar.Of(of, "").Pattern).MatchString(text)
}
