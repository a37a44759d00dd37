package make

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

// Rows that are reached in two ways agree: the project of a comment is the project of its task. Two routes of a table agree if they end at
// the same other table, if their last references mean the same, and if they have no table in common in between: a transfer from one account to
// another may lead to two banks. A reference in the middle must have the name of its table: a run of a prompt may use another model than the
// preferred one.

// mostSteps is the maximum number of references in a route.
const mostSteps = 3

// route is a chain of references to one row each.
type route []*schema.Field

func (w route) last() *schema.Field { return w[len(w)-1] }

// String returns the names of the references: thread.task.project.
func (w route) String() string { return strings.ReplaceAll(names(w), " and ", ".") }

// apart reports whether two routes have no table in common between their ends.
func (w route) apart(other route) bool {
	return !slices.ContainsFunc(w[:len(w)-1], func(f *schema.Field) bool {
		return slices.ContainsFunc(other[:len(other)-1], func(o *schema.Field) bool { return o.Relation.Target == f.Relation.Target })
	})
}

// sense is what a reference means. Routes agree if their last references have the same sense.
type sense struct {
	target *schema.Type
	name   string // "" for the name of the target
}

// property are names of tables whose rows are properties of a row, which it does not share with the rows that it belongs to.
var property = regexp.MustCompile(`(^|_)(status|state|type|kind|priority|role|level|category|tag|label)$`)

// senseOf returns the sense of a reference; false if it has none. Every row has an author, an owner and an assignee of its own, so a reference
// to a person has a sense only by the name of the table, as in an order's customer.
func senseOf(f *schema.Field) (m sense, ok bool) {
	target := f.Relation.Target
	m = sense{target, f.Name}
	if isNamedAfter(f) && !slices.ContainsFunc(f.Owner.Fields, func(o *schema.Field) bool {
		return o != f && isOne(o) && o.Relation.Target == target && isNamedAfter(o)
	}) {
		m.name = ""
	}
	return m, (m.name == "" || !meaning.IsPerson(target.Name)) && !property.MatchString(schema.SnakeCase(target.Name))
}

// isNamedAfter reports whether the name of a reference is the name of its target, its last words, or its abbreviation: version for
// PromptVersion, org for Organization.
func isNamedAfter(f *schema.Field) bool {
	const shortest = 3
	name, target := schema.SnakeCase(f.Name), schema.SnakeCase(f.Relation.Target.Name)
	return name == target || strings.HasSuffix(target, "_"+name) || (len(name) >= shortest && strings.HasPrefix(target, name))
}

// isOne reports whether a field is a reference to one row.
func isOne(f *schema.Field) bool { return f.Relation != nil && f.Relation.Kind == schema.RefOne }

// routes returns the shortest route of each sense for each first reference of a type, in the order of the references.
func routes(typ *schema.Type) (order []sense, all map[sense][]route) {
	all = map[sense][]route{}
	level := []route{nil}
	for range mostSteps {
		next := longer(typ, level)
		for _, w := range next {
			m, ok := senseOf(w.last())
			known := func(o route) bool { return o[0] == w[0] }
			if !ok || m.target == typ || slices.ContainsFunc(all[m], known) {
				continue
			}
			if all[m] == nil {
				order = append(order, m)
			}
			all[m] = append(all[m], w)
		}
		level = next
	}
	return order, all
}

// longer returns the routes of a type that are one step longer than others.
func longer(typ *schema.Type, routes []route) (next []route) {
	for _, before := range routes {
		from := typ
		if len(before) > 0 {
			from = before.last().Relation.Target
		}
		for _, f := range from.Fields {
			if before.leadsTo(typ, f) {
				next = append(next, append(slices.Clone(before), f))
			}
		}
	}
	return next
}

// leadsTo reports whether a route that begins at a type can go on by a reference, to a table where it has not been. Only the first reference
// may lead to the table where the route begins, as from a reply to a comment.
func (w route) leadsTo(typ *schema.Type, f *schema.Field) bool {
	switch {
	case !isOne(f) || (len(w) > 1 && !isNamedAfter(w.last())):
		return false
	case f.Relation.Target == typ:
		return len(w) == 0
	}
	return !slices.ContainsFunc(w, func(o *schema.Field) bool { return o.Relation.Target == f.Relation.Target })
}
