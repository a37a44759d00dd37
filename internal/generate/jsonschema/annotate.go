package jsonschema

import (
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// annotate adds annotations, which JSON Schema does not check.
func annotate(v object, f shape.Field) object {
	out := object{}.with("description", f.Description)
	out = append(out, v...)
	if d := f.Source.Default; d != nil && d.Value != nil && !f.Reference() {
		out = append(out, member{"default", d.Value})
	}
	if f.ReadOnly {
		out = append(out, member{"readOnly", true})
	}
	if f.Deprecated != "" {
		out = append(out, member{"deprecated", true})
	}
	return out.with("x-krowoc", aboutField(f))
}

// aboutField returns the properties of a field that only the database and the API enforce.
func aboutField(f shape.Field) object {
	about := object{}
	if r := f.Source.Relation; r != nil {
		about = append(about, member{"references", object{{"field", f.Source.Name}, {"type", r.Target.Name}, {"key", f.Leaf.Name}, {"onDelete", string(r.OnDelete)}}})
	}
	if f.Source.Unique {
		about = append(about, member{"unique", true})
	}
	about = about.with("deprecated", f.Deprecated).with("format", string(f.Constraints().Format))
	if !f.Reference() {
		about = about.with("checks", checks(f.Source.Checks))
	}
	return about
}

func aboutType(s shape.Type) object {
	about := object{{"table", s.Table}, {"key", columns(s.Key)}}
	var uniques []any
	for _, u := range s.Uniques {
		uniques = append(uniques, columns(u.Fields))
	}
	about = about.with("unique", uniques).with("checks", checks(s.Checks))
	var relations object
	for _, f := range s.Type.Fields {
		if r := f.Relation; r != nil && r.Kind != schema.RefOne {
			kind := map[schema.RelationKind]string{schema.BackOne: "one", schema.BackMany: "many", schema.ManyToMany: "manyToMany"}[r.Kind]
			relations = append(relations, member{f.Name, object{{"type", r.Target.Name}, {"kind", kind}}})
		}
	}
	return about.with("relations", relations)
}

func columns(fields []*schema.Field) []any {
	var out []any
	for _, f := range fields {
		for _, part := range f.KeyFields() {
			out = append(out, part.Name)
		}
	}
	return out
}

func checks(list []schema.Check) []any {
	var out []any
	for _, c := range list {
		language := "expr"
		if c.Expr.SQL {
			language = "sql"
		}
		out = append(out, object{{language, c.Expr.Source}}.with("message", c.Message))
	}
	return out
}
