package graph

import (
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
)

// linkEnd is one end of an implied join table, in a condition on its rows.
type linkEnd struct {
	object *object
	list   *schema.Field
	alias  string
}

// link collects the policies of an implied join table. A link is visible to whom either list shows it, and is written by whoever is allowed to
// update both rows, before and after; see docs/decisions/0015.
func (p *policies) link(t *schema.Type) error {
	columns := [][]string{t.Join.Left.Relation.ThisRef.Relation.Columns, t.Join.Left.Relation.TargetRef.Relation.Columns}
	left, right := t.Join.Left, t.Join.Left.Relation.Inverse
	ends := []linkEnd{{p.api.byName[left.Owner.Name], left, "one"}, {p.api.byName[right.Owner.Name], right, "other"}}
	if ends[0].object == nil || ends[1].object == nil {
		return p.nobody(t)
	}
	for _, c := range []struct {
		command rls.Operation
		rule    func(*builder, []linkEnd) (string, error)
	}{{rls.Select, (*builder).linkShown}, {rls.Insert, (*builder).linkWritten}, {rls.Delete, (*builder).linkWritten}} {
		rule := func(b *builder) (string, error) { return c.rule(b, ends) }
		made, err := p.condition(policy, rule)
		if err != nil {
			return err
		}
		if made.SQL != "false" {
			p.table.Policies[c.command] = []rls.Condition{{SQL: linkSQL(left.Relation, ends, made.SQL), Elsewhere: true}}
		}
		if c.command == rls.Insert {
			if err := p.linkOfAPI(left.Relation, ends); err != nil {
				return err
			}
		}
		if err := p.grant(c.command, rule); err != nil {
			return err
		}
	}
	if err := p.linkAfter(t, left.Relation, ends); err != nil {
		return err
	}
	all := rls.Anonymous | rls.Authenticated
	for _, list := range columns {
		for _, c := range list {
			p.table.Columns = append(p.table.Columns, rls.Column{Name: c, Grants: map[rls.Operation]rls.Who{rls.Select: all, rls.Insert: all}})
		}
	}
	return nil
}

// linkAfter notes what must hold once a link is written, where the rules of its rows look at links. If a row is gone, so is the link with it.
func (p *policies) linkAfter(t *schema.Type, rel *schema.Relation, ends []linkEnd) error {
	b := newBuilder(p.api, policy)
	rule, err := b.linkWritten(ends)
	if err != nil || !b.read[t] {
		return err
	}
	p.table.After = "NOT " + linkSQL(rel, ends, "("+rule+") IS NOT TRUE")
	return nil
}

// linkOfAPI collects the condition under which the API writes a link: either end is as for others, or was written in this transaction, which was
// subject to the policies of its table. A create of a row with its links needs no rule for updates.
func (p *policies) linkOfAPI(rel *schema.Relation, ends []linkEnd) error {
	made, err := p.condition(policy, func(b *builder) (all string, err error) {
		for _, e := range ends {
			rule, err := b.linkWritten([]linkEnd{e})
			if err != nil {
				return "", err
			}
			all = both(all, either(rule, e.alias+".xmin = pg_current_xact_id_if_assigned()::xid"))
		}
		return all, nil
	})
	p.table.Links = []rls.Condition{{SQL: linkSQL(rel, ends, made.SQL), Elsewhere: true}}
	return err
}

// linkSQL returns the condition that a rule holds for the rows at both ends of a link.
func linkSQL(rel *schema.Relation, ends []linkEnd, rule string) string {
	where := append(refers(rel.ThisRef.Relation, ends[0].alias), refers(rel.TargetRef.Relation, ends[1].alias)...)
	if rule != "" {
		where = append(where, rule)
	}
	return "EXISTS (SELECT FROM " + ident(ends[0].object.typ.Table) + " " + ends[0].alias + ", " + ident(ends[1].object.typ.Table) + " " + ends[1].alias +
		" WHERE " + join(where, " AND ") + ")"
}

// refers returns the conditions that a link refers to the row with the given alias.
func refers(rel *schema.Relation, alias string) (where []string) {
	for i, k := range rel.ReferencedColumns() {
		where = append(where, alias+"."+ident(k)+" = "+rls.Row+"."+ident(rel.Columns[i]))
	}
	return where
}

// linkShown returns the condition under which a list at either end shows a link.
func (b *builder) linkShown(ends []linkEnd) (all string, err error) {
	var lists []string
	for _, e := range ends {
		rows, err := b.readable(e.object.access, e.object.typ, e.alias)
		if err != nil {
			return "", err
		}
		list, err := b.readable(fieldAccess(e.list), e.object.typ, e.alias)
		if err != nil {
			return "", err
		}
		all, lists = both(all, rows), append(lists, list)
	}
	return both(all, either(lists[0], lists[1])), nil
}

// linkWritten returns the condition under which the rows at both ends may be updated with their lists.
func (b *builder) linkWritten(ends []linkEnd) (all string, err error) {
	for _, e := range ends {
		for _, a := range []access{rowAccess(e.object.typ, schema.Update), fieldAccessTo(e.list, schema.Update)} {
			rule, err := b.readable(a, e.object.typ, e.alias)
			if err != nil {
				return "", err
			}
			all = both(all, rule)
		}
	}
	return all, nil
}

// either returns the condition that one of two rules holds.
func either(a, b string) string {
	switch {
	case a == "" || b == "":
		return ""
	case a == "false":
		return b
	case b == "false" || a == b:
		return a
	}
	return "(" + a + " OR " + b + ")"
}
