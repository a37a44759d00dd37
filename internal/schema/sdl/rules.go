package sdl

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// rules reads the rules of an @auth on a type, or on one of its fields.
func (b *builder) rules(t *typeDecl, u *use, onField bool) []schema.Rule {
	var rules []schema.Rule
	for _, v := range u.items("rules") {
		if rule, ok := b.rule(t, v, onField); ok {
			rules = append(rules, rule)
		}
	}
	return rules
}

func (b *builder) rule(t *typeDecl, v *ast.Value, onField bool) (schema.Rule, bool) {
	u := &use{Directive: &ast.Directive{Name: "auth", Position: v.Position}, args: map[string]*ast.Value{}}
	ok := true
	given := ast.ArgumentList{}
	for _, c := range v.Children {
		given = append(given, &ast.Argument{Name: c.Name})
		ok = b.argument(u.args, ruleArgs[:], c.Name, c.Value, c.Position, "a rule") && ok
	}
	ok = b.required(u.args, ruleArgs[:], given.ForName, v.Position, "a rule") && ok
	if !ok {
		return schema.Rule{}, false
	}
	rule := schema.Rule{Allow: schema.Allow(u.text("allow")), Pos: b.position(v.Position)}
	rule.Operations = b.operations(u, "operations", onField)
	b.ruleOwner(&rule, t, u)
	b.ruleRoles(&rule, u)
	b.ruleTiers(&rule, u)
	if where := u.args["where"]; where != nil {
		rule.Where = b.expr(where, t.Type, ruleKind())
	}
	return rule, true
}

// ruleOwner reads the field of an OWNER rule: what it holds is compared with auth.uid.
func (b *builder) ruleOwner(rule *schema.Rule, t *typeDecl, u *use) {
	v := u.args["field"]
	switch {
	case rule.Allow != schema.AllowOwner && v != nil:
		b.errorf(codeInvalidRule, v.Position, "remove it, or write allow: OWNER", "only an OWNER rule takes \"field\"")
	case rule.Allow == schema.AllowOwner && v == nil:
		b.errorf(codeInvalidRule, u.Position, `write { allow: OWNER, field: "owner" }`, "an OWNER rule requires \"field\", the field that holds the owner")
	case v != nil:
		f := b.fieldNamed(t, v)
		if f == nil || f.broken {
			return
		}
		if !holdsUser(f.Field) {
			b.errorf(codeInvalidRule, v.Position, "name a reference to your user type, or an ID or String field that holds a user's id", "%q has type %s and cannot hold the id of a user", f.Name, f.Type)
			return
		}
		rule.Field = f.Field
	}
}

// holdsUser reports whether a field can be compared with the id of a user.
func holdsUser(f *schema.Field) bool {
	if len(f.Columns()) != 1 || f.Type.List {
		return false
	}
	leaves := leafTypes(f)
	return len(leaves) == 1 && (leaves[0].Scalar == schema.ID || leaves[0].Scalar == schema.String)
}

func (b *builder) ruleRoles(rule *schema.Rule, u *use) {
	for _, v := range u.items("roles") {
		rule.Roles = append(rule.Roles, v.Raw)
	}
	switch {
	case rule.Allow != schema.AllowRole && u.args["roles"] != nil:
		b.errorf(codeInvalidRule, u.position("roles"), "remove it, or write allow: ROLE", "only a ROLE rule takes \"roles\"")
	case rule.Allow == schema.AllowRole && len(rule.Roles) == 0:
		b.errorf(codeInvalidRule, u.Position, `write { allow: ROLE, roles: ["admin"] }`, "a ROLE rule requires \"roles\"")
	}
}

// ruleTiers reads the lowest tier of a TIER rule.
func (b *builder) ruleTiers(rule *schema.Rule, u *use) {
	v := u.args["atLeast"]
	switch {
	case rule.Allow != schema.AllowTier && v != nil:
		b.errorf(codeInvalidRule, v.Position, "remove it, or write allow: TIER", "only a TIER rule takes \"atLeast\"")
	case rule.Allow == schema.AllowTier && v == nil:
		b.errorf(codeInvalidRule, u.Position, "write { allow: TIER, atLeast: PRO }", "a TIER rule requires \"atLeast\", the lowest tier that it applies to")
	case v != nil && b.tiers == nil:
		b.errorf(codeInvalidRule, v.Position, b.addTiers(v.Raw), "no enum of the schema has @tiers, so there is no tier %s", v.Raw)
	case v != nil:
		i := slices.IndexFunc(b.tiers.Values, func(e schema.EnumValue) bool { return e.Name == v.Raw })
		if i < 0 {
			b.errorf(codeInvalidRule, v.Position, didYouMean(v.Raw, valueNames(b.tiers), "%s"), "%s is not a tier: enum %q has no such value", v.Raw, b.tiers.Name)
			return
		}
		rule.Tiers = valueNames(b.tiers)[i:]
	}
}

// addTiers says how to declare tiers of which value is one.
func (b *builder) addTiers(value string) string {
	for _, e := range b.enums {
		if e.Has(value) {
			return "write enum " + e.Name + " @tiers { … }, if its values are the tiers, from the lowest to the highest"
		}
	}
	return "add an enum with the tiers, from the lowest to the highest: enum Tier @tiers { FREE PRO }"
}

func valueNames(e *schema.Enum) []string {
	names := make([]string, len(e.Values))
	for i, v := range e.Values {
		names[i] = v.Name
	}
	return names
}
