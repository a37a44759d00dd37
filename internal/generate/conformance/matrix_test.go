package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// rules are fields of a type, one for each directive and type of value, with values that are right and wrong, in JSON.
var rules = []struct{ field, right, wrong string }{
	{"id0: ID", `"0190d4a1-0000-7000-8000-00000000000a" "0190D4A1-0000-7000-8000-00000000000A" null`, `"" "0190d4a1" 7 "0190d4a1-0000-7000-8000-00000000000g" "0190d4a1-0000-7000-8000-00000000000a\n"`},
	{"string: String", `"" "a" "ä😀\n" null`, `7 true [] {}`},
	{"int: Int", `0 -2147483648 2147483647 null`, `2147483648 -2147483649 0.5 "7" true`},
	{"int64: Int64", `"0" "-9223372036854775808" "9223372036854775807" null`, `7 "9223372036854775808" "-9223372036854775809" "" "1.0" "1e3" "01" "a"`},
	{"float: Float", `0 0.5 -1e300 7 null`, `"0.5" true []`},
	{"decimal: Decimal", `"0" "-12.50" "123456789012345678901234567890.123456789" null`, `0 0.5 "" "1e3" ".5" "1." "+1" "NaN" "a"`},
	{"boolean: Boolean", `true false null`, `0 1 "true" []`},
	{"date: Date", `"2026-01-31" "2024-02-29" "0001-01-01" null`, `"" "2026-02-29" "2026-13-01" "2026-1-1" "2026-01-31T00:00:00Z" 20260131`},
	{"dateTime: DateTime", `"2026-01-31T12:00:00Z" "2026-01-31T12:00:00.000001Z" "2026-01-31T12:00:00+02:00" null`, `"" "2026-01-31" "2026-01-31T12:00:00" "2026-02-30T12:00:00Z" "2026-01-31T25:00:00Z" "2026-01-31 12:00:00Z" 1769860800`},
	{"duration: Duration", `"PT1H30M" "P1Y2M3D" "P2W" "PT0.5S" "PT0S" null`, `"" "P" "PT" "1 hour" "P1DT" 90`},
	{"json: JSON", `{} [] "a" 7 true {"a":[null]}`, ``},
	{"bytes: Bytes", `"" "aGk=" "aGVsbG8=" "aGVsbG8h" null`, `"a" "aGk" "!!!!" 7 []`},
	{"enumerated: Colour", `"RED" "blue" "Blue" null`, `"" "red" "GREEN" 0`},
	{"list: [String!]", `[] ["a"] ["a","b"] null`, `"a" [7] [null]`},
	{"holes: [Int]", `[] [1,null] null`, `[0.5] ["a"]`},
	{`net: String @col(dataType: "inet")`, `"10.0.0.1/32" "10.0.0.1" null`, `7`},
	{`bits: String @col(dataType: "bit varying(5)")`, `"101" null`, `7`},
	{`grid: String @col(dataType: "integer[][]")`, `"{{1,2},{3,4}}" null`, `7 [[1,2],[3,4]]`},
	{`nets: [String!] @col(dataType: "inet[]")`, `["10.0.0.1"] [] null`, `7 [null]`},
	{"enums: [Colour!]", `[] ["RED"]`, `["red"] [null]`},

	{"shortest: String @length(min: 2)", `"ab" "😀😀" null`, `"" "a" "😀"`},
	{"longest: String @length(max: 2)", `"" "ab" "😀😀" null`, `"abc" "😀😀😀"`},
	{"exact: String @length(min: 2, max: 2)", `"ab" null`, `"a" "abc"`},
	{"fewBytes: Bytes @length(max: 4)", `"" "YQ==" "YWI=" "YWJj" "YWJjZA==" null`, `"YWJjZGU=" "YWJjZGVm" "YWJjZGVmZw=="`},
	{"manyBytes: Bytes @length(min: 4)", `"YWJjZA==" "YWJjZGU=" "YWJjZGVm" null`, `"" "YQ==" "YWI=" "YWJj"`},
	{"sixBytes: Bytes @length(min: 5, max: 6)", `"YWJjZGU=" "YWJjZGVm" null`, `"YWJjZA==" "YWJjZGVmZw=="`},
	{"tags: [String!] @length(min: 1, max: 2)", `["a"] ["a","b"] null`, `[] ["a","b","c"]`},

	{"positive: Int @range(min: 1)", `1 7 null`, `0 -1`},
	{"percent: Int @range(min: 0, max: 100)", `0 100 null`, `-1 101`},
	{"big: Int64 @range(min: -5, max: 9007199254740993)", `"-5" "0" "9007199254740993" null`, `"-6" "9007199254740994" "99999999999999999"`},
	{"ratio: Float @range(min: 0, max: 1)", `0 0.5 1 null`, `-0.001 1.001`},
	{"price: Decimal @range(min: 0, max: 1000.5)", `"0" "0.00" "999.99" "1000.5" "1000.50" "1000.4999" null`, `"-0.01" "1000.51" "1001" "10000"`},
	{"debt: Decimal @range(max: -0.5)", `"-0.5" "-0.50" "-7" null`, `"0" "-0.49" "0.5"`},
	{`million: Decimal @range(min: -1e3, max: "1.5E+3")`, `"-1000" "0" "1500" "1500.00" null`, `"-1000.01" "1500.01"`},
	{"tiny: Decimal @range(min: 25e-4)", `"0.0025" "1" null`, `"0.0024" "0"`},
	{`plus: Decimal @range(min: "+.5", max: "007")`, `"0.5" "7" null`, `"0.4" "7.1"`},
	{"wide: Float @range(min: -1E-7, max: 1e21)", `-1e-7 1e21 0 null`, `-2e-7 1.1e21`},
	{"zero: Float @range(min: -0.0)", `0 1 null`, `-0.5`},
	{`small: Int @col(dataType: "smallint")`, `-32768 32767 null`, `-32769 32768 2147483647`},
	{`smaller: Int @col(dataType: "INT2") @range(min: 1, max: 100000)`, `1 32767 null`, `0 32768`},
	{`smalls: [Int!] @col(dataType: "smallint[]")`, `[] [-32768, 32767] null`, `[32768] [1, -32769]`},
	{"day: Date @range(min: \"2020-02-29\", max: \"2029-12-31\")", `"2020-02-29" "2025-06-01" "2029-12-31" null`, `"2020-02-28" "2030-01-01" "0001-01-01"`},
	{"moment: DateTime @range(min: \"2020-01-01T00:00:00Z\")", `"2020-01-01T00:00:00Z" "2020-01-01T00:00:00.000001Z" "2026-01-01T00:00:00Z" null`, `"2019-12-31T23:59:59.999999Z" "1999-01-01T00:00:00Z"`},
	{"until: DateTime @range(max: \"2020-01-01T02:00:00+02:00\")", `"2020-01-01T00:00:00Z" "2020-01-01T00:00:00.000Z" null`, `"2020-01-01T00:00:00.000001Z" "2020-01-01T00:00:01Z"`},

	{"slugged: String @pattern(regex: \"^[a-z][a-z0-9-]*$\")", `"a" "a-1" null`, `"" "A" "1a" "a_" "a\n"`},
	{"anywhere: String @pattern(regex: \"b.d\")", `"abcde" "bxd" null`, `"" "b\nd" "bd"`},
	{"digits: String @pattern(regex: \"^\\\\d{2,}(?:\\\\.\\\\d+)?$\")", `"12" "12.5" null`, `"1" "12." "٣٤" "12\n"`},
	{"words: String @pattern(regex: \"^\\\\w+\\\\s\\\\w+$\")", `"a b" "a\tb" null`, `"é b" "a\u00a0b" "ab"`},
	{"folded: String @pattern(regex: \"(?i)^stra[sß]e$\")", `"Strase" "STRASE" "straße" null`, `"strasse" "xstrase"`},
	{"letters: String @pattern(regex: \"^\\\\pL+$\")", `"aé" "Ω" null`, `"1" "😀" ""`},
	{"negated: String @pattern(regex: \"^[^/&]+$\")", `"a" "\n" "😀" null`, `"" "/" "a&b"`},
	{"quoted: String @pattern(regex: \"^['\\\"/\\\\\\\\*]+$\")", `"'\"/\\*" null`, `"a"`},

	{"email: String @format(type: email)", `"ada@example.com" "o'neil@sub.example.co" null`, `"" "ada" "ada@localhost" "a b@example.com" "ä@example.com" "ada@example.com\n"`},
	{"url: String @format(type: url)", `"https://example.com/a?b#c" "http://a" null`, `"" "example.com" "https://" "https://a b"`},
	{"hostname: String @format(type: hostname)", `"a" "example.com" null`, `"" "-a" "a_b"`},
	{"ipv4: String @format(type: ipv4)", `"127.0.0.1" null`, `"" "256.0.0.1" "1.2.3"`},
	{"ipv6: String @format(type: ipv6)", `"::1" "1:2:3:4:5:6:7:8" "::ffff:1.2.3.4" null`, `"" ":" "1::2::3" "12345::"`},
	{"uuid: String @format(type: uuid)", `"0190d4a1-0000-7000-8000-00000000000a" null`, `"" "0190d4a1"`},
	{"slug: String @format(type: slug)", `"a-1" null`, `"" "A" "a--b"`},
	{"color: String @format(type: color)", `"#fff" "#A0b1c2d3" null`, `"" "fff" "#fffff"`},
	{"phone: String @format(type: phone)", `"+4915112345678" null`, `"" "0151" "+0151"`},
	{"both: String @format(type: slug) @length(max: 3) @pattern(regex: \"^a\")", `"a" "a-b" null`, `"b" "abcd" "A"`},

	{`checked: Int @check(expr: "this.checked > 0 && this.checked != 7")`, `1 8 null`, `0 -1 7`},
	{`even: Int64 @check(expr: "this.even % 2 == 0")`, `"0" "-4" "9223372036854775806" null`, `"1" "-3"`},
	{`halves: Int @check(expr: "this.halves / 2 == 3")`, `6 7 null`, `5 8 -6`},
	{`cents: Decimal @check(expr: "this.cents * 100.0 >= 1.0")`, `"0.01" "1" null`, `"0.009" "-1"`},
	{`lowered: String @check(expr: "this.lowered == this.lowered.lowerAscii()", message: "Write it in \"lower\" case.")`, `"a" "é" "" null`, `"A" "aB"`},
	{`begins: String @check(expr: "this.begins.startsWith('a') || this.begins.endsWith('z') || this.begins.contains('mm')")`, `"ab" "yz" "ammo" null`, `"b" "" "ba"`},
	{`sized: String @check(expr: "size(this.sized) in [1, 3]")`, `"a" "😀😀😀" null`, `"" "ab"`},
	{`matched: String @check(expr: "this.matched.matches('^[a-f]+$')")`, `"abc" null`, `"" "xyz" "abc\n"`},
	{`state: Colour @check(expr: "this.state in ['RED', 'blue']")`, `"RED" "blue" null`, `"Blue"`},
	{`labels: [String!] @check(expr: "'x' in this.labels || size(this.labels) < 2")`, `[] ["a"] ["a","x"] null`, `["a","b"]`},
	{`since: DateTime @check(expr: "this.since >= timestamp('2020-01-01T00:00:00Z')")`, `"2020-01-01T00:00:00Z" "2020-01-01T01:00:00+01:00" null`, `"2019-12-31T23:59:59.999999Z"`},
	{`onDay: Date @check(expr: "this.onDay < timestamp('2020-01-01T00:00:00Z')")`, `"2019-12-31" null`, `"2020-01-01"`},
	{`flag: Boolean @check(expr: "this.flag ? 1 < 2 : 1 > 2")`, `true null`, `false`},
	{`raw: Bytes @check(expr: "size(this.raw) < 3")`, `"YQ==" null`, `"YWJj"`},
	{"class: String @length(max: 1)", `"a" null`, `"ab"`}, // words of Python, Go and TypeScript
	{"type: Int @range(min: 0)", `0 null`, `-1`},
	{"json_: JSON", `{}`, ``},
	{"self: Boolean", `true null`, `1`},
}

const matrixSchema = "enum Colour @enum(name: \"the Colours\") { RED @value(name: \"dark \\\"red\\\"\") blue @value(name: \"\") Blue }\n\"\"\"Says \\\"\"\" and */ and {@link x} ü.\"\"\"\ntype Thing @table @auth(rules: [{ allow: PUBLIC }]) {\n%s}\n" +
	"type Strict @table @auth(rules: [{ allow: PUBLIC }]) { must: String! may: String dflt: Int! @default(value: 7) thing: Thing! choice: Colour! @default(value: RED) list: [Int!]! }\n" +
	"type Span @table @auth(rules: [{ allow: PUBLIC }]) @check(expr: \"this.until == null || this.until >= this.since\", message: \"It cannot end before it starts.\") { since: DateTime! until: DateTime a: Int b: Int @check(expr: \"this.a == null || this.b != null\") thing: Thing @check(expr: \"this.thing == null || this.thing.id != this.id\") }\n" +
	"type Odd @table @auth(rules: [{ allow: PUBLIC }]) { constructor: String! toString: Int hasOwnProperty: Boolean valueOf: String @length(min: 2) }\n" +
	"type Word @table @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: \"text\") code: String up: Word @check(expr: \"this.up == null || this.up.id != this.id\") }\n" +
	"type Short @table @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: \"varchar(3)\") word: Word }\n" +
	"type Counter @table @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: \"bigint\") up: Counter @check(expr: \"this.up == null || this.up.id != this.id\") }\n" +
	"type Few @table @auth(rules: [{ allow: PUBLIC }]) { id: ID! @col(dataType: \"int\") counter: Counter }\n" +
	"type Tiny @table @auth(rules: []) { id: Int! @col(dataType: \"smallint\") up: Tiny }\n" +
	"type Line @table @auth(rules: []) { id: Int! @generated(identity: BY_DEFAULT) number: Int! @generated(identity: ALWAYS) quantity: Int! total: Int @generated(expr: \"this.quantity * 2\") note: String @check(sql: \"note <> ''\") }\n"

type matrixCase struct {
	Shape string          `json:"shape"`
	Doc   json.RawMessage `json:"doc"`
	Check bool            `json:"check"` // an expression decides, which JSON Schema only notes
	field string
	want  bool
	open  bool          // the API decides what is wanted
	of    schema.Scalar // of the field; "" for an enum
}

func matrixCases(t *testing.T) []matrixCase {
	var cases []matrixCase
	add := func(shape, field, docs string, want bool) {
		d := json.NewDecoder(strings.NewReader(docs))
		for d.More() {
			var doc json.RawMessage
			if err := d.Decode(&doc); err != nil {
				t.Fatalf("%s: %v in %s", field, err, docs)
			}
			cases = append(cases, matrixCase{Shape: shape, Doc: doc, field: field, want: want})
		}
	}
	for _, r := range rules {
		name, _, _ := strings.Cut(r.field, ":")
		for _, group := range []struct {
			values string
			want   bool
		}{{r.right, true}, {r.wrong, false}} {
			d := json.NewDecoder(strings.NewReader(group.values))
			for d.More() {
				var value json.RawMessage
				if err := d.Decode(&value); err != nil {
					t.Fatalf("%s: %v", r.field, err)
				}
				for _, shape := range []string{"ThingPatch", "ThingCreate"} {
					cases = append(cases, matrixCase{Shape: shape, Doc: fmt.Appendf(nil, `{%q: %s}`, name, value), Check: strings.Contains(r.field, "@check"), field: name, want: group.want, of: scalarOf(r.field)})
				}
			}
		}
	}
	const id = `"0190d4a1-0000-7000-8000-00000000000a"`
	add("StrictCreate", "", `{"must": "a", "thingId": `+id+`, "list": []} {"must": "a", "may": null, "dflt": 1, "thingId": `+id+`, "choice": "blue", "list": [1]}`, true)
	add("StrictCreate", "", `{} {"must": null, "thingId": `+id+`, "list": []} {"must": "a", "list": []} {"must": "a", "thingId": `+id+`, "list": null} {"must": "a", "thingId": `+id+`, "list": [], "dflt": null} {"must": "a", "thingId": `+id+`, "list": [], "other": 1} [] null`, false)
	add("StrictPatch", "", `{} {"must": "a"} {"may": null} {"list": [1, 2]}`, true)
	add("StrictPatch", "", `{"must": null} {"id": `+id+`} {"other": 1} {"list": null} {"choice": null} null [] 7`, false)
	add("SpanCreate", "", `{"since": "2020-01-01T00:00:00Z"} {"since": "2020-01-01T00:00:00Z", "until": "2020-01-01T00:00:00.000001Z"} {"since": "2020-01-01T00:00:00Z", "b": 1} {"since": "2020-01-01T00:00:00Z", "a": 1, "b": 1}`, true)
	add("SpanPatch", "", `{} {"a": 1} {"until": "2000-01-01T00:00:00Z"} {"thingId": `+id+`}`, true)
	add("LineCreate", "", `{"quantity": 1} {"id": 7, "quantity": 1, "note": "a"}`, true)
	add("LineCreate", "", `{"quantity": 1, "number": 1} {"quantity": 1, "total": 2} {"id": 7} {"id": null, "quantity": 1}`, false)
	add("TinyCreate", "", `{"id": -32768} {"id": 32767, "upId": 32767}`, true)
	add("TinyCreate", "", `{"id": 32768} {"id": 1, "upId": -32769}`, false)
	add("OddCreate", "", `{"constructor": "a"} {"constructor": "a", "toString": 1, "hasOwnProperty": true, "valueOf": "ab"} {"constructor": "a", "toString": null}`, true)
	add("OddCreate", "", `{} {"constructor": null} {"constructor": 7} {"constructor": "a", "valueOf": "a"} {"constructor": "a", "__proto__": 1} {"constructor": "a", "isPrototypeOf": 1}`, false)
	add("OddPatch", "", `{} {"toString": 7}`, true)
	add("OddPatch", "", `{"__proto__": null} {"toString": "a"}`, false)
	add("WordCreate", "", `{"id": "a"} {"id": "7"} {"id": " "} {"id": "`+strings.Repeat("😀", 300)+`"} {"id": "a", "upId": "A"} {"id": "`+"0190d4a1-0000-7000-8000-00000000000a"+`"}`, true)
	add("WordCreate", "", `{"id": ""} {"id": 7} {"id": null} {} {"id": "a", "upId": ""}`, false)
	add("ShortCreate", "", `{"id": "a"} {"id": "😀😀😀"} {"id": "abc", "wordId": "abcd"}`, true)
	add("ShortCreate", "", `{"id": ""} {"id": "abcd"} {"id": "a", "wordId": ""}`, false)
	add("CounterCreate", "", `{"id": "7"} {"id": "-9223372036854775808"} {"id": "9223372036854775807", "upId": "0"}`, true)
	add("CounterCreate", "", `{"id": ""} {"id": "a"} {"id": "9223372036854775808"} {"id": "1.0"} {"id": 7} {"id": "0190d4a1-0000-7000-8000-00000000000a"}`, false)
	add("FewCreate", "", `{"id": "2147483647"} {"id": "1", "counterId": "9223372036854775807"}`, true)
	add("FewCreate", "", `{"id": "2147483648"} {"id": "-2147483649"} {"id": "1", "counterId": "9223372036854775808"}`, false)
	add("LinePatch", "", `{} {"quantity": 2} {"note": null}`, true)
	add("LinePatch", "", `{"number": 1} {"total": 2} {"id": 1}`, false)
	return cases
}

// unequal are what the checks over several fields refuse, which JSON Schema leaves to the database.
func unequal() []matrixCase {
	var cases []matrixCase
	for _, doc := range []string{
		`{"since": "2020-01-01T00:00:00Z", "until": "2019-01-01T00:00:00Z"}`, `{"since": "2020-01-01T00:00:00Z", "a": 1}`,
		`{"since": "2020-01-01T00:00:00Z", "id": "0190d4a1-0000-7000-8000-00000000000a", "thingId": "0190D4A1-0000-7000-8000-00000000000A"}`,
	} {
		cases = append(cases, matrixCase{Shape: "SpanCreate", Doc: json.RawMessage(doc), Check: true})
	}
	for shape, doc := range map[string]string{"WordCreate": `{"id": "a", "upId": "a"}`, "CounterCreate": `{"id": "7", "upId": "7"}`} {
		cases = append(cases, matrixCase{Shape: shape, Doc: json.RawMessage(doc), Check: true})
	}
	return append(cases, matrixCase{Shape: "SpanPatch", Doc: json.RawMessage(`{"since": "2020-01-01T00:00:00Z", "until": "2019-01-01T00:00:00Z"}`), Check: true})
}

// Every generated artefact says of every value what Postgres says.
func TestConstraintMatrix(t *testing.T) {
	t.Parallel()
	var fields strings.Builder
	for _, r := range rules {
		fields.WriteString("  " + r.field + "\n")
	}
	fields.WriteString(strings.Join(extremes, "\n") + "\n")
	types, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: fmt.Sprintf(matrixSchema, fields.String())})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	cases := slices.Concat(matrixCases(t), unequal(), extremeCases(t))
	for i, verdict := range apiVerdicts(t, types, cases) {
		switch c := &cases[i]; {
		case c.open:
			c.want = verdict
		case c.want != verdict && !differs(*c, "API"):
			t.Errorf("%s %s: the API accepted %t", c.Shape, c.Doc, verdict)
		}
	}
	t.Logf("%d fields, %d values", len(rules)+len(extremes), len(cases))
	dir := matrixFiles(t, types, cases)
	for name, run := range map[string]func(*testing.T) []bool{
		"Postgres":    func(t *testing.T) []bool { return postgresVerdicts(t, types, cases) },
		"Go":          func(t *testing.T) []bool { return goVerdicts(t, dir, types) },
		"JSON Schema": func(t *testing.T) []bool { return schemaVerdicts(t, dir, cases) },
		"TypeScript":  func(t *testing.T) []bool { return nodeVerdicts(t, dir, cases) },
		"Pydantic":    func(t *testing.T) []bool { return pythonVerdicts(t, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdicts := run(t)
			for i, c := range cases {
				if i < len(verdicts) && verdicts[i] != c.want && !differs(c, name) {
					t.Errorf("%s %s: accepted %t", c.Shape, c.Doc, verdicts[i])
				}
			}
		})
	}
}

// matrixFiles writes everything that is generated, the cases, and the programs that run them.
func matrixFiles(t *testing.T, types *schema.Schema, cases []matrixCase) string {
	dir := testkit.Folder(t)
	a := &app.App{Config: &config.Config{Project: "matrix", Root: dir}}
	var jobs []generate.Job
	out := map[string]string{"go": "models", "typescript": "models.ts", "pydantic": "models.py", "jsonschema": "schemas"}
	for _, target := range a.Targets() {
		if out[target.Name] != "" {
			jobs = append(jobs, generate.Job{Target: target, Out: filepath.Join(dir, out[target.Name])})
		}
	}
	changes, err := generate.Plan(generate.Input{Project: "matrix", Schema: types}, jobs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if filepath.Ext(c.Path) != ".go" {
			continue
		}
		if formatted, err := format.Source(c.New); err != nil || !bytes.Equal(formatted, c.New) {
			t.Errorf("%s is not as gofmt writes it (%v):\n%s", filepath.Base(c.Path), err, cmp.Diff(string(formatted), string(c.New)))
		}
	}
	if err := generate.Write(changes, false); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cases.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/matrix")); err != nil {
		t.Fatal(err)
	}
	return dir
}
