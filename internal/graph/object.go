package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// object is a stored type as the API shows it.
type object struct {
	typ    *schema.Type
	single string // prompt
	plural string // prompts
	access access
	fields []*field
	byName map[string]*field
	key    []*field     // scalar fields that hold the key, in order; some may not be among fields
	global bool         // rows have a global ID
	inputs []inputField // what clients write
	links  []linkField  // lists that clients write

	nested  []nestedField
	uniques []uniqueKey // by which an upsert finds an existing row
}

// field is a field of an object: a scalar in a column, one row of another object, or a list of them.
type field struct {
	name     string
	src      *schema.Field
	access   access
	nullable bool // in the API

	column string // of a scalar
	value  valueType

	target *object // of a relation
	many   bool
}

// access is who is allowed an operation on rows or on a field: everybody if open, otherwise callers to whom one of the rules applies.
type access struct {
	open      bool
	operation schema.Operation // empty where there are no rules
	field     *schema.Field    // whose rules they are; nil for those of the type
	rules     []schema.Rule
	fresh     time.Duration // how long ago a caller may have logged in; 0 for any time
}

// rowAccess is who is allowed an operation on rows of a type.
func rowAccess(t *schema.Type, op schema.Operation) access {
	a := accessTo(t.Rules, op)
	a.fresh = t.Fresh.For(op)
	return a
}

// accessTo keeps the rules for an operation.
func accessTo(rules []schema.Rule, op schema.Operation) access {
	a := access{operation: op}
	for _, r := range rules {
		if !r.Allows(op) {
			continue
		}
		if r.Allow == schema.AllowPublic && r.Where == nil {
			return access{open: true, operation: op, rules: []schema.Rule{r}}
		}
		a.rules = append(a.rules, r)
	}
	return a
}

// fieldAccess is who is allowed to read a field of a row that they are allowed to read.
func fieldAccess(f *schema.Field) access { return fieldAccessTo(f, schema.Read) }

func fieldAccessTo(f *schema.Field, op schema.Operation) access {
	fresh := f.Fresh.For(op)
	switch {
	case f.Auth:
		a := accessTo(f.Rules, op)
		a.field, a.fresh = f, fresh
		return a
	case fresh > 0:
		return access{open: true, operation: op, field: f, fresh: fresh}
	}
	return access{open: true}
}

// serviceOnly reports whether a field is not in the API: it is hidden, or its rules let nobody but the service read or write it.
func serviceOnly(f *schema.Field) bool { return f.API.Hidden || (f.Auth && len(f.Rules) == 0) }

// exposed reports whether a type takes part in the API at all.
func exposed(t *schema.Type) bool {
	isTable := t.Stored() && t.Join == nil
	isShown := len(t.Rules) > 0 && !t.API.Hidden
	return isTable && isShown
}

func (a *API) addObjects() {
	for _, t := range slices.Concat(a.model.Tables, a.model.Views) {
		if !exposed(t) {
			continue
		}
		single := camelCase(t.APIName())
		o := &object{typ: t, single: single, plural: t.APIList(), access: rowAccess(t, schema.Read), byName: map[string]*field{}}
		a.single[o.single], a.plural[o.plural], a.byName[t.Name] = o, o, o
		a.objects = append(a.objects, o)
		a.structural[t.APIName()+"AggregateField"] = true
	}
	for _, o := range a.objects {
		a.addFields(o)
	}
}

func (a *API) addFields(o *object) {
	for _, f := range o.typ.Fields {
		if serviceOnly(f) || f.API.Hides(schema.Read) {
			continue // not in the API, like a type without rules
		}
		if f.Type.Object == nil {
			o.add(scalarField(f, a.nameOf(f), f.Column))
			continue
		}
		a.addRelation(o, f)
	}
	o.addComputed(a.nameOf)
	for _, k := range o.typ.Key {
		o.key = append(o.key, a.keyFields(k)...)
	}
}

func (o *object) add(f *field) {
	if o.byName[f.name] == nil {
		o.fields = append(o.fields, f)
		o.byName[f.name] = f
	}
}

// scalarField shows the column of f under a name.
func scalarField(f *schema.Field, name, column string) *field {
	out := &field{name: name, src: f, column: column, value: valueOf(f), nullable: !f.Type.NonNull}
	out.value.trigrams = f.Type.Object == nil && hasTrigrams(f.Owner, column)
	out.nullable = out.nullable || out.value.isJSON() // a path leads nowhere in some rows
	out.restrict(f)
	return out
}

// restrict applies the rules of a field. A field that some callers may not read is null for them, whatever
// its type says, so the API makes it nullable.
func (f *field) restrict(src *schema.Field) {
	f.access = fieldAccess(src)
	f.nullable = f.nullable || !f.access.open
}

// addRelation shows a relation where its target takes part in the API, and the key that a reference holds.
func (a *API) addRelation(o *object, f *schema.Field) {
	rel := f.Relation
	if rel == nil {
		return
	}
	target := a.byName[rel.Target.Name]
	hiddenJoin := rel.Through != nil && rel.Through.Join == nil && !exposed(rel.Through)
	if target == nil || hiddenJoin {
		return
	}
	out := &field{name: a.nameOf(f), src: f, target: target}
	out.many = rel.Kind == schema.BackMany || rel.Kind == schema.ManyToMany
	// A row that the caller may not read is null; were the field not nullable, its parent would vanish too.
	out.nullable = !out.many && (!f.Type.NonNull || !target.access.open)
	out.restrict(f)
	o.add(out)
	for _, k := range a.keyFields(f) {
		if o.typ.APIField(k.name) == nil {
			o.add(k)
		}
	}
}

// keyFields returns the scalar fields that hold f: f itself, or the parts of the key that a reference
// holds, named after both: owner -> ownerId.
func keyFields(f *schema.Field) []*field { return namedKeyFields(f, (*schema.Field).APIName) }

func namedKeyFields(f *schema.Field, name func(*schema.Field) string) []*field {
	var out []*field
	for _, part := range f.NamedKeyFields(name) {
		k := scalarField(f, part.Name, part.Column)
		k.value = valueOf(part.Leaf)
		out = append(out, k)
	}
	return out
}

// camelCase starts a name in lower case: UsageDaily -> usageDaily, LLMModel -> llmModel.
func camelCase(name string) string {
	words := strings.Split(schema.SnakeCase(name), "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
