package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// A list that an implied join table holds belongs to the rows at both of its ends: a link is written by whoever is allowed to update both; see
// docs/decisions/0015.

// linkField is such a list, as clients write it.
type linkField struct {
	src    *schema.Field
	target *object
}

// Link is a statement that adds links to the row of a step, or removes some. It returns the keys of the rows at the other end, of each part an array,
// and whether it found all rows that the client names.
type Link struct {
	Statement
	change change
}

// Missing is the fault of a link to a row that it does not find.
func (l Link) Missing() error { return missing(l.change.target) }

func missing(o *object) error {
	return fault.New(fault.NotFound, "", "no "+o.typ.APIName()+" with this key exists that you are allowed to change")
}

// linksOf returns the lists of an object that some caller may write.
func (a *API) linksOf(o *object) (list []linkField) {
	allowed := func(rules []schema.Rule) bool {
		return slices.ContainsFunc(rules, func(r schema.Rule) bool { return r.Allows(schema.Update) })
	}
	for _, f := range o.typ.Fields {
		rel := f.Relation
		isImplied := rel != nil && rel.Through != nil && rel.Through.Join != nil
		if !isImplied || serviceOnly(f) || serviceOnly(rel.Inverse) {
			continue
		}
		target := a.byName[rel.Target.Name]
		if target == nil {
			continue
		}
		inverseAllows := !rel.Inverse.Auth || allowed(rel.Inverse.Rules)
		if inverseAllows && allowed(target.typ.Rules) {
			list = append(list, linkField{f, target})
		}
	}
	return list
}

// writableLinks returns the lists that some caller may write in an operation.
func (o *object) writableLinks(op schema.Operation) (list []linkField) {
	for _, l := range o.links {
		if l.input().writable(op) {
			list = append(list, l)
		}
	}
	return list
}

// input returns the list as a field of data, for its rules.
func (l linkField) input() inputField {
	return inputField{field: &field{name: l.src.APIName(), src: l.src}, optional: true}
}

// inverse returns the list at the other end.
func (l linkField) inverse() inputField {
	return inputField{field: &field{name: l.src.Relation.Inverse.APIName(), src: l.src.Relation.Inverse}}
}

// change is what data says of one list.
type change struct {
	linkField
	verbs map[string][]arg // keys to connect, disconnect or set
}

// linked reads what data says of a list.
func linked(l linkField, value arg) (change, error) {
	c := change{l, map[string][]arg{}}
	name := l.src.APIName()
	if value.null {
		return c, &ValueError{Fault: invalid(name+" cannot be null", "leave it out, or write "+name+": {set: []} to remove all"), Field: name}
	}
	for _, f := range value.fields {
		if f.value.null {
			return c, &ValueError{Fault: invalid(name+"."+f.name+" cannot be null", "leave it out"), Field: name}
		}
		c.verbs[f.name] = f.value.items
	}
	if _, set := c.verbs["set"]; set && len(c.verbs) > 1 {
		return c, &ValueError{Fault: invalid(name+": set excludes connect and disconnect", "use one of them"), Field: name}
	}
	return c, nil
}

// linkStep plans the links that data names.
func (b *builder) linkStep(step *Step, m mutation, data arg) error {
	var a assignment
	if _, err := b.statement(func() (_ string, err error) {
		a, err = b.assignments(m.object, data, m.operation)
		return "", err
	}); err != nil || (len(a.links) == 0 && !b.rows) {
		return err
	}
	return b.link(step, m.operation, a)
}

// link plans the statements that write the links of a step, and the one that applies the rules afterwards.
func (b *builder) link(step *Step, op schema.Operation, a assignment) (err error) {
	for _, c := range a.links {
		changes(c.src.Relation.Through, b.written)
		b.reads(c.target.typ)
		set, replace := c.verbs["set"]
		for _, part := range []struct {
			wanted bool
			plan   func() (string, error)
		}{
			{len(c.verbs["disconnect"]) > 0, func() (string, error) { return b.disconnect(c) }},
			{replace, func() (string, error) { return b.disconnectOthers(c) }},
			{len(c.verbs["connect"])+len(set) > 0, func() (string, error) { return b.connect(c, slices.Concat(c.verbs["connect"], set)) }},
		} {
			if !part.wanted {
				continue
			}
			s, err := b.statement(part.plan)
			if err != nil {
				return err
			}
			step.Links = append(step.Links, Link{s, c})
		}
	}
	step.After, err = b.statement(func() (string, error) { return b.afterLinks(step, op, a) })
	return err
}
