package exec_test

import (
	"regexp"
	"strings"
	"testing"
)

// opaque are types that the schema language does not have, and those that JSON has no string for.
const (
	opaqueBefore = `CREATE EXTENSION hstore; CREATE TYPE pair AS (a int, b text); CREATE TYPE grade AS ENUM ('very good', 'good');
		CREATE DOMAIN code AS text CHECK (VALUE ~ '^[a-z]+$')`
	opaque = `type Odd @table @auth(rules: [{ allow: PUBLIC }]) {
		name: String!
		pair: String @col(dataType: "pair")
		pairs: [String!] @col(dataType: "pair[]")
		tags: String @col(dataType: "hstore")
		more: [String] @col(dataType: "hstore[]")
		matrix: String @col(dataType: "integer[][]")
		address: String @col(dataType: "inet")
		span: String @col(dataType: "int4range")
		spot: String @col(dataType: "point")
		spots: [String!] @col(dataType: "point[]")
		doc: String @col(dataType: "json")
		code: String @col(dataType: "code")
		grade: String @col(dataType: "grade")
	}`
	opaqueRows = `INSERT INTO odds VALUES
		(DEFAULT, 'a', '(1,x)', '{"(1,x)","(,)"}', 'b=>2, a=>"x y"', '{"a=>1",NULL}', '{{1,2},{3,4}}', '10.0.0.1', '[1,3)', '(1,2)', '{"(1,2)"}', '{"a": [1]}', 'abc', 'good'),
		(DEFAULT, 'b', '(,)', '{}', '', '{}', '{}', '10.0.0.0/8', 'empty', '(0,0)', '{}', '[]', 'z', 'very good'),
		(DEFAULT, 'c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`
)

// A String is a string, whatever its column holds.
func TestOpaqueTypes(t *testing.T) {
	t.Parallel()
	c := serve(t, opaque, opaqueBefore, opaqueRows)
	all := `pair pairs tags more matrix address span spot spots doc code grade`
	for query, want := range map[string]string{
		`{ odds(orderBy: {name: ASC}) { nodes { ` + all + ` } } }`: `{"odds":{"nodes":[` +
			`{"pair":"(1,x)","pairs":["(1,x)","(,)"],"tags":"\"a\"=>\"x y\", \"b\"=>\"2\"","more":["\"a\"=>\"1\"",null],"matrix":"{{1,2},{3,4}}","address":"10.0.0.1/32",` +
			`"span":"[1,3)","spot":"(1,2)","spots":["(1,2)"],"doc":"{\"a\": [1]}","code":"abc","grade":"good"},` +
			`{"pair":"(,)","pairs":[],"tags":"","more":[],"matrix":"{}","address":"10.0.0.0/8","span":"empty","spot":"(0,0)","spots":[],"doc":"[]","code":"z","grade":"very good"},` +
			`{"pair":null,"pairs":null,"tags":null,"more":null,"matrix":null,"address":null,"span":null,"spot":null,"spots":null,"doc":null,"code":null,"grade":null}]}}`,
		`{ odds(where: {doc: {startsWith: "{"}}) { nodes { name } } }`:                                                 `{"odds":{"nodes":[{"name":"a"}]}}`,
		`{ odds(where: {pairs: {has: "(1,x)"}, spots: {hasAny: ["(1,2)"]}, more: {has: "a=>1"}}) { nodes { name } } }`: `{"odds":{"nodes":[{"name":"a"}]}}`,
		`{ odds(where: {pairs: {isEmpty: true}}) { nodes { name } } }`:                                                 `{"odds":{"nodes":[{"name":"b"}]}}`,
		`{ odds(where: {code: {in: ["no code", "abc"]}}) { nodes { name } } }`:                                         `{"odds":{"nodes":[{"name":"a"}]}}`,
	} {
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// Every operator works on every type, in the document and as a variable.
func TestOpaqueFilters(t *testing.T) {
	t.Parallel()
	c := serve(t, opaque, opaqueBefore, opaqueRows)
	for field, value := range map[string]string{
		"pair": "(1,x)", "tags": `a=>"x y",b=>2`, "matrix": "{{1,2},{3,4}}", "address": "10.0.0.1", "span": "[1,2]", "spot": "(1,2)",
		"doc": `{"a": [1]}`, "code": "abc", "grade": "good", "name": "a",
	} {
		for operator, want := range map[string]string{"eq": "a", "ne": "bc", "in": "a", "notIn": "bc", "gte": "*", "lte": "*", "gt": "*", "lt": "*", "contains": "*", "isNull": "*"} {
			typ, given := "String", any(value)
			switch operator {
			case "in", "notIn":
				typ, given = "[String!]", []any{value}
			case "isNull":
				typ, given = "Boolean", true
			}
			for _, constant := range []bool{false, true} {
				query := `query($v: ` + typ + `) { odds(where: {` + field + `: {` + operator + `: $v}}, orderBy: {name: ASC}) { nodes { name } } }`
				if text, ok := given.(string); ok && constant {
					query = strings.NewReplacer("query($v: String)", "", "$v", `"`+strings.ReplaceAll(text, `"`, `\"`)+`"`).Replace(query)
				}
				got := strings.NewReplacer(`{"odds":{"nodes":[`, "", `{"name":"`, "", `"}`, "", ",", "", "]}}", "", "]", "", "}", "").Replace(c.data(t, query, map[string]any{"v": given}))
				expected := want
				if operator == "isNull" {
					expected = "c"
					if field == "name" {
						expected = ""
					}
				}
				if expected != "*" && got != expected {
					t.Errorf("%s\n got %s, want %s", query, got, expected)
				}
			}
		}
	}
}

func TestOpaqueOrders(t *testing.T) {
	t.Parallel()
	c := serve(t, opaque, opaqueBefore, opaqueRows)
	for _, field := range strings.Fields("pair tags matrix address span spot doc code grade") {
		for _, direction := range []string{"ASC", "DESC"} {
			seen, after := "", ""
			for range 3 {
				page := c.data(t, `{ odds(orderBy: [{`+field+`: `+direction+`}, {name: ASC}], first: 1`+after+`) { nodes { name } pageInfo { endCursor } } }`, nil)
				_, name, _ := strings.Cut(page, `"name":"`)
				_, cursor, ok := strings.Cut(page, `"endCursor":"`)
				if !ok || name == "" {
					break
				}
				seen += name[:1]
				after = `, after: "` + cursor[:strings.IndexByte(cursor, '"')] + `"`
			}
			if len(seen) != 3 || !strings.Contains(seen, "a") || !strings.Contains(seen, "b") || !strings.Contains(seen, "c") {
				t.Errorf("%s %s: %s", field, direction, seen)
			}
		}
	}
}

func TestWritingOpaqueTypes(t *testing.T) {
	t.Parallel()
	c := serve(t, opaque, opaqueBefore)
	fields := map[string]any{"name": "n", "pair": "(2,)", "pairs": []any{`(1,"a,b")`}, "tags": "k=>NULL", "more": []any{nil, "a=>1"}, "matrix": "{{1},{2}}",
		"address": "::1", "span": "(,5]", "spot": "1,2", "spots": []any{"(3,4)"}, "doc": "[1]", "code": "x", "grade": "good"}
	const want = `{"pair":"(2,)","pairs":["(1,\"a,b\")"],"tags":"\"k\"=>NULL","more":[null,"\"a\"=>\"1\""],"matrix":"{{1},{2}}","address":"::1/128","span":"(,6)",` +
		`"spot":"(1,2)","spots":["(3,4)"],"doc":"[1]","code":"x","grade":"good"}`
	const all = `pair pairs tags more matrix address span spot spots doc code grade`
	got := c.data(t, `mutation($d: OddCreate!) { createOdd(data: $d) { `+all+` id } }`, map[string]any{"d": fields})
	if !strings.HasPrefix(got, `{"createOdd":`+strings.TrimSuffix(want, "}")) {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	_, id, _ := strings.Cut(got, `"id":"`)
	id = id[:36]
	delete(fields, "name")
	for name := range fields {
		patch := map[string]any{"id": id, "d": map[string]any{name: nil}}
		c.data(t, `mutation($id: ID!, $d: OddPatch!) { updateOdd(id: $id, data: $d) { name } }`, patch)
		patch["d"] = map[string]any{name: fields[name]}
		c.data(t, `mutation($id: ID!, $d: OddPatch!) { updateOdd(id: $id, data: $d) { name } }`, patch)
	}
	if got := c.data(t, `{ odds { nodes { `+all+` } } }`, nil); got != `{"odds":{"nodes":[`+want+`]}}` {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

// A cursor over a jsonb column that is a String leads to the next row.
func TestCursorOfJSONText(t *testing.T) {
	t.Parallel()
	c := serve(t, `type Odd @table @auth(rules: [{ allow: PUBLIC }]) { name: String! doc: String @col(dataType: "jsonb") }`, "",
		`INSERT INTO odds VALUES (DEFAULT, 'a', '{"a": 1}'), (DEFAULT, 'b', '{"a": 2}')`)
	first := c.data(t, `{ odds(orderBy: {doc: ASC}, first: 1) { nodes { name } pageInfo { endCursor } } }`, nil)
	_, cursor, _ := strings.Cut(first, `"endCursor":"`)
	cursor, _, _ = strings.Cut(cursor, `"`)
	if got := c.data(t, `query($c: String) { odds(orderBy: {doc: ASC}, first: 1, after: $c) { nodes { name } } }`, map[string]any{"c": cursor}); !strings.Contains(got, `"b"`) {
		t.Errorf("after %s: %s", cursor, got)
	}
}

// Domains over enums and other types compare as their base type does, in whichever schema of Postgres they are.
func TestOpaqueDomains(t *testing.T) {
	t.Parallel()
	const before = `CREATE SCHEMA apart; CREATE TYPE apart.mood AS ENUM ('sad', 'ok', 'happy'); CREATE TYPE apart.pair AS (a int, b int);
		CREATE DOMAIN apart.feeling AS apart.mood CHECK (VALUE <> 'ok'); CREATE DOMAIN apart.inner AS apart.feeling; CREATE DOMAIN apart.span AS int4range;
		CREATE DOMAIN apart.code AS text; CREATE DOMAIN apart.couple AS apart.pair`
	const types = `type Odd @table @auth(rules: [{ allow: PUBLIC }]) {
		name: String!
		domain: String @col(dataType: "apart.feeling") @unique
		deep: String @col(dataType: "apart.inner") @index
		enum: String @col(dataType: "apart.mood")
		span: String @col(dataType: "apart.span")
		code: String @col(dataType: "apart.code")
		couple: String @col(dataType: "apart.couple")
		many: [String!] @col(dataType: "apart.feeling[]")
	}`
	c := serve(t, types, before, `INSERT INTO odds VALUES
		(DEFAULT, 'a', 'sad', 'sad', 'sad', '[1,3)', 'a', '(1,2)', '{sad}'), (DEFAULT, 'b', 'happy', 'happy', 'happy', '[2,3)', 'b', '(1,3)', '{happy,sad}'),
		(DEFAULT, 'c', NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
	names := func(query string, variables map[string]any) string {
		return strings.Join(regexp.MustCompile(`"name":"(.)"`).FindAllString(c.data(t, query, variables), -1), "")
	}
	for field, value := range map[string]string{"domain": "sad", "deep": "sad", "enum": "sad", "span": "[1,3)", "code": "a", "couple": "(1,2)"} {
		for operator, want := range map[string]string{"eq": "a", "ne": "bc", "in": "a", "notIn": "bc", "gt": "b", "gte": "ab", "lt": "", "lte": "a", "isNull": "c"} {
			typ, given := "String", any(value)
			switch operator {
			case "in", "notIn":
				typ, given = "[String!]", []any{value}
			case "isNull":
				typ, given = "Boolean", true
			}
			query := `query($v: ` + typ + `) { odds(where: {` + field + `: {` + operator + `: $v}}, orderBy: {name: ASC}) { nodes { name } } }`
			if got := strings.NewReplacer(`"name":`, "", `"`, "").Replace(names(query, map[string]any{"v": given})); got != want {
				t.Errorf("%s %s: %q, want %q", field, operator, got, want)
			}
		}
		for direction, want := range map[string]string{"ASC": "abc", "DESC": "cba"} {
			seen, after := "", ""
			for range 3 {
				page := c.data(t, `{ odds(orderBy: {`+field+`: `+direction+`}, first: 1`+after+`) { nodes { name } pageInfo { endCursor } } }`, nil)
				_, name, _ := strings.Cut(page, `"name":"`)
				_, cursor, _ := strings.Cut(page, `"endCursor":"`)
				if len(name) == 0 || len(cursor) == 0 {
					break
				}
				seen += name[:1]
				after = `, after: "` + cursor[:strings.IndexByte(cursor, '"')] + `"`
			}
			if seen != want {
				t.Errorf("%s %s: %q, want %q", field, direction, seen, want)
			}
		}
	}
	for query, want := range map[string]string{
		`{ odds(where: {many: {has: "happy"}}) { nodes { name } } }`:        `{"odds":{"nodes":[{"name":"b"}]}}`,
		`{ odds(where: {domain: {startsWith: "ha"}}) { nodes { name } } }`:  `{"odds":{"nodes":[{"name":"b"}]}}`,
		`{ odds(where: {domain: {eq: "ok"}}) { nodes { name } } }`:          `{"odds":{"nodes":[]}}`,
		`{ odds(where: {domain: {in: ["ok", "sad"]}}) { nodes { name } } }`: `{"odds":{"nodes":[{"name":"a"}]}}`,
	} {
		if got := c.data(t, query, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}
