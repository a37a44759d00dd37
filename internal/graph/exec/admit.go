package exec

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
)

// admitParts refuse operations before they take any of the database's time.
func (p *pipeline) admitParts() []part {
	parts := []part{{"scope of the API key", p.checkScope}, {"rules of the team's fields", checkCustoms}, {"limits of the caller", p.checkLimits}}
	if !p.Introspection {
		parts = append(parts, part{"no introspection", refuseIntrospection})
	}
	for _, l := range p.Limiters {
		parts = append(parts, part{l.Name(), l.Admit})
	}
	return append(parts, part{"recent log-in", checkLogIn})
}

// checkScope refuses what an API key is not for. The plan knows every type that the operation touches, also through rules and deletes.
func (p *pipeline) checkScope(_ context.Context, op *Operation) error {
	scope := op.Caller.Scope
	if kind := string(op.operation.Operation); scope.Operations != nil && !slices.Contains(scope.Operations, kind) {
		return fault.New(fault.Forbidden, "", "the API key does not allow the operation "+kind, "use a key that does")
	}
	if scope.Types == nil {
		return nil
	}
	if len(op.Plan.Customs) > 0 { // which read and write whatever types they want
		return fault.New(fault.Forbidden, "", "the API key allows some types only, and "+op.Plan.Customs[0].Field.Name+" may use any",
			"use a key for all types")
	}
	missing := slices.DeleteFunc(p.API.Declared(op.Plan.Reads, op.Plan.Writes), func(name string) bool { return slices.Contains(scope.Types, name) })
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.Forbidden, "", "the API key does not allow the types "+strings.Join(missing, ", "),
		"use a key that does; rules and deletes can need more types than the operation selects")
}

// checkCustoms refuses callers whom the rules of a field of the team do not allow to use it.
func checkCustoms(_ context.Context, op *Operation) error {
	for _, use := range op.Plan.Customs {
		if err := use.Allowed(op.Caller); err != nil {
			return err
		}
	}
	return nil
}

func refuseIntrospection(_ context.Context, op *Operation) error {
	for _, f := range op.Plan.Fields {
		if f.Introspection != nil {
			return f.Location.Wrap(fault.New(fault.Forbidden, "", "introspection is off on this server", "ask its operator for the schema"))
		}
	}
	return nil
}

// cachedParts answer queries without the database.
func (p *pipeline) cachedParts() []part {
	if p.Cache == nil {
		return nil
	}
	return []part{{p.Cache.Name(), func(ctx context.Context, op *Operation) error {
		if op.cacheable() {
			op.Data, op.Cached = p.Cache.Get(ctx, op)
		}
		return nil
	}}}
}

// settleParts learn the outcome.
func (p *pipeline) settleParts() []part {
	parts := []part{{"log failures", p.logFailure}}
	if p.Cache != nil {
		parts = append(parts, part{p.Cache.Name(), func(ctx context.Context, op *Operation) error {
			if op.Err == nil && !op.Cached && op.cacheable() {
				p.Cache.Put(ctx, op)
			}
			return nil
		}})
	}
	if p.hub != nil {
		parts = append(parts, part{"subscriptions", func(_ context.Context, op *Operation) error {
			if op.Err == nil && op.Mutation() {
				p.hub.committed(p.API.Tables(op.Plan.Writes))
			}
			return nil
		}})
	}
	for _, o := range p.Observers {
		parts = append(parts, part{o.Name(), func(ctx context.Context, op *Operation) error {
			o.Settle(ctx, op)
			return nil
		}})
	}
	return parts
}

// logFailure logs what is not the client's mistake.
func (p *pipeline) logFailure(ctx context.Context, op *Operation) error {
	var refused *denied // by Postgres alone, which then has other rules
	if code := fault.CodeOf(op.Err); code.OfServer() || errors.As(op.Err, &refused) {
		p.Logger.LogAttrs(ctx, slog.LevelError, "operation failed",
			slog.String(request.FieldCode, string(code)), slog.Any(request.FieldError, innermost(op.Err)))
	}
	return nil
}
