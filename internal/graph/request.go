package graph

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
)

// Request is what changes from one execution of a document to the next.
type Request struct {
	Variables map[string]any // coerced by gqlparser
	Caller    caller.Caller
	Time      time.Time // request.time

	// Called has the keys that services have answered with, by the number of the call.
	Called [][]string

	key []string // of the row that a step of a mutation has written
}

// Shape returns the part of a request that a plan depends on besides its document: whether the caller is
// the service, a user or nobody; which variables are given and null; and, of variables that hold filters
// and orders, which fields they hold; and of global IDs of nodes, their types. Requests of equal shape have the same plan.
func (a *API) Shape(op *ast.OperationDefinition, r Request) string {
	var b strings.Builder
	b.WriteByte(kind(r.Caller))
	for _, def := range op.VariableDefinitions {
		value, given := r.Variables[def.Variable]
		if !given {
			b.WriteByte('-')
			continue
		}
		a.shape(&b, def.Type, value)
	}
	a.nodeShape(&b, op.SelectionSet, r.Variables)
	return b.String()
}

func (a *API) shape(b *strings.Builder, typ *ast.Type, value any) {
	def := a.schema.Types[typ.Name()]
	isInput := def.Kind == ast.InputObject
	isStructural := a.structural[def.Name]
	object, isObject := value.(map[string]any)
	text, isText := value.(string)
	switch {
	case value == nil:
		b.WriteByte('0')
	case (isInput || isStructural) && typ.Elem != nil:
		b.WriteByte('[')
		for _, item := range asList(value) {
			a.shape(b, typ.Elem, item)
		}
		b.WriteByte(']')
	case isInput && isObject:
		a.objectShape(b, def, object)
	case value == true: // may decide @skip, @include or isNull
		b.WriteByte('t')
	case value == false:
		b.WriteByte('f')
	case isText && isStructural:
		b.WriteString(text + ",")
	default:
		b.WriteByte('?')
	}
}

func (a *API) objectShape(b *strings.Builder, def *ast.Definition, object map[string]any) {
	b.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if f := def.Fields.ForName(name); f != nil {
			b.WriteString(name)
			b.WriteByte(':')
			a.shape(b, f.Type, object[name])
		}
	}
	b.WriteByte('}')
}

// asList coerces a single value to a list of one, as GraphQL does. gqlparser does so for variables with a
// slice of the value's own type.
func asList(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice {
		return []any{value}
	}
	list := make([]any, v.Len())
	for i := range list {
		list[i] = v.Index(i).Interface()
	}
	return list
}
