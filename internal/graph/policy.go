package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// Policies returns the rules of every table for row-level security. They are the predicates of the plans, with the claims of the session in
// the place of parameters, so that both allow the same.
func (a *API) Policies() (tables []rls.Table, err error) {
	for _, t := range a.model.Tables {
		p := &policies{api: a, table: rls.Table{Name: t.Table, Type: t.Name, Policies: map[rls.Operation][]rls.Condition{}}}
		switch o := a.byName[t.Name]; {
		case t.Join != nil:
			err = p.link(t)
		case o != nil:
			err = p.object(o)
		default:
			err = p.nobody(t)
		}
		if err != nil {
			return nil, err
		}
		if p.table.Lookups, err = a.lookups(t); err != nil {
			return nil, err
		}
		tables = append(tables, p.table)
	}
	return tables, nil
}

// commands are the operations of rules as Postgres calls them.
var commands = []struct {
	operation schema.Operation
	command   rls.Operation
}{{schema.Read, rls.Select}, {schema.Create, rls.Insert}, {schema.Update, rls.Update}, {schema.Delete, rls.Delete}}

// roleKinds are the kinds of callers for which Postgres has a role.
var roleKinds = []struct {
	kind byte
	who  rls.Who
}{{user, rls.Authenticated}, {anonymous, rls.Anonymous}}

// policies collects the policies of one table.
type policies struct {
	api   *API
	table rls.Table
}

// condition translates something for one kind of caller, and notes whether it looks at other rows.
func (p *policies) condition(kind byte, translate func(*builder) (string, error)) (rls.Condition, error) {
	b := newBuilder(p.api, kind)
	b.outside = true
	sql, err := translate(b)
	return rls.Condition{SQL: sql, Elsewhere: len(b.read) > 0}, err
}

// allowed returns the conditions, of which one must hold, under which a may do something with the row.
func (p *policies) allowed(a access, t *schema.Type) (list []rls.Condition, err error) {
	for _, r := range a.rules {
		one := access{open: a.open, rules: []schema.Rule{r}, fresh: a.fresh}
		c, err := p.condition(policy, func(b *builder) (string, error) { return b.readable(one, t, rls.Row) })
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list, nil
}

// who returns which roles may do something whatever the row and the claims, and which ones may only in some rows or with some claims.
func (p *policies) who(translate func(*builder) (string, error)) (always, sometimes rls.Who, err error) {
	for _, k := range roleKinds {
		c, err := p.condition(k.kind, translate)
		if err != nil {
			return always, sometimes, err
		}
		switch c.SQL {
		case "":
			always |= k.who
		case "false":
		default:
			sometimes |= k.who
		}
	}
	return always, sometimes, nil
}

// object collects the policies of a type of the API.
func (p *policies) object(o *object) error {
	for _, c := range commands {
		a := rowAccess(o.typ, c.operation)
		list, err := p.allowed(a, o.typ)
		if err != nil {
			return err
		}
		p.table.Policies[c.command] = list
		if err := p.grant(c.command, func(b *builder) (string, error) { return b.readable(a, o.typ, rls.Row) }); err != nil {
			return err
		}
	}
	return p.columns(o)
}

// grant grants a command to the roles to whose callers a rule can apply.
func (p *policies) grant(command rls.Operation, rule func(*builder) (string, error)) error {
	for _, k := range roleKinds {
		c, err := p.condition(k.kind, rule)
		if err != nil {
			return err
		}
		if c.SQL != "false" {
			p.table.Grant(command, k.who)
		}
	}
	return nil
}

// nobody collects the columns of a type that only the service reaches.
func (p *policies) nobody(t *schema.Type) error {
	for _, f := range t.Fields {
		for _, k := range keyFields(f) {
			if k.column != "" && !p.table.Has(k.column) {
				p.table.Columns = append(p.table.Columns, rls.Column{Name: k.column, Field: f.Name})
			}
		}
	}
	return nil
}

// claim returns SQL for a value of the caller from the claims of the session. What claims do not tell is null, which meets no condition.
func (p *Param) claim() string {
	switch p.Kind {
	case CallerUID:
		return p.uidClaim()
	case CallerRoles:
		return rls.Roles
	case CallerTier:
		return rls.Tier
	case RequestTime:
		return rls.Now
	}
	return "NULL"
}

// uidClaim returns SQL for auth.uid as a column of the parameter's type holds it.
func (p *Param) uidClaim() string {
	dataType := p.value.dataType
	switch {
	case p.value.scalar == schema.ID && (dataType == "" || dataType == "uuid"):
		return rls.UIDAsUUID
	case dataType == "" || dataType == "text":
		return rls.UID
	case p.value.scalar == schema.ID && scalar.Of(schema.ID, dataType).Pattern == scalar.Int64Pattern:
		return rls.UIDAsNumber
	}
	return rls.UIDAs(dataType)
}
