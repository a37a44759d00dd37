package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
)

// A policed statement runs as a role of Postgres to which the policies apply. Tables then have only the rows that the caller is allowed to read,
// so that a condition on other rows would see too few of them. Such a condition is left to the policy of the table where it decides about rows, and
// to a function with the rights of the owner where it decides about fields.

// lookup is a condition on the row of a table that a function of the database evaluates.
type lookup struct {
	table     string
	condition string
}

// predicate returns the condition under which a lets the caller read the rows of a table that a statement scans; "" for always, "false" for never.
// What looks at other rows is left to the policy of the table.
func (b *builder) predicate(a access, t *schema.Type, alias string) (string, error) {
	if !b.policed {
		return b.readable(a, t, alias)
	}
	plain := b.unwritten()
	if _, err := plain.readable(a, t, alias); err != nil {
		return "", err
	}
	if len(plain.read) == 0 {
		return b.readable(a, t, alias)
	}
	b.asks(plain.plan.Fresh)
	b.decide(a, t)
	b.uses(plain)
	return "", nil
}

// lookUpRule is rule for a condition that looks at other rows.
func (b *builder) lookUpRule(r schema.Rule, t *schema.Type, alias string) (condition string, holds bool, err error) {
	condition, err = b.lookUp(t, alias, func(b *builder, alias string) (string, error) {
		condition, holds, err := b.rule(r, t, alias)
		if !holds {
			return "false", err
		}
		return condition, err
	})
	return condition, condition != "false", err
}

// lookUp returns the call of a function that evaluates a condition on the row with the given alias. A condition that is the same for all rows needs
// none.
func (b *builder) lookUp(t *schema.Type, alias string, translate func(b *builder, alias string) (string, error)) (string, error) {
	plain := b.unwritten()
	condition, err := translate(plain, alias)
	b.asks(plain.plan.Fresh)
	if err != nil || condition == "" || condition == "false" {
		return condition, err
	}
	b.uses(plain)
	condition, err = translate(newBuilder(b.api, policy), rls.Row)
	if err != nil {
		return "", err
	}
	if l := (lookup{t.Table, condition}); !slices.Contains(b.lookups, l) {
		b.lookups = append(b.lookups, l)
	}
	return rls.Call(t.Table, condition, alias), nil
}

// unwritten returns a builder for the same place in the operation, to see what a condition would be.
func (b *builder) unwritten() *builder {
	plain := newBuilder(b.api, b.kind)
	plain.location = b.location
	return plain
}

// uses notes that the answer depends on what a condition of another builder uses.
func (b *builder) uses(other *builder) {
	for t := range other.read {
		b.reads(t)
	}
	for i := range other.params {
		b.callerUse = b.callerUse.or(other.params[i].caller())
	}
}

// unpoliced plans statements that write: policies for reading do not apply to them.
func (b *builder) unpoliced(plan func() error) error {
	policed := b.policed
	b.policed = false
	defer func() { b.policed = policed }()
	return plan()
}

// labelled marks a statement of a policed API with the kind of role that runs it. Postgres plans a prepared statement again whenever another role
// runs it, so that no two roles should share one.
func (b *builder) labelled(sql string) string {
	switch {
	case !b.api.options.Policed || b.kind == service || sql == "":
		return sql
	case b.kind == anonymous:
		return "/* anonymous */ " + sql
	}
	return "/* authenticated */ " + sql
}

// Policed reports whether the statements of callers have to run under the policies.
func (a *API) Policed() bool { return a.options.Policed }

// lookups returns the conditions on rows of a type that policed statements leave to functions.
func (a *API) lookups(t *schema.Type) (list []rls.Condition, err error) {
	for _, kind := range []byte{anonymous, user, granted} {
		b := newBuilder(a, kind)
		b.policed = true
		if err := b.fieldLookups(t); err != nil {
			return nil, err
		}
		for _, l := range b.lookups {
			if c := (rls.Condition{SQL: l.condition, Elsewhere: true}); l.table == t.Table && !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list, nil
}

// fieldLookups translates every condition that statements apply to fields of a type.
func (b *builder) fieldLookups(t *schema.Type) error {
	if o := b.api.byName[t.Name]; o != nil {
		for _, f := range slices.Concat(o.fields, o.key) {
			if _, err := b.fieldRule(o, f, rls.Row); err != nil {
				return err
			}
		}
	}
	for _, f := range t.Fields {
		if f.Relation == nil || f.Relation.Kind != schema.RefOne {
			continue
		}
		if _, err := b.referenceRule(t, f, rls.Row); err != nil {
			return err
		}
	}
	return nil
}
