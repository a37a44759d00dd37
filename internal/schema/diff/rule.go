package diff

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// sets compares the unique constraints, checks or indexes of a type or a field.
func (c *comparison) sets(path, kind, what string, before, after []string, clients, data Severity) {
	for _, x := range after {
		if !slices.Contains(before, x) {
			c.add(kind+"-added", path, clients, data, clients, "%s %s was added", what, x)
		}
	}
	for _, x := range before {
		if !slices.Contains(after, x) {
			c.add(kind+"-removed", path, Safe, Safe, Safe, "%s %s was removed", what, x)
		}
	}
}

func uniques(t *schema.Type) (list []string) {
	for _, u := range t.Uniques {
		list = append(list, names(u.Fields))
	}
	return list
}

func checks(all []schema.Check) (list []string) {
	for _, c := range all {
		list = append(list, strings.Join(strings.Fields(c.Expr.Source), " "))
	}
	return list
}

func metrics(t *schema.Type) (list []string) {
	for _, m := range t.Metrics {
		text := m.FullName()
		if m.Sum != nil {
			text += " of " + m.Sum.Name
		}
		if len(m.By) > 0 {
			text += " by " + names(m.By)
		}
		list = append(list, text)
	}
	return list
}

func indexes(t *schema.Type) (list []string) {
	for _, x := range t.Indexes {
		var fields []string
		for _, f := range x.Fields {
			name := f.Field.Name
			if f.Desc {
				name += " descending"
			}
			fields = append(fields, name)
		}
		text := strings.Join(fields, ", ")
		if x.Method != schema.BTree && x.Method != "" {
			text += " (" + string(x.Method) + ")"
		}
		if x.Where != nil {
			text += " where " + x.Where.Source
		}
		list = append(list, text)
	}
	return list
}

func events(t *schema.Type) (list []string) {
	for _, e := range t.Tracks {
		text := e.Event + " on"
		for _, op := range e.On {
			text += " " + string(op)
		}
		if len(e.Fields) > 0 {
			text += " with " + names(e.Fields)
		}
		list = append(list, text)
	}
	return list
}

// rules compares access rules. Removing a rule takes access away; adding one grants it. A TIER rule that changed only its tier does either.
func (c *comparison) rules(path string, before, after []schema.Rule) {
	was, is := c.ruleTexts(before, true), c.ruleTexts(after, false)
	lost := slices.DeleteFunc(slices.Clone(was), func(r ruleText) bool { return slices.ContainsFunc(is, r.equal) })
	for _, r := range is {
		if slices.ContainsFunc(was, r.equal) {
			continue
		}
		i := slices.IndexFunc(lost, func(l ruleText) bool { return len(l.tiers) > 0 && len(r.tiers) > 0 && l.rest == r.rest })
		if i < 0 {
			c.add("rule-added", path, Dangerous, Safe, Safe, "access was added: %s", r)
			continue
		}
		c.tierRule(path, lost[i], r)
		lost = slices.Delete(lost, i, i+1)
	}
	for _, r := range lost {
		c.add("rule-removed", path, Breaking, Safe, Safe, "access was removed: %s", r)
	}
}

// tierRule compares the tiers of a rule that is otherwise the same.
func (c *comparison) tierRule(path string, old, r ruleText) {
	if more := without(r.tiers, old.tiers); len(more) > 0 {
		c.add("tier-lowered", path, Dangerous, Safe, Safe, "access was added: %s", ruleText{tiers: more, rest: r.rest})
	}
	if less := without(old.tiers, r.tiers); len(less) > 0 {
		c.add("tier-raised", path, Breaking, Safe, Safe, "access was removed: %s", ruleText{tiers: less, rest: r.rest})
	}
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

// keptTiers returns the tiers that exist before and after. Nobody has had a new tier, and nobody has one that was removed.
func keptTiers(before, after *schema.Enum) map[string]string {
	kept := map[string]string{}
	if before == nil || after == nil {
		return kept
	}
	for _, v := range after.Values {
		switch {
		case before.Has(v.Name):
			kept[v.Name] = v.Name
		case v.RenamedFrom != "" && before.Has(v.RenamedFrom):
			kept[v.RenamedFrom] = v.Name
		}
	}
	return kept
}

// fieldRules compares the rules of a field, which restrict those of its type.
func (c *comparison) fieldRules(path string, old, f *schema.Field) {
	switch {
	case old.Auth && f.Auth:
		c.rules(path, old.Rules, f.Rules)
	case f.Auth:
		c.add("field-rules-added", path, Breaking, Safe, Safe, "it now has its own rules, which restrict those of its type")
	default:
		c.add("field-rules-removed", path, Dangerous, Safe, Safe, "it no longer has its own rules; every caller who may read the row may read it")
	}
}

// ruleText is a rule in words. Its tiers are those that both versions have, by their new names.
type ruleText struct {
	who   string
	tiers []string
	rest  string
}

func (r ruleText) equal(other ruleText) bool { return r.String() == other.String() }

func (r ruleText) String() string {
	if len(r.tiers) > 0 {
		return "TIER " + strings.Join(r.tiers, ", ") + r.rest
	}
	return r.who + r.rest
}

// ruleTexts returns rules in words; old ones have the old names of tiers.
func (c *comparison) ruleTexts(rules []schema.Rule, old bool) (list []ruleText) {
	for _, r := range rules {
		operations := make([]string, len(r.Operations))
		for i, o := range r.Operations {
			operations[i] = string(o)
		}
		text := ruleText{who: string(r.Allow), tiers: c.tiersOf(r, old), rest: " may " + strings.Join(operations, ", ")}
		if r.Field != nil {
			text.who += " of " + r.Field.Name
		}
		if names := slices.Concat(r.Roles, r.Tiers); len(names) > 0 {
			text.who += " " + strings.Join(names, ", ")
		}
		if r.Where != nil {
			text.rest += " where " + strings.Join(strings.Fields(r.Where.Source), " ")
		}
		list = append(list, text)
	}
	return list
}

func (c *comparison) tiersOf(r schema.Rule, old bool) (list []string) {
	for was, is := range c.tiers {
		name := is
		if old {
			name = was
		}
		if slices.Contains(r.Tiers, name) {
			list = append(list, is)
		}
	}
	slices.Sort(list)
	return list
}

func searches(t *schema.Type) (list []string) {
	if t.Search == nil {
		return nil
	}
	var fields []string
	for _, f := range t.Search.Fields {
		fields = append(fields, f.Field.Name+" with weight "+f.Weight)
	}
	return []string{strings.Join(fields, ", ") + " in " + t.Search.Language}
}
