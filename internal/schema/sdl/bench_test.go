package sdl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// large generates a schema of about 5,000 lines as teams write them: 228 types, each with references,
// indexes, constraints, rules and expressions, no two of them alike.
func large() string {
	var b strings.Builder
	b.WriteString("enum Visibility { PRIVATE TEAM PUBLIC }\n\ntype Account @table @auth(rules: []) {\n  email: String! @unique\n}\n")
	for i := range 228 {
		fmt.Fprintf(&b, `
"Record %[1]d of the benchmark."
type Record%[1]d
  @table
  @index(fields: ["visibility", "createdAt"], order: [ASC, DESC])
  @index(fields: ["owner"], where: "this.visibility == 'PUBLIC' && this.score > %[1]d")
  @check(expr: "size(this.title) > %[1]d %% 10 && this.createdAt <= this.updatedAt")
  @auth(rules: [
    { allow: OWNER, field: "owner" }
    { allow: PUBLIC, where: "this.visibility == 'PUBLIC'", operations: [READ] }
    { allow: AUTHENTICATED, where: "this.parent.owner.id == auth.uid || this.score > %[1]d", operations: [READ] }
  ]) {
`, i)
		fmt.Fprintf(&b, `  title: String! @length(min: 1, max: 200)
  body: String!
  score: Int! @default(value: %d) @range(min: 0)
  visibility: Visibility! @default(value: PRIVATE)
  owner: Account! @ref(onDelete: CASCADE) @default(expr: "auth.uid")
  parent: Record%d
  tags: [String!]! @default(value: [])
  createdAt: DateTime! @default(expr: "request.time")
  updatedAt: DateTime! @default(expr: "request.time") @onUpdate(expr: "request.time")
`, i, (i+7)%228)
		b.WriteString("}\n")
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	source := sdl.Source{Name: "schema.graphql", Text: large()}
	for b.Loop() {
		if _, list := sdl.Parse(source); len(list) > 0 {
			b.Fatal(list.Error())
		}
	}
	b.ReportMetric(float64(strings.Count(source.Text, "\n")), "lines")
}
