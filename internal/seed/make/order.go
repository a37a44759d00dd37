package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// sorter orders tables by depth-first search, each one after those that it refers to.
type sorter struct {
	*Generation
	state map[*blueprint]int // 1 while the tables before it are visited, then 2
}

// sort orders the tables, each one after those that it refers to. In a cycle, references come early that may be null or whose foreign key is
// deferrable, if there are any.
func (p *Generation) sort(s *schema.Schema) {
	o := sorter{p, map[*blueprint]int{}}
	for _, typ := range s.Tables {
		if t := p.blueprints[typ]; t != nil && t.spec != nil && o.state[t] == 0 {
			o.visit(t)
		}
	}
}

func (o *sorter) visit(t *blueprint) {
	o.state[t] = 1
	for _, hard := range []bool{true, false} {
		for _, m := range t.makers {
			other := m.refersTo()
			if other == nil || other == t || other.spec == nil || t.isHard(m) != hard || o.state[other] == 2 {
				continue
			}
			if o.state[other] == 1 || (!hard && o.needsVisited(other, map[*blueprint]bool{})) {
				o.early = append(o.early, early{t, m})
				continue
			}
			o.visit(other)
		}
	}
	o.state[t] = 2
	o.order = append(o.order, t)
}

// needsVisited reports whether a table must come after one that is being visited, so that it cannot come before it.
func (o *sorter) needsVisited(t *blueprint, seen map[*blueprint]bool) bool {
	seen[t] = true
	return slices.ContainsFunc(t.makers, func(m *maker) bool {
		other := m.refersTo()
		if other == nil || other == t || seen[other] || !t.isHard(m) {
			return false
		}
		return o.state[other] == 1 || (o.state[other] == 0 && o.needsVisited(other, seen))
	})
}

// refersTo returns the table whose rows a reference chooses among, or nil.
func (m *maker) refersTo() *blueprint {
	if m.pick == nil || m.pick.universe == nil || m.pick.nothing {
		return nil
	}
	return m.pick.universe.blueprint
}

// isHard reports whether a row cannot be inserted before the row that it refers to: the reference is required, and its foreign key is not
// deferrable.
func (t *blueprint) isHard(m *maker) bool {
	if !m.field.Type.NonNull {
		return false
	}
	return t.facts == nil || !slices.ContainsFunc(t.facts.keys, func(k foreignKey) bool {
		return k.deferrable && slices.Equal(k.columns, m.field.Columns())
	})
}
