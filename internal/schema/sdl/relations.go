package sdl

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// resolveRelations classifies every field whose type is a stored type: a reference, the inverse of one, or one side
// of a many-to-many relation.
func (b *builder) resolveRelations() {
	ends := b.references()
	for _, e := range ends {
		e.inverse = b.namedInverse(e)
	}
	for _, e := range ends {
		if e.inverse == nil && !e.f.broken {
			e.inverse = b.foundInverse(e, ends)
		}
	}
	for _, e := range ends {
		if e.inverse != nil {
			b.connect(e)
		}
	}
	b.stored(func(t *typeDecl) {
		for _, f := range t.fields {
			if f.Relation != nil && f.Relation.Kind == schema.RefOne {
				b.oneToOne(t, f)
			}
		}
	})
}

// end is a relation field without a foreign key: it lists, or names, the rows that refer to its own row.
type end struct {
	t       *typeDecl
	f       *fieldDecl
	target  *typeDecl
	through *use // @manyToMany
	inverse *fieldDecl
	named   bool // by @inverse on either side
}

// references marks the fields that hold foreign keys and returns the others.
func (b *builder) references() []*end {
	var ends []*end
	b.stored(func(t *typeDecl) {
		for _, f := range t.fields {
			if f.broken || f.Type.Object == nil {
				continue
			}
			f.Relation = &schema.Relation{Target: f.Type.Object}
			if f.Type.List || f.def.Directives.ForName("inverse") != nil {
				ends = append(ends, &end{t: t, f: f, target: b.named[f.Type.Object.Name]})
				f.Relation.Kind = schema.BackMany
				continue
			}
			f.Relation.Kind = schema.RefOne
		}
	})
	b.stored(func(t *typeDecl) {
		for _, f := range t.fields {
			on, where := f.place(true)
			f.uses = b.directives(f.def.Directives, on, where)
		}
	})
	for _, t := range b.types {
		for _, f := range t.fields {
			if !t.stored && !t.view {
				f.uses = b.directives(f.def.Directives, onPlain, "a field of a type that is not stored")
			}
		}
	}
	return ends
}

// oneToOne reports a plain reference that looks like the inverse of a unique one. If both are meant as one relation, two foreign
// keys would hold the same fact, and nothing would keep them consistent.
func (b *builder) oneToOne(t *typeDecl, f *fieldDecl) {
	if len(f.def.Directives) > 0 || f.Type.NonNull {
		return
	}
	for _, g := range b.named[f.Type.Object.Name].fields {
		unique := g.def.Directives.ForName("unique") != nil
		if !unique || g == f || g.Relation == nil || g.Relation.Kind != schema.RefOne || g.Relation.Target != t.Type || g.Relation.Inverse != nil {
			continue
		}
		remedy := fmt.Sprintf("write @inverse(field: %q) if it is the inverse of %s.%s, or @ref if it is a separate reference", g.Name, g.Owner.Name, g.Name)
		b.errorf(codeAmbiguous, f.def.Position, remedy, "%s.%s and %s.%s could be one relation or two", t.Name, f.Name, g.Owner.Name, g.Name)
		return
	}
}

// namedInverse follows @inverse(field:).
func (b *builder) namedInverse(e *end) *fieldDecl {
	if through := e.f.uses.one("manyToMany"); through.text("through") != "" {
		e.through = through
	}
	u := e.f.uses.one("inverse")
	if u == nil {
		e.f.broken = e.f.broken || len(e.f.uses["inverse"]) > 0
		return nil
	}
	v := u.args["field"]
	g := b.fieldNamed(e.target, v)
	switch {
	case g == nil:
	case g == e.f:
		b.errorf(codeInvalidInverse, v.Position, "name another field", "a field cannot be its own inverse")
	case g.Type.Object != e.t.Type:
		b.errorf(codeInvalidInverse, v.Position, "name a field of type "+e.t.Name, "%s.%s has type %s", e.target.Name, g.Name, g.Type.Name())
	case !e.f.Type.List && (g.Relation == nil || g.Relation.Kind != schema.RefOne):
		b.errorf(codeInvalidInverse, v.Position, "remove @inverse from one of them to make it a reference", "neither %s.%s nor %s.%s holds a foreign key", e.t.Name, e.f.Name, e.target.Name, g.Name)
	default:
		e.named = true
		return g
	}
	e.f.broken = true
	return nil
}

// pairsWith reports whether a field of the target is a relation back to the type of e.
func (e *end) pairsWith(g *fieldDecl) bool {
	return !g.broken && (g != e.f) && (g.Type.Object == e.t.Type) && (g.Relation != nil)
}

// foundInverse looks for the inverse among the fields of the target: the only one of the right type that is not the inverse of
// another field.
func (b *builder) foundInverse(e *end, ends []*end) *fieldDecl {
	var found []*fieldDecl
	for _, g := range e.target.fields {
		if !e.pairsWith(g) {
			continue
		}
		other := endOf(ends, g)
		switch {
		case (other != nil) && other.named:
			if other.inverse == e.f {
				return g
			}
		case (other != nil) && ((other.through == nil) != (e.through == nil)):
		case (e.through != nil) && (other == nil):
			// The inverse of a relation through a join type is a list, if it exists.
		case !takenByName(ends, g):
			found = append(found, g)
		}
	}
	switch {
	case len(found) == 1:
		return found[0]
	case e.through != nil:
		return b.throughWithoutInverse(e, found)
	case len(found) == 0:
		b.noInverse(e)
	default:
		names := make([]string, len(found))
		for i, g := range found {
			names[i] = fmt.Sprintf("@inverse(field: %q)", g.Name)
		}
		b.errorf(codeAmbiguous, e.f.def.Position, "choose one with "+orList(names), "%s.%s could be the inverse of %d fields of %s", e.t.Name, e.f.Name, len(found), e.target.Name)
	}
	e.f.broken = true
	return nil
}

func endOf(ends []*end, f *fieldDecl) *end {
	i := slices.IndexFunc(ends, func(e *end) bool { return e.f == f })
	if i < 0 {
		return nil
	}
	return ends[i]
}

// takenByName reports whether some @inverse names g.
func takenByName(ends []*end, g *fieldDecl) bool {
	return slices.ContainsFunc(ends, func(e *end) bool { return e.named && e.inverse == g })
}

func (b *builder) noInverse(e *end) {
	back := lowerFirst(e.t.Name)
	remedy := fmt.Sprintf("add %s: %s to %s, or %s: [%s!]! for a many-to-many relation", back, e.t.Name, e.target.Name, schema.Plural(back), e.t.Name)
	if e.t == e.target {
		remedy = fmt.Sprintf("add a reference such as parent: %s, or a second list with @inverse for a many-to-many relation", e.t.Name)
	}
	b.errorf(codeNoInverse, e.f.def.Position, remedy, "%s.%s has no inverse field in %s", e.t.Name, e.f.Name, e.target.Name)
}

// connect joins a field and its inverse to one relation.
func (b *builder) connect(e *end) {
	if e.through != nil {
		b.joinThrough(e)
		return
	}
	g := e.inverse
	rel := e.f.Relation
	switch {
	case g.Type.List:
		b.joinImplied(e)
		return
	case !e.f.Type.List:
		rel.Kind = schema.BackOne
		if !onlyOne(g) {
			b.errorf(codeInvalidInverse, e.f.def.Position, fmt.Sprintf("add @unique to %s.%s, or write %s: [%s!]!", e.target.Name, g.Name, e.f.Name, e.target.Name), "%s.%s is not @unique, so more than one %s can refer to the same %s", e.target.Name, g.Name, e.target.Name, e.t.Name)
		}
	default:
		rel.Kind = schema.BackMany
	}
	if g.Relation.Inverse != nil && g.Relation.Inverse != e.f.Field {
		b.errorf(codeAmbiguous, e.f.def.Position, "name another reference with @inverse(field: …), or remove one of the lists", "%s.%s is already the inverse of %q", e.target.Name, g.Name, g.Relation.Inverse.Name)
		return
	}
	rel.Inverse, g.Relation.Inverse = g.Field, e.f.Field
	if len(e.f.uses["manyToMany"]) > 0 {
		b.errorf(codeMisplaced, e.f.uses["manyToMany"][0].Position, "remove @manyToMany, or make both fields lists", "%s.%s is a single reference, so the relation is not many-to-many", e.target.Name, g.Name)
	}
}

// onlyOne reports whether no two rows have the same value of the reference.
func onlyOne(g *fieldDecl) bool {
	if len(g.uses.all("unique")) > 0 {
		return true
	}
	return len(g.Owner.Key) == 1 && g.Owner.Key[0] == g.Field
}

// fieldNamed returns the field of t that the string v names, or reports that it does not exist.
func (b *builder) fieldNamed(t *typeDecl, v *ast.Value) *fieldDecl {
	if f := t.field(v.Raw); f != nil {
		return f
	}
	all := t.names(func(*fieldDecl) bool { return true })
	b.errorf(codeUnknownField, v.Position, didYouMean(v.Raw, all, "%q"), "type %q has no field %q", t.Name, v.Raw)
	return nil
}
