package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

func enumOf(c *catalog.Catalog, schema, name string) *catalog.Enum {
	for i := range c.Enums {
		if e := &c.Enums[i]; e.Schema == schema && e.Name == name {
			return e
		}
	}
	return nil
}

func createEnum(e *catalog.Enum, values []string) string {
	return createEnumType(name(e.Schema, e.Name), values)
}

func createEnumType(name string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return fmt.Sprintf("CREATE TYPE %s AS ENUM (%s)", name, strings.Join(quoted, ", "))
}

func (p *planner) newEnums() {
	for i := range p.want.Enums {
		if e := &p.want.Enums[i]; enumOf(p.cur, e.Schema, e.Name) == nil {
			p.main = append(p.main, one(createEnum(e, e.Values), "DROP TYPE "+name(e.Schema, e.Name)).changing(enumObject(e)))
		}
	}
}

func (p *planner) dropEnums() {
	for i := range p.cur.Enums {
		e := &p.cur.Enums[i]
		switch {
		case enumOf(p.want, e.Schema, e.Name) != nil || !IsManagedEnum(e):
		case p.mayDropEnum(e):
			p.main = append(p.main, one("DROP TYPE "+name(e.Schema, e.Name), createEnum(e, e.Values)).changing(enumObject(e)))
		default:
			p.left = append(p.left, "enum "+name(e.Schema, e.Name))
		}
	}
}

// gains reports whether an enum only gets new values, so that it can be changed in place.
func gains(cur, want *catalog.Enum) bool {
	kept := slices.DeleteFunc(slices.Clone(want.Values), func(v string) bool { return !slices.Contains(cur.Values, v) })
	return len(kept) == len(cur.Values) && isSubsequence(kept, cur.Values)
}

// changeEnums adds new values to enums. It does not remove or reorder values: see rebuilds.
func (p *planner) changeEnums() {
	for i := range p.want.Enums {
		want := &p.want.Enums[i]
		cur := enumOf(p.cur, want.Schema, want.Name)
		switch {
		case cur == nil || slices.Equal(cur.Values, want.Values):
		case gains(cur, want):
			p.addValues(cur, want.Values)
		default:
			lost := false
			for _, v := range cur.Values {
				if !slices.Contains(want.Values, v) {
					lost = true
					p.left = append(p.left, "value "+v+" of enum "+name(cur.Schema, cur.Name))
				}
			}
			values := withOld(cur.Values, want.Values)
			if !lost || (len(values) > len(want.Values) && !isSubsequence(want.Values, values)) {
				p.left = append(p.left, "the order of the values of enum "+name(cur.Schema, cur.Name))
			}
			p.addValues(cur, values)
		}
	}
}

// rebuilds recreates enums that lose values or change their order. It restores the objects that were written by hand, and generated columns
// that stay as they are, over which some of these may be. Diff then adds those of the schema, which it finds missing.
func rebuilds(cur, want *catalog.Catalog, o Options) (steps []step) {
	for i := range want.Enums {
		w := &want.Enums[i]
		e := enumOf(cur, w.Schema, w.Name)
		if e == nil || slices.Equal(e.Values, w.Values) || gains(e, w) || !o.mayRebuild(e, w) {
			continue
		}
		stays := func(d dependent) bool { return d.byHand(want) || d.isGeneratedIn(want) }
		up := o.rebuild(cur, want, e, w.Values, all, stays)
		up[0] = replacements(cur, e, w.Values) + up[0]
		steps = append(steps, step{up: up, down: o.rebuild(cur, want, e, e.Values, stays, all), of: []object{enumObject(e)}})
	}
	return steps
}

func isSubsequence(part, of []string) bool {
	for _, v := range of {
		if len(part) > 0 && part[0] == v {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// withOld returns the old values and the new ones, each one after the value that it follows in want.
func withOld(old, want []string) []string {
	values := slices.Clone(old)
	for i, v := range want {
		if slices.Contains(values, v) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(values, want[i-1]) + 1
		}
		values = slices.Insert(values, at, v)
	}
	return values
}

// addValues adds missing values to an enum. To undo that, the type must be recreated.
func (p *planner) addValues(cur *catalog.Enum, values []string) {
	up := additions(cur, values)
	if len(up) == 0 {
		return
	}
	down := p.rebuild(p.cur, p.want, cur, cur.Values, all, all)
	s := step{up: up, down: down, of: []object{enumObject(cur)}}
	if refused, ok := p.oneWay[enumObject(cur)]; ok {
		s.down, s.oneWay = []string{noRollback(cur, down, refused)}, true
	}
	p.values = append(p.values, s)
}

// additions returns the statements that add missing values to an enum.
func additions(cur *catalog.Enum, values []string) (up []string) {
	now := slices.Clone(cur.Values)
	for i, v := range values {
		if slices.Contains(now, v) {
			continue
		}
		place := ""
		switch {
		case i > 0:
			place = " AFTER " + literal(values[i-1])
			now = slices.Insert(now, slices.Index(now, values[i-1])+1, v)
		case len(now) > 0:
			place = " BEFORE " + literal(now[0])
			now = slices.Insert(now, 0, v)
		}
		up = append(up, fmt.Sprintf("ALTER TYPE %s ADD VALUE %s%s", name(cur.Schema, cur.Name), literal(v), place))
	}
	return up
}
