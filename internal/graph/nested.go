package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Data can hold rows that a row refers to, and rows of its lists. Each of them is a step of its own in the transaction: what a row refers to comes
// before it, and the rows of its lists after it. The rules are applied to each row when it is written, as the policies of Postgres are, and to all
// rows again once all are written, because rules can look at the others.

// nestedField is a reference or a list of rows, as clients write it in data.
type nestedField struct {
	src     *schema.Field
	target  *object
	many    bool
	columns []inputField // that hold the reference: of the row, or of the rows of a list
	verbs   []string     // connect, create, disconnect
}

// nestedOf returns the references and lists of an object that clients can write with their rows. Inputs and mutations of all objects are known.
func (a *API) nestedOf(o *object) (list []nestedField) {
	for _, f := range o.typ.Fields {
		n, ok := a.nested(o, f)
		taken := slices.ContainsFunc(o.inputs, func(in inputField) bool { return in.name == f.APIName() })
		if ok && !taken && len(n.verbs) > 0 {
			list = append(list, n)
		}
	}
	return list
}

func (a *API) nested(o *object, f *schema.Field) (n nestedField, ok bool) {
	if f.Relation == nil || serviceOnly(f) {
		return n, false
	}
	n = nestedField{src: f, target: a.byName[f.Relation.Target.Name], many: f.Relation.Kind == schema.BackMany}
	isOther := !n.many && f.Relation.Kind != schema.RefOne
	if n.target == nil || isOther {
		return n, false
	}
	holder, ref, to := o, f, n.target
	if n.many {
		holder, ref, to = n.target, f.Relation.Inverse, o
	}
	if ref == nil || !refersToKey(ref.Relation, to) {
		return n, false
	}
	if n.columns, ok = holder.inputsOf(ref); ok {
		n.verbs = a.nestedVerbs(n, ref)
	}
	return n, ok
}

// nestedVerbs returns what some caller may do with the rows of a nested field.
func (a *API) nestedVerbs(n nestedField, ref *schema.Field) (verbs []string) {
	writable := func(op schema.Operation) bool {
		return !n.many || !slices.ContainsFunc(n.columns, func(in inputField) bool { return !in.writable(op) })
	}
	_, creates := a.mutations["create"+n.target.typ.APIName()]
	_, updates := a.mutations["update"+n.target.typ.APIName()]
	moves := updates && writable(schema.Update)
	if !n.many || moves {
		verbs = append(verbs, "connect")
	}
	if creates && writable(schema.Create) {
		verbs = append(verbs, "create")
	}
	if isRemovable := n.many && !ref.Type.NonNull; isRemovable && moves {
		verbs = append(verbs, "disconnect")
	}
	return verbs
}

// refersToKey reports whether a reference holds the key of its target.
func refersToKey(rel *schema.Relation, target *object) bool {
	var key []string
	for _, k := range target.key {
		key = append(key, k.column)
	}
	return slices.Equal(rel.ReferencedColumns(), key)
}

// inputsOf returns the inputs that hold a reference; not ok if clients do not write all of them.
func (o *object) inputsOf(ref *schema.Field) (list []inputField, ok bool) {
	for _, k := range keyFields(ref) {
		i := slices.IndexFunc(o.inputs, func(in inputField) bool { return in.column == k.column && in.src == ref })
		if i < 0 {
			return nil, false
		}
		list = append(list, o.inputs[i])
	}
	return list, len(list) > 0
}

// input returns the field as one of data, for its rules.
func (n nestedField) input() inputField {
	return inputField{field: &field{name: n.src.APIName(), src: n.src}, optional: true}
}

// writable reports whether some caller may write the field in an operation.
func (n nestedField) writable(op schema.Operation) bool {
	if n.many {
		return n.input().writable(op)
	}
	return !slices.ContainsFunc(n.columns, func(in inputField) bool { return !in.writable(op) })
}

// writableNested returns the nested fields that some caller may write in an operation.
func (o *object) writableNested(op schema.Operation) (list []nestedField) {
	for _, n := range o.nested {
		if n.writable(op) {
			list = append(list, n)
		}
	}
	return list
}

// nestable reports whether a reference can be set with its row in place of its key.
func (o *object) nestable(in inputField) bool {
	return slices.ContainsFunc(o.nested, func(n nestedField) bool {
		return !n.many && slices.ContainsFunc(n.columns, func(c inputField) bool { return c.name == in.name })
	})
}

// inputName is the name of the input of a nested field.
func (n nestedField) inputName(o *object, suffix string) string {
	if n.many {
		return o.typ.APIName() + strings.ToUpper(n.src.APIName()[:1]) + n.src.APIName()[1:] + suffix
	}
	return n.target.typ.APIName() + "Ref"
}

// origin is what the input of a nested field is derived from: all references to a type have one in common.
func (n nestedField) origin() any {
	if n.many {
		return n.src
	}
	return n.target
}

// nestedValue adds what data says of a reference or a list of rows. It is not ok if the field is another one.
func (b *builder) nestedValue(o *object, d argField, a *assignment) (ok bool, err error) {
	i := slices.IndexFunc(o.nested, func(n nestedField) bool { return n.src.APIName() == d.name })
	if i < 0 {
		return false, nil
	}
	n := o.nested[i]
	if d.value.null {
		return true, &ValueError{Fault: invalid(d.name+" cannot be null", "leave it out"), Field: d.name}
	}
	if n.many {
		if a.given = append(a.given, n.input()); !b.planted[b.place] {
			err = b.notNested(d.name)
		}
		return true, err
	}
	verb, err := oneVerb(d)
	if err != nil {
		return true, err
	}
	offset, written := b.refs[b.place+"."+d.name]
	if verb.name == "create" && !written {
		return true, b.notNested(d.name)
	}
	for j, in := range n.columns {
		if _, set := a.value(in.column); set {
			return true, &ValueError{Fault: invalid(in.name+" and "+d.name+" are both set", "remove one of them"), Field: d.name}
		}
		var value string
		if verb.name == "create" {
			value = b.param(Param{Kind: RowKey, index: offset + j})
		} else {
			if value, err = b.connected(in, n.target, j, verb.value); err != nil {
				return true, err
			}
		}
		a.set(in.column, value)
		a.given = append(a.given, in)
	}
	return true, nil
}

// connected returns SQL for a part of the key of an existing row that a reference is to hold.
func (b *builder) connected(in inputField, target *object, part int, key arg) (string, error) {
	given, _ := key.field(target.keyName(part))
	if !target.global {
		return b.assigned(in, given)
	}
	p := target.keyParam(part, given.input)
	p.form, p.value, p.name = asColumn, in.value, in.name
	return b.clientValue(p)
}

// notNested is the fault of rows within data where a statement writes many rows.
func (b *builder) notNested(name string) error {
	return &ValueError{Fault: invalid(name+" cannot be written with this row", "write nested rows with the create or update of one row"), Field: name}
}

// oneVerb returns what data says of a reference: connect or create.
func oneVerb(d argField) (verb argField, err error) {
	if len(d.value.fields) != 1 || d.value.fields[0].value.null {
		return verb, &ValueError{Fault: invalid(d.name+" takes either connect or create", "write one of them"), Field: d.name}
	}
	return d.value.fields[0], nil
}

// nestedEnd sets the reference to the row whose list has a new row, and checks that required references are set.
func (b *builder) nestedEnd(o *object, op schema.Operation, a *assignment) error {
	for _, ref := range b.parents[b.place] {
		if _, set := a.value(ref.column); set {
			return &ValueError{Fault: invalid(ref.name+" is set by the list that has the row", "remove it"), Field: ref.name}
		}
		a.set(ref.column, b.param(Param{Kind: RowKey, index: ref.offset}))
		a.given = append(a.given, ref.inputField)
	}
	if op != schema.Create {
		return nil
	}
	for _, in := range o.inputs {
		_, set := a.value(in.column)
		if !set && !in.optional && o.nestable(in) {
			return &ValueError{Fault: invalid(in.name+" is missing", "set "+in.name+" or "+in.src.APIName()), Field: in.name}
		}
	}
	return nil
}

// parentKey is a column that refers to the row whose list has a new row.
type parentKey struct {
	inputField
	offset int // of the value among those that the steps have returned
}

// printNested prints the nested fields of an input.
func (p *sdlPrinter) printNested(o *object, suffix string, op schema.Operation) {
	for _, n := range o.writableNested(op) {
		p.describe("  ", n.src.Description)
		p.line("  %s: %s", n.src.APIName(), n.inputName(o, suffix))
	}
}

// nestedInputs prints the inputs of nested fields, each once.
func (p *sdlPrinter) nestedInputs(o *object, suffix string, op schema.Operation) {
	for _, n := range o.writableNested(op) {
		name, target := n.inputName(o, suffix), n.target.typ.APIName()
		p.key(n.target)
		if p.again(name, n.origin()) {
			continue
		}
		list := map[bool]string{true: "[%s!]", false: "%s"}[n.many]
		p.describe("", map[bool]string{true: "Rows of the list.", false: "A row to refer to: an existing or a new one."}[n.many])
		p.line("input %s {", name)
		for _, verb := range n.verbs {
			typ := target + "LinksKey"
			if verb == "create" {
				typ = target + "Create"
			}
			if verb != "disconnect" || op == schema.Update {
				p.line("  %s: %s", verb, fmt.Sprintf(list, typ))
			}
		}
		p.line("}\n")
	}
}
