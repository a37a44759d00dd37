package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// manyTypes is a schema of n types with twenty fields each: of every scalar, with constraints, references and enums.
func manyTypes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `enum Kind%[1]d { ONE TWO THREE }
"Number %[1]d of many."
type Thing%[1]d @table @index(fields: ["name", "count"]) @check(expr: "this.count < 100 || this.flag") @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) {
  "What it is called."
  name: String! @length(min: 1, max: 200)
  slug: String! @unique @format(type: slug)
  code: String @pattern(regex: "^[A-Z]{3}[0-9]+$")
  email: String @format(type: email)
  body: String!
  count: Int! @range(min: 0) @default(value: 0)
  big: Int64
  ratio: Float @range(min: 0, max: 1)
  price: Decimal! @range(min: 0)
  flag: Boolean! @default(value: false)
  day: Date
  at: DateTime! @default(expr: "request.time")
  took: Duration
  extra: JSON
  raw: Bytes @length(max: 1000)
  tags: [String!]! @default(value: [])
  kind: Kind%[1]d! @default(value: ONE)
  owner: Thing%[2]d! @ref(onDelete: CASCADE)
  things: [Thing%[3]d!]!
}
`, i, (i+1)%n, (i+n-1)%n)
	}
	return b.String()
}

// BenchmarkGenerate measures each target on 500 types with 20 fields, and all of them from the text of the schema to the
// comparison with the files on disk, as `krowoc generate` does.
func BenchmarkGenerate(b *testing.B) {
	text := manyTypes(500)
	types, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		b.Fatal(mistakes)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "schema.graphql"), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	a := &app.App{Config: &config.Config{Project: "bench", Root: dir, Schema: "schema.graphql"}}
	var names []string
	for _, t := range a.Targets() {
		names = append(names, t.Name)
		b.Run(t.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Files(generate.Input{Project: "bench", Schema: types, Out: filepath.Join(dir, t.Out)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			jobs, err := a.GenerateJobs(names)
			if err == nil {
				_, err = a.Generate(jobs)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
