package graph

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
)

// readable returns the condition under which a lets the caller read the row with the given alias; "" for always, "false" for never.
func (b *builder) readable(a access, t *schema.Type, alias string) (string, error) {
	b.decide(a, t)
	if b.kind == service {
		return "", nil
	}
	rule, err := b.anyRule(a, t, alias)
	if err != nil || rule == "false" || a.fresh == 0 {
		return rule, err // where nothing is allowed, no log-in helps
	}
	return both(b.fresh(a, t), rule), nil
}

// anyRule returns the condition that one of the rules holds.
func (b *builder) anyRule(a access, t *schema.Type, alias string) (string, error) {
	if a.open {
		return "", nil
	}
	var alternatives []string
	for _, r := range a.rules {
		condition, holds, err := b.rule(r, t, alias)
		if err != nil {
			return "", err
		}
		if !holds {
			continue
		}
		if condition == "" {
			return "", nil
		}
		alternatives = append(alternatives, condition)
	}
	switch len(alternatives) {
	case 0:
		return "false", nil
	case 1:
		return alternatives[0], nil
	}
	return "(" + join(alternatives, " OR ") + ")", nil
}

// rule returns the condition of one rule; holds is false when the rule does not apply to this kind of caller.
func (b *builder) rule(r schema.Rule, t *schema.Type, alias string) (condition string, holds bool, err error) {
	if b.policed && r.Where != nil && len(celsql.Reads(r.Where.AST, b.api.model)) > 0 {
		return b.lookUpRule(r, t, alias)
	}
	hasUID, hasGrants := b.kind == user || b.kind == policy, b.kind != anonymous
	var all []string
	switch r.Allow {
	case schema.AllowPublic:
		holds = true
	case schema.AllowAuthenticated:
		if holds = hasUID; b.kind == policy {
			all = append(all, b.uid(valueType{scalar: schema.String})+" IS NOT NULL")
		}
	case schema.AllowOwner:
		if holds = hasUID; holds {
			for _, k := range keyFields(r.Field) {
				all = append(all, alias+"."+ident(k.column)+" = "+b.uid(k.value))
			}
		}
	case schema.AllowRole:
		if holds = hasGrants; holds {
			all = append(all, b.roles()+" && "+textArray(r.Roles))
		}
	case schema.AllowTier:
		if holds = hasGrants; holds {
			all = append(all, b.requestParam(Param{Kind: CallerTier})+"::text = ANY ("+textArray(r.Tiers)+")")
		}
	}
	if !holds {
		return "", false, nil
	}
	if r.Where != nil {
		where, err := celsql.Translate(r.Where.AST, b.api.model, t, alias, b.celArgument)
		if err != nil {
			return "", false, &fault.Error{Code: fault.Invalid, Op: "derive the API", Err: err,
				Message: fmt.Sprintf("%s: the condition %q of a rule of %s cannot be translated to SQL: %v", r.Where.Pos, r.Where.Source, t.Name, err)}
		}
		b.reads(celsql.Reads(r.Where.AST, b.api.model)...)
		all = append(all, where)
	}
	return join(all, " AND "), true, nil
}

// uid returns a parameter with the caller's id as a column of the given type holds it.
func (b *builder) uid(v valueType) string {
	return b.requestParam(Param{Kind: CallerUID, value: v})
}

func (b *builder) roles() string {
	return b.requestParam(Param{Kind: CallerRoles}) + "::text[]"
}

// celArgument gives celsql the parameters of a rule's condition.
func (b *builder) celArgument(v celsql.Variable) (string, error) {
	switch v {
	case celsql.UID:
		return b.uid(valueType{scalar: schema.String, dataType: "text"}) + "::text", nil
	case celsql.UIDAsUUID:
		return b.uid(valueType{scalar: schema.ID}) + "::uuid", nil
	case celsql.Roles:
		return b.roles(), nil
	case celsql.Time:
		return b.requestParam(Param{Kind: RequestTime}) + "::timestamptz", nil
	}
	return "", fault.New(fault.Internal, "", fmt.Sprintf("a rule uses the unknown variable %d", v))
}

// checkRules translates every rule once, so that a rule that SQL cannot express fails when the API is built.
func (a *API) checkRules() error {
	b := newBuilder(a, user)
	for _, o := range a.objects {
		if err := b.checkWrites(o); err != nil {
			return err
		}
		if _, err := b.readable(o.access, o.typ, "t"); err != nil {
			return err
		}
		for _, f := range o.fields {
			if _, err := b.readable(f.access, o.typ, "t"); err != nil {
				return err
			}
			if f.src.Relation == nil || f.src.Relation.Through == nil {
				continue
			}
			through := f.src.Relation.Through
			if _, err := b.readable(rowAccess(through, schema.Read), through, "t"); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkWrites translates the rules and expressions that writes of a type evaluate.
func (b *builder) checkWrites(o *object) error {
	rules := [][]schema.Rule{o.typ.Rules}
	for _, l := range o.links {
		rules = append(rules, l.src.Rules)
	}
	for _, in := range o.inputs {
		rules = append(rules, in.src.Rules)
	}
	for _, list := range rules {
		for _, op := range schema.Operations {
			if _, err := b.readable(accessTo(list, op), o.typ, "t"); err != nil {
				return err
			}
		}
	}
	for _, in := range o.inputs {
		for _, e := range []*schema.Expr{defaultExpr(in.src), in.src.OnUpdate} {
			if e == nil {
				continue
			}
			if _, err := b.computed(o, in, e, "t"); err != nil {
				return err
			}
		}
	}
	return nil
}

// defaultExpr returns the expression that a create evaluates for a field that it does not give, or nil.
func defaultExpr(f *schema.Field) *schema.Expr {
	if f.Default == nil || f.Default.Expr == nil || f.Default.Expr.Source == "uuidV7()" {
		return nil
	}
	return f.Default.Expr
}

func textArray(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strings.TrimSpace(literalText(v))
	}
	return "ARRAY[" + join(quoted, ", ") + "]::text[]"
}

// through returns the conditions that tie the rows of target to those of s through a join table, whose own
// rules hold as well.
func (b *builder) through(rel *schema.Relation, s, target *scope) ([]string, error) {
	b.reads(rel.Through)
	link := &scope{alias: b.alias()}
	var where []string
	for i, k := range rel.ThisRef.Relation.ReferencedColumns() {
		where = append(where, link.raw(rel.ThisRef.Relation.Columns[i])+" = "+s.column(k))
	}
	for i, k := range rel.TargetRef.Relation.ReferencedColumns() {
		where = append(where, link.raw(rel.TargetRef.Relation.Columns[i])+" = "+target.raw(k))
	}
	if rel.Through.Join == nil {
		rule, err := b.predicate(rowAccess(rel.Through, schema.Read), rel.Through, link.alias)
		if err != nil {
			return nil, err
		}
		if rule != "" {
			where = append(where, rule)
		}
		for _, ref := range []*schema.Field{rel.ThisRef, rel.TargetRef} {
			rule, err := b.referenceRule(rel.Through, ref, link.alias)
			if err != nil {
				return nil, err
			}
			if rule != "" {
				where = append(where, rule)
			}
		}
	}
	return []string{"EXISTS (SELECT FROM " + ident(rel.Through.Table) + " " + link.alias + " WHERE " + join(where, " AND ") + ")"}, nil
}
