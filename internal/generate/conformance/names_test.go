package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// What the names of a schema mean elsewhere, what comments end with, and wide tables do not matter.
const oddSchema = `
enum Case { a A aA AA_ None class mro }
"Ends in a backslash \\"
type class @table @auth(rules: []) { import: String! def: Int type: Boolean self: Case! list: [Case!] }
type None @table @auth(rules: []) { model_dump: String model_config: Int copy: Boolean json: JSON Validate: String valiDate: String table: Int }
type ClassCreate @table @auth(rules: []) { id: Int! parent: ClassCreate children: [ClassCreate!]! schema: String @length(max: 3) }
type A @table @auth(rules: []) { bC: String @length(max: 1) "*/ end" b: B }
type AB @table @auth(rules: []) { c: String @length(max: 1) a: A }
type B @table(key: ["x", "y"]) @auth(rules: []) { x: Int! y: A! as: [A!]! @inverse(field: "b") }
type String_test @table @auth(rules: []) { httpURL: String urls: String apiKeyID: String id_linux: String }
type Count @table @auth(rules: []) { id: Int64! @generated(identity: ALWAYS) n: Int! @col(dataType: "serial") twice: Int @generated(expr: "this.n * 2") @check(sql: "twice > 0") }
"""
With a list:
 - one
 - two
"""
type Listed @table @auth(rules: []) { "# no heading" a: String " 1. no list" b: Int "Ünïcode 名前" c: Case "- dash" d: Boolean }
type Partial @table @auth(rules: []) { constructor: String toString: Int! @default(value: 1) regExp: RegExp @check(expr: "this.constructor != 'x'") }
type RegExp @table @auth(rules: []) { valueOf: String @pattern(regex: "^a$") partial: Partial }
type Nothing @table(key: ["n"]) @auth(rules: []) { n: Int! @generated(identity: ALWAYS) }
type Wide @table @auth(rules: []) {%s}
`

func TestOddNames(t *testing.T) {
	t.Parallel()
	var wide strings.Builder
	for i := range 200 {
		fmt.Fprintf(&wide, "\n  field%d: String! @length(min: 1, max: %d) @default(value: \"x\")", i, i+1)
	}
	text := fmt.Sprintf(oddSchema, wide.String())
	types, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	dir := matrixFiles(t, types, nil)
	for name, compile := range map[string]func(*testing.T){
		"Go":         func(t *testing.T) { goModule(t, dir); program(t, dir, "go", "vet", "./models") },
		"TypeScript": func(t *testing.T) { nodeModules(t, dir) },
		"Python":     func(t *testing.T) { program(t, dir, checkedPython(t, dir), "-c", "import models") },
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); compile(t) })
	}
}
