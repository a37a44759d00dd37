package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/problem"
)

// present puts an error in GraphQL's form. It says no more than problem details would; the cause stays
// within, for the log.
func present(err error) *gqlerror.Error {
	details := problem.From(err)
	e := &gqlerror.Error{Err: err, Message: details.Detail, Extensions: map[string]any{"code": strings.ToUpper(string(details.Code))}}
	if e.Message == "" {
		e.Message = details.Title
	}
	if details.Hint != "" {
		e.Extensions["hint"] = details.Hint
	}
	var located *graph.Error
	if !errors.As(err, &located) {
		return e
	}
	for _, key := range located.Path {
		e.Path = append(e.Path, ast.PathName(key))
	}
	if located.Line > 0 {
		e.Locations = []gqlerror.Location{{Line: located.Line, Column: located.Column}}
	}
	return e
}

// recovered makes a panic an internal fault. The stack goes to the log only.
func recovered(logger *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, p any) error {
		logger.ErrorContext(ctx, "panic in an operation", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		return present(fault.New(fault.Internal, "run an operation", "panic"))
	}
}
