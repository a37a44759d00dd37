package sdl

import (
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// fresh reads how recent the log-in must be that an @auth on a type or a field asks for.
func (b *builder) fresh(u *use, onField bool) (f schema.Fresh) {
	within := u.args["fresh"]
	hasRules := u.args["rules"] != nil
	switch {
	case !hasRules && (!onField || within == nil):
		b.errorf(codeMissingArgument, u.Position, "add rules: …", `@auth requires the argument "rules"`)
	case within == nil && u.args["freshFor"] != nil:
		b.errorf(codeMissingArgument, u.position("freshFor"), `add fresh: "5m", for example`, `"freshFor" requires the argument "fresh"`)
	case within == nil:
	case hasRules && len(u.items("rules")) == 0:
		b.errorf(codeInvalidRule, within.Position, "remove fresh, or add a rule", "only the service gets past rules: [], and it never logs in")
	default:
		f.Operations = b.operations(u, "freshFor", onField)
		d, err := time.ParseDuration(within.Raw)
		if err != nil || d < time.Second || d%time.Second != 0 {
			b.errorf(codeInvalidRule, within.Position, `write fresh: "5m" or fresh: "1h", for example`, "%q is not a duration of whole seconds", within.Raw)
		}
		f.Within = d
	}
	return f
}

// operations reads a list of operations; without one, all are meant.
func (b *builder) operations(u *use, argument string, onField bool) (list []schema.Operation) {
	given := b.listedOperations(u, argument, onField)
	for _, op := range schema.Operations {
		implied := u.args[argument] == nil && (!onField || op != schema.Delete)
		if slices.Contains(given, op) || implied {
			list = append(list, op)
		}
	}
	return list
}

func (b *builder) listedOperations(u *use, argument string, onField bool) (list []schema.Operation) {
	for _, v := range u.items(argument) {
		op := schema.Operation(v.Raw)
		switch {
		case onField && op == schema.Delete:
			b.errorf(codeInvalidRule, v.Position, "remove DELETE", "a field cannot be deleted on its own")
		case slices.Contains(list, op):
			b.errorf(codeInvalidRule, v.Position, "remove one of them", "%s is listed twice", op)
		}
		list = append(list, op)
	}
	if u.args[argument] != nil && len(list) == 0 {
		b.errorf(codeInvalidRule, u.position(argument), "list operations, or remove the argument for all of them", "%s is empty", argument)
	}
	return list
}
