package exec

import (
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/problem"
)

// present puts an error in GraphQL's form: one entry, or one for each mistake that validation finds. It says no more than
// problem details would.
func present(err error) gqlerror.List {
	if invalid := (gqlerror.List{}); errors.As(err, &invalid) {
		list := make(gqlerror.List, len(invalid))
		for i, e := range invalid {
			list[i] = &gqlerror.Error{Message: e.Message, Path: e.Path, Locations: e.Locations, Extensions: extensions(fault.Invalid, remedyOf(e))}
		}
		return list
	}
	var several graph.Mistakes
	if !errors.As(err, &several) {
		return gqlerror.List{presentOne(err)}
	}
	list := make(gqlerror.List, len(several))
	for i, one := range several {
		list[i] = presentOne(one)
	}
	return list
}

// remedyOf returns what to do about a mistake that validation finds, where that is not in the document.
func remedyOf(mistake *gqlerror.Error) string {
	if mistake.Rule != rules.KnownRootTypeRule.Name {
		return ""
	}
	return "the schema decides: rules of @auth allow mutations, and @live on a type allows subscriptions"
}

func presentOne(err error) *gqlerror.Error {
	details := problem.From(err)
	e := &gqlerror.Error{Message: details.Detail, Extensions: extensions(details.Code, details.Hint)}
	if e.Message == "" {
		e.Message = details.Title
	}
	var located *graph.Error
	if errors.As(err, &located) {
		for _, key := range located.Path {
			e.Path = append(e.Path, ast.PathName(key))
		}
		if located.Line > 0 {
			e.Locations = []gqlerror.Location{{Line: located.Line, Column: located.Column}}
		}
		if located.Row != "" {
			e.Message = located.Row + ": " + e.Message
			e.Extensions["row"] = located.Row
		}
	}
	var protocol *protocolError
	if errors.As(err, &protocol) {
		e.Extensions["code"] = protocol.code
	}
	var costly *costError
	if errors.As(err, &costly) {
		e.Extensions["cost"] = costly.cost
	}
	var stale *staleLogIn
	if errors.As(err, &stale) {
		e.Extensions["maxAge"] = int64(stale.maxAge.Seconds())
	}
	var value *graph.ValueError
	if errors.As(err, &value) {
		for key, name := range map[string]string{"field": value.Field, "constraint": value.Constraint} {
			if name != "" {
				e.Extensions[key] = name
			}
		}
	}
	return e
}

func extensions(code fault.Code, hint string) map[string]any {
	e := map[string]any{"code": strings.ToUpper(string(code))}
	if hint != "" {
		e["hint"] = hint
	}
	return e
}

// innermost returns the deepest fault, which holds what Postgres reported.
func innermost(err error) error {
	for {
		var f *fault.Error
		if !errors.As(err, &f) || f.Message != "" || f.Err == nil {
			return err
		}
		err = f.Err
	}
}
