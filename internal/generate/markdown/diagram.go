package markdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// diagram writes an entity diagram (https://mermaid.js.org/syntax/entityRelationshipDiagram.html).
func diagram(b *strings.Builder, s *schema.Schema) {
	b.WriteString("```mermaid\nerDiagram\n")
	drawn := map[*schema.Type]bool{}
	for _, t := range s.Tables {
		if t.Join != nil {
			continue
		}
		for _, f := range t.Fields {
			if f.Relation != nil {
				relation(b, f, drawn)
			}
		}
	}
	for _, t := range s.Tables {
		if t.Join == nil {
			attributes(b, t)
		}
	}
	b.WriteString("```\n")
}

// relation writes a reference, or a many-to-many relation whose implicit join table is not in drawn yet.
func relation(b *strings.Builder, f *schema.Field, drawn map[*schema.Type]bool) {
	switch r := f.Relation; r.Kind {
	case schema.RefOne:
		one, many := "|o", "o{"
		if f.Type.NonNull {
			one = "||"
		}
		if f.Unique {
			many = "o|"
		}
		fmt.Fprintf(b, "  %s %s--%s %s : %s\n", entity(r.Target), one, many, entity(f.Owner), f.Name)
	case schema.ManyToMany:
		if r.Through.Join != nil && !drawn[r.Through] {
			drawn[r.Through] = true
			fmt.Fprintf(b, "  %s }o--o{ %s : %s\n", entity(f.Owner), entity(r.Target), f.Name)
		}
	}
}

// attributes writes the columns of a type.
func attributes(b *strings.Builder, t *schema.Type) {
	fmt.Fprintf(b, "  %s {\n", entity(t))
	for _, f := range t.Fields {
		var marks []string
		isKey := slices.Contains(t.Key, f)
		if isKey {
			marks = append(marks, "PK")
		}
		if f.Relation != nil {
			marks = append(marks, "FK")
		}
		if f.Unique && !isKey {
			marks = append(marks, "UK")
		}
		list := ""
		if f.Type.List && f.Relation == nil {
			list = "[]"
		}
		for _, part := range f.KeyFields() {
			fmt.Fprintf(b, "    %s\n", strings.TrimRight(part.Leaf.Type.Name()+list+" "+part.Name+" "+strings.Join(marks, ", "), " "))
		}
	}
	b.WriteString("  }\n")
}

// entity returns a type's name in quotes, since it could be a keyword of Mermaid.
func entity(t *schema.Type) string { return `"` + t.Name + `"` }
