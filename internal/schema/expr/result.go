package expr

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
)

// result checks that the expression yields what it is for.
func (v *visitor) result() {
	root := v.ast.Expr()
	got := v.ast.GetType(root.ID())
	want := types.BoolType
	if f := v.want.Field; f != nil {
		target, ok := valueType(f)
		if !ok {
			v.report(root, "give the fields of its key defaults of their own", "%s has a key of several fields, which no expression yields", f.Name)
			return
		}
		want = typeOf(target)
		if target.Enum != nil {
			v.enumLiteral(root, target.Enum)
		}
	}
	if !yields(got, want) {
		message := fmt.Sprintf("the expression is a %s, and %s must be a %s", name(got), v.subject(), name(want))
		v.issues = append(v.issues, Issue{Width: len(v.src), Message: message, Remedy: resultRemedy(want)})
	}
}

// resultRemedy says how to get a value of the type.
func resultRemedy(want *cel.Type) string {
	switch want.Kind() {
	case types.BoolKind:
		return "compare it with something: … == …"
	case types.TimestampKind:
		return "request.time is the time of the request"
	case types.StringKind:
		return "string(…) makes a string of a number or a time"
	}
	return "change the expression, or the type of the field"
}

// subject names what takes the result.
func (v *visitor) subject() string {
	if v.want.Field != nil {
		return purpose(v.want.Use) + " of " + v.want.Field.Name
	}
	return purpose(v.want.Use)
}

// valueType returns the type of the value that a field takes: for a reference, that of the key it holds.
func valueType(f *schema.Field) (schema.FieldType, bool) {
	t := f.Type
	for t.Object != nil {
		if f.Relation == nil || len(f.Relation.References) != 1 {
			return t, false
		}
		nonNull := t.NonNull
		f = f.Relation.References[0]
		t = f.Type
		t.NonNull = nonNull
	}
	return t, true
}

// yields reports whether a value of type got may be stored as want. A null from auth.uid is refused by the
// database where the field is not nullable, not here: most APIs let nobody create rows who is not signed in.
func yields(got, want *cel.Type) bool {
	return got.Kind() == types.DynKind || got.Kind() == types.ErrorKind || want.IsAssignableType(got) ||
		types.NewNullableType(want).IsAssignableType(got) || sameList(got, want)
}

func sameList(got, want *cel.Type) bool {
	return got.Kind() == types.ListKind && want.Kind() == types.ListKind &&
		yields(got.Parameters()[0], want.Parameters()[0])
}

// name says a CEL type in the words of a schema.
func name(t *cel.Type) string {
	switch t.Kind() {
	case types.BoolKind:
		return "Boolean"
	case types.IntKind:
		return "whole number"
	case types.DoubleKind:
		return "number"
	case types.TimestampKind:
		return "time"
	case types.StructKind:
		return "whole " + t.TypeName()
	case types.ListKind:
		return "list"
	}
	return cel.FormatCELType(t)
}
