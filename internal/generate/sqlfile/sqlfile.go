// Package sqlfile writes the database of a schema as one readable SQL file.
package sqlfile

import (
	"strings"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
)

// Target returns the target for SQL.
func Target() generate.Target {
	return generate.Target{Name: "sql", Out: "schema.sql", Doc: "The whole database as one SQL file", Files: files}
}

func files(in generate.Input) ([]generate.File, error) {
	statements, err := ddl.Create(in.Schema)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, name := range ddl.Extensions(in.Schema) {
		b.WriteString("\nCREATE EXTENSION IF NOT EXISTS " + name + ";\n")
	}
	b.WriteString("\n" + ddl.CreateUUIDFunction + ";\n")
	kind := ""
	for _, s := range statements {
		next := strings.Join(strings.Fields(s)[:2], " ")
		if strings.Contains(s, "\n") || next != kind {
			b.WriteByte('\n')
		}
		kind = next
		b.WriteString(s + ";\n")
	}
	return []generate.File{{Content: []byte(b.String())}}, nil
}
