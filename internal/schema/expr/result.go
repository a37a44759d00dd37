package expr

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
)

// result checks the type of the expression against its purpose.
func (v *visitor) result() {
	root := v.ast.Expr()
	got := v.ast.GetType(root.ID())
	want := types.BoolType
	if f := v.want.Field; f != nil {
		target, ok := valueType(f)
		if !ok {
			v.report(root, "set a default on each field of the key", "%q refers to a key of several fields, which one expression cannot set", f.Name)
			return
		}
		want = typeOf(target)
		if target.Enum != nil {
			v.enumLiteral(root, target.Enum)
		}
	}
	if !yields(got, want) {
		message := fmt.Sprintf("the expression returns %s, but %s requires %s", name(got), v.subject(), name(want))
		v.issues = append(v.issues, Issue{Width: len(v.src), Message: message, Remedy: resultRemedy(want)})
	}
}

// resultRemedy returns how to get a value of the type.
func resultRemedy(want *cel.Type) string {
	switch want.Kind() {
	case types.BoolKind:
		return "compare the value: … == …"
	case types.TimestampKind:
		return "use request.time for the time of the request"
	case types.StringKind:
		return "convert a whole number or a Boolean with string(…)"
	}
	return "change the expression or the type of the field"
}

// subject names what uses the result, for messages.
func (v *visitor) subject() string {
	if v.want.Field != nil {
		return fmt.Sprintf("%s on %q", purpose(v.want.Use), v.want.Field.Name)
	}
	return purpose(v.want.Use)
}

// valueType returns the type of the value that a field takes: for a reference, the type of its key.
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

// yields reports whether a value of type got may be stored as want. A null from auth.uid is accepted here even for a required
// field: most APIs let only authenticated callers create rows, and the database rejects the null otherwise.
func yields(got, want *cel.Type) bool {
	return got.Kind() == types.DynKind || got.Kind() == types.ErrorKind || want.IsAssignableType(got) ||
		types.NewNullableType(want).IsAssignableType(got) || sameList(got, want)
}

func sameList(got, want *cel.Type) bool {
	return got.Kind() == types.ListKind && want.Kind() == types.ListKind &&
		yields(got.Parameters()[0], want.Parameters()[0])
}

// name describes a value of a CEL type in the terms of a schema.
func name(t *cel.Type) string {
	switch t.Kind() {
	case types.BoolKind:
		return "a Boolean"
	case types.IntKind:
		return "an integer"
	case types.DoubleKind:
		return "a number"
	case types.StringKind:
		return "a string"
	case types.BytesKind:
		return "bytes"
	case types.TimestampKind:
		return "a time"
	case types.DurationKind:
		return "a duration"
	case types.StructKind:
		return "an object of type " + t.TypeName()
	case types.ListKind:
		return "a list"
	case types.NullTypeKind:
		return "null"
	}
	return "a value of type " + cel.FormatCELType(t)
}
