package graph

import (
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	rules "github.com/krowoc/krowoc/internal/schema/access"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// CustomUse is a field of the team that an operation uses.
type CustomUse struct {
	Field    *schema.Custom
	Location *Location
}

// Allowed returns why a caller may not use the field, or nil.
func (u CustomUse) Allowed(c caller.Caller) error {
	isAllowed := c.Service || slices.ContainsFunc(u.Field.Rules, func(r schema.Rule) bool { return rules.Applies(r, c) })
	switch {
	case isAllowed:
		return nil
	case c.Anonymous():
		return u.Location.Wrap(fault.New(fault.Unauthenticated, "", "you are not allowed to use "+u.Field.Name, "sign in"))
	}
	return u.Location.Wrap(fault.New(fault.Forbidden, "", "you are not allowed to use "+u.Field.Name))
}

// checkCustoms refuses fields of the team that return rows of a type that the API does not have.
func (a *API) checkCustoms() error {
	for _, c := range a.model.Customs {
		if object := c.Type.Object; object != nil && object.Stored() && a.byName[object.Name] == nil {
			return fault.New(fault.Invalid, "derive the API", fmt.Sprintf("%s: %s returns rows of %s, which is not in the API", c.Pos, c.Name, object.Name),
				"give "+object.Name+" a rule with @auth, or return a type without @table")
		}
	}
	return nil
}

// customs prints the fields of the team.
func (p *sdlPrinter) customs(a *API, mutation bool) {
	for _, c := range a.model.Customs {
		if c.Mutation != mutation {
			continue
		}
		p.describe("  ", c.Description)
		args := ""
		for _, arg := range c.Arguments {
			args += "\n"
			if arg.Description != "" {
				args += "    " + sdl.Quote(arg.Description) + "\n"
			}
			args += "    " + arg.Name + ": " + typeSDL(arg.Type)
			if arg.Default != "" {
				args += " = " + arg.Default
			}
			args += deprecated(arg.Deprecated)
		}
		if args != "" {
			args = "(" + args + "\n  )"
		}
		p.line("  %s%s: %s%s", c.Name, args, typeSDL(c.Type), deprecated(c.Deprecated))
	}
}

// typeSDL writes a type under its name in the API.
func typeSDL(t schema.FieldType) string {
	s := t.Name()
	if t.Object != nil {
		s = t.Object.APIName()
	}
	if t.List {
		s = "[" + s + bang(t.ElemNonNull) + "]"
	}
	return s + bang(t.NonNull)
}

// plains prints the types without a table that fields of the team return.
func (p *sdlPrinter) plains(a *API) {
	for _, c := range a.model.Customs {
		t := c.Type.Object
		if t == nil || t.Stored() || p.again(t.Name, t) {
			continue
		}
		p.describe("", t.Description)
		p.line("type %s {", t.Name)
		for _, f := range t.Fields {
			p.describe("  ", f.Description)
			p.line("  %s: %s%s", f.Name, f.Type, deprecated(f.Deprecated))
		}
		p.line("}\n")
	}
}

// hasCustoms reports whether the team adds fields to Query or to Mutation.
func (a *API) hasCustoms(mutation bool) bool {
	return slices.ContainsFunc(a.model.Customs, func(c *schema.Custom) bool { return c.Mutation == mutation })
}
