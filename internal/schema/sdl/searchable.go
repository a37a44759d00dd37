package sdl

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// weights are those of words, from the greatest to the least.
var weights = []string{"A", "B", "C", "D"}

// searchable reads @searchable.
func (b *builder) searchable(t *typeDecl, u *use) {
	s := schema.Search{Language: u.text("language"), Pos: b.position(u.Position)}
	if s.Language == "" {
		s.Language = schema.Languages[0]
	}
	if !slices.Contains(schema.Languages, s.Language) {
		b.errorf(codeInvalidSearch, u.position("language"), didYouMean(s.Language, schema.Languages, "%q"), "%q is not a language that Postgres can search", s.Language)
	}
	given := u.items("weights")
	fields := u.items("fields")
	if len(given) > 0 && len(given) != len(fields) {
		b.errorf(codeInvalidSearch, u.position("weights"), "write one of A, B, C and D for each field",
			"weights must have %d values, one for each field; it has %d", len(fields), len(given))
		return
	}
	for i, v := range fields {
		f := b.searchField(t, v, s)
		if f == nil {
			continue
		}
		weight := weights[0]
		if len(given) > 0 {
			weight = given[i].Raw
		}
		s.Fields = append(s.Fields, schema.SearchField{Field: f, Weight: weight})
	}
	switch {
	case len(fields) == 0:
		b.errorf(codeInvalidSearch, u.position("fields"), "name at least one field", "@searchable has no fields")
	case len(s.Fields) > 0:
		t.Search = &s
	}
}

// searchField returns a field that @searchable names, or nil after reporting.
func (b *builder) searchField(t *typeDecl, v *ast.Value, s schema.Search) *schema.Field {
	f := b.fieldNamed(t, v)
	if f == nil || f.broken {
		return nil
	}
	wrong := func(fix, format string, args ...any) *schema.Field {
		b.errorf(codeInvalidSearch, v.Position, fix, format, args...)
		return nil
	}
	switch {
	case f.Type.Scalar != schema.String || f.Type.List || !scalar.OfField(f.Field).IsText():
		return wrong("name a field of type String that is stored as a text", "%q has type %s, which has no words to search", f.Name, f.Type)
	case f.Generated != nil:
		return wrong("name the fields that it is generated from", "%q is generated, and the words of a row cannot be generated from it", f.Name)
	case slices.ContainsFunc(s.Fields, func(other schema.SearchField) bool { return other.Field == f.Field }):
		return wrong("remove one of them", "%q is listed twice", f.Name)
	case f.API.Hides(schema.Read):
		return wrong("remove the field, or let queries read it", "%q is hidden from queries, and a search would tell what it contains", f.Name)
	case !readByAll(t.Type, f.Field):
		return wrong("remove the field, or let everybody read it who is allowed to read the type",
			"%q has rules of its own, and a search would tell what it contains to callers who are not allowed to read it", f.Name)
	}
	return f.Field
}

// readByAll reports whether everybody who may read a row may read a field of it: it has no rules for reading that its type has not.
func readByAll(t *schema.Type, f *schema.Field) bool {
	if f.Fresh.For(schema.Read) > 0 {
		return false
	}
	if !f.Auth {
		return true
	}
	allows := func(r schema.Rule) bool {
		isPublic := r.Allow == schema.AllowPublic && r.Where == nil
		return r.Allows(schema.Read) && isPublic
	}
	return slices.ContainsFunc(f.Rules, allows) || !slices.ContainsFunc(t.Rules, func(r schema.Rule) bool {
		return r.Allows(schema.Read) && !slices.ContainsFunc(f.Rules, func(own schema.Rule) bool { return own.Allows(schema.Read) && sameCallers(own, r) })
	})
}

// sameCallers reports whether two rules hold for the same callers and rows.
func sameCallers(a, b schema.Rule) bool {
	condition := func(r schema.Rule) string {
		if r.Where == nil {
			return ""
		}
		return r.Where.Source
	}
	sameGrants := slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Tiers, b.Tiers)
	return a.Allow == b.Allow && a.Field == b.Field && sameGrants && condition(a) == condition(b)
}

// searchDirective prints @searchable, or nothing for nil.
func searchDirective(s *schema.Search) string {
	if s == nil {
		return ""
	}
	var fields []*schema.Field
	var marks []string
	for _, f := range s.Fields {
		fields, marks = append(fields, f.Field), append(marks, f.Weight)
	}
	if !slices.ContainsFunc(marks, func(weight string) bool { return weight != weights[0] }) {
		marks = nil
	}
	return directive("searchable", list("fields", fieldNames(fields)), list("weights", marks), text("language", given(s.Language, schema.Languages[0])))
}
