package diff

import (
	"fmt"
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

// rules compares access rules. Removing a rule takes access away; adding one grants it.
func (c *comparison) rules(path string, before, after []schema.Rule) {
	was, is := ruleTexts(before), ruleTexts(after)
	for _, r := range is {
		if !slices.Contains(was, r) {
			c.add("rule-added", path, Dangerous, Safe, Safe, "access was added: %s", r)
		}
	}
	for _, r := range was {
		if !slices.Contains(is, r) {
			c.add("rule-removed", path, Breaking, Safe, Safe, "access was removed: %s", r)
		}
	}
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

func ruleTexts(rules []schema.Rule) (list []string) {
	for _, r := range rules {
		operations := make([]string, len(r.Operations))
		for i, o := range r.Operations {
			operations[i] = string(o)
		}
		text := string(r.Allow)
		if r.Field != nil {
			text += " of " + r.Field.Name
		}
		if len(r.Roles) > 0 {
			text += " " + strings.Join(r.Roles, ", ")
		}
		text += fmt.Sprintf(" may %s", strings.Join(operations, ", "))
		if r.Where != nil {
			text += " where " + strings.Join(strings.Fields(r.Where.Source), " ")
		}
		list = append(list, text)
	}
	return list
}
