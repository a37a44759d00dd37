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

// meaningOf identifies what references mean. Those with the same meaning lead to the same row, if they belong together.
type meaningOf struct {
	target *schema.Type
	name   string // "" for the name of the target
}

// property are names of tables whose rows are properties of a row, which it does not share with the rows that it belongs to.
var property = regexp.MustCompile(`(^|_)(status|state|type|kind|priority|role|level|category|tag|label)$`)

// meaningOf returns the meaning of a reference. Every row has authors, owners and assignees of its own, so a reference to a person has a
// meaning only by the name of the table, as in an order's customer.
func newMeaning(f *schema.Field) (m meaningOf, ok bool) {
	target := f.Relation.Target
	m = meaningOf{target, f.Name}
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

// routes returns the shortest route of each meaning for each first reference of a type, in the order of the references.
func routes(typ *schema.Type) (order []meaningOf, all map[meaningOf][]route) {
	all = map[meaningOf][]route{}
	level := []route{nil}
	for range mostSteps {
		var next []route
		for _, before := range level {
			from := typ
			if before != nil {
				from = before.last().Relation.Target
			}
			for _, f := range from.Fields {
				if !isOne(f) || !leadsOn(typ, before, f.Relation.Target) || (len(before) > 1 && !isNamedAfter(before.last())) {
					continue
				}
				w := append(slices.Clone(before), f)
				next = append(next, w)
				m, ok := newMeaning(f)
				known := func(o route) bool { return o[0] == w[0] }
				if !ok || f.Relation.Target == typ || slices.ContainsFunc(all[m], known) {
					continue
				}
				if all[m] == nil {
					order = append(order, m)
				}
				all[m] = append(all[m], w)
			}
		}
		level = next
	}
	return order, all
}

// leadsOn reports whether a route can go on to a table: it has not been there. Only the first reference may lead to the table where the
// route starts, as from a reply to a comment.
func leadsOn(start *schema.Type, before route, to *schema.Type) bool {
	if to == start {
		return before == nil
	}
	return !slices.ContainsFunc(before, func(f *schema.Field) bool { return f.Relation.Target == to })
}
