package graph

import (
	"reflect"
	"sort"
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

	key []string // of the row that a step of a mutation has written
}

// Shape returns the part of a request that a plan depends on besides its document: whether the caller is
// the service, a user or nobody; which variables are given and null; and, of variables that hold filters
// and orders, which fields they hold. Requests of equal shape have the same plan.
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
	return b.String()
}

func (a *API) shape(b *strings.Builder, typ *ast.Type, value any) {
	if value == nil {
		b.WriteByte('0')
		return
	}
	def := a.schema.Types[typ.Name()]
	if typ.Elem != nil && def.Kind == ast.InputObject {
		list := asList(value)
		b.WriteByte('[')
		for _, item := range list {
			a.shape(b, typ.Elem, item)
		}
		b.WriteByte(']')
		return
	}
	switch v := value.(type) {
	case bool: // may decide @skip, @include or isNull
		if v {
			b.WriteByte('t')
		} else {
			b.WriteByte('f')
		}
	case map[string]any:
		if def.Kind != ast.InputObject {
			b.WriteByte('?')
			return
		}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		b.WriteByte('{')
		for _, name := range names {
			f := def.Fields.ForName(name)
			if f == nil {
				continue
			}
			b.WriteString(name)
			b.WriteByte(':')
			a.shape(b, f.Type, v[name])
		}
		b.WriteByte('}')
	default:
		if s, ok := value.(string); ok && def.Name == orderDirection {
			b.WriteString(s)
			return
		}
		b.WriteByte('?')
	}
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
