package celsql_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// An expression without SQL is a mistake of the schema, at its place and with a remedy.
func TestRefusalInTheSchema(t *testing.T) {
	for src, want := range map[string]string{
		`x: Float @check(expr: "string(this.x) == '1'")`:            `schema.graphql:1:65 string() cannot convert this in SQL | write the condition in SQL: @check(sql: "…")`,
		`x: String @check(expr: "this.x.matches('\\\\bx')")`:        `schema.graphql:1:81 the pattern uses a construct that Postgres does not support | write the condition in SQL: @check(sql: "…")`,
		`x: Int @default(expr: "2147483648")`:                       `schema.graphql:1:65 2147483648 is out of the range of x | write the value in SQL: @default(sql: "…")`,
		`x: String y: Int @generated(expr: "int(this.x)")`:          `schema.graphql:1:77 int() cannot convert this in SQL | write the value in SQL: @generated(sql: "…")`,
		`x: Int @generated(expr: "1 + 2")`:                          `schema.graphql:1:69 this part of a generated column reads no field, so that its value never changes | write its value instead`,
		`x: Float @check(expr: "this.x > 0.12345678901234567890")`:  `schema.graphql:1:74 the number has too many digits; CEL would read it as 0.12345678901234568 | write at most 15 digits, or write the expression in SQL`,
		`x: Decimal @check(expr: "this.x > -0.1 && this.x < 1e3")`:  "",
		`x: JSON @check(expr: "this.x.y == 1")`:                     `schema.graphql:1:71 fields of JSON values cannot be read | write the condition in SQL: @check(sql: "…")`,
		`x: Decimal @check(expr: "this.x == 100000000000000000.0")`: "",
	} {
		text := "type T @table @auth(rules: []) { id: " + "ID! " + src + " }"
		_, list := celsql.Parser().Parse(sdl.Source{Name: "schema.graphql", Text: text})
		var got []string
		for _, d := range list {
			got = append(got, d.Position.String()+" "+d.Message+" | "+d.Remedy)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s\n got %s\nwant %s", src, strings.Join(got, "; "), want)
		}
	}
}
