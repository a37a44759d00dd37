// Package diff compares two versions of a schema and rates each change for everything that depends on the schema: clients of the
// API, stored data, and code that uses generated models.
package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Severity is the effect of a change on one of those that depend on the schema.
type Severity string

// The severities, in increasing order.
const (
	Safe      Severity = "safe"
	Dangerous Severity = "dangerous" // it can break code that relies on details, or fail on some data
	Breaking  Severity = "breaking"  // existing uses stop working
)

var rank = map[Severity]int{Safe: 0, Dangerous: 1, Breaking: 2}

// Change is one difference.
type Change struct {
	Kind    string   `json:"kind"` // stable, kebab-case: field-removed
	Path    string   `json:"path"` // Prompt, Prompt.title, Visibility.TEAM
	Message string   `json:"message"`
	Clients Severity `json:"clients"`
	Data    Severity `json:"data"`
	Models  Severity `json:"models"`
}

// Worst returns the worst of the three.
func (c Change) Worst() Severity {
	return slices.MaxFunc([]Severity{c.Clients, c.Data, c.Models}, func(a, b Severity) int { return cmp.Compare(rank[a], rank[b]) })
}

// comparison collects changes.
type comparison struct {
	changes []Change
	tiers   map[string]string // the tiers of both versions: old name → new name
}

func (c *comparison) add(kind, path string, clients, data, models Severity, format string, args ...any) {
	c.changes = append(c.changes, Change{kind, path, fmt.Sprintf(format, args...), clients, data, models})
}

// Compare returns the changes between two versions of a schema, by decreasing severity and then in the order of the schema.
func Compare(before, after *schema.Schema) []Change {
	c := &comparison{tiers: keptTiers(before.Tiers(), after.Tiers())}
	c.enums(before, after)
	c.types(before, after)
	c.customs(before, after)
	slices.SortStableFunc(c.changes, func(a, b Change) int { return cmp.Compare(rank[b.Worst()], rank[a.Worst()]) })
	return c.changes
}

func (c *comparison) enums(before, after *schema.Schema) {
	kept := map[*schema.Enum]bool{}
	for _, e := range after.Enums {
		old := before.Enum(e.Name)
		if old == nil && e.RenamedFrom != "" {
			if old = before.Enum(e.RenamedFrom); old != nil {
				c.add("enum-renamed", e.Name, Dangerous, Safe, Breaking, "the enum was renamed from %q", old.Name)
			}
		}
		if old == nil {
			c.add("enum-added", e.Name, Safe, Safe, Safe, "the enum was added")
			continue
		}
		kept[old] = true
		if (old.DBName != e.DBName) && (old.Name == e.Name) {
			c.add("enum-type-changed", e.Name, Safe, Safe, Dangerous, "its type in Postgres changed from %q to %q; deployed versions still use the old name", old.DBName, e.DBName)
		}
		c.values(old, e)
	}
	for _, old := range before.Enums {
		if !kept[old] {
			c.add("enum-removed", old.Name, Breaking, Dangerous, Breaking, "the enum was removed")
		}
	}
}

func (c *comparison) values(old, e *schema.Enum) {
	kept := map[string]bool{}
	for _, v := range e.Values {
		path := e.Name + "." + v.Name
		var was string
		switch {
		case old.Has(v.Name):
			was = v.Name
		case v.RenamedFrom != "" && old.Has(v.RenamedFrom):
			was = v.RenamedFrom
			c.add("value-renamed", path, Breaking, Safe, Breaking, "the value was renamed from %q", v.RenamedFrom)
		default:
			c.add("value-added", path, Dangerous, Safe, Dangerous, "the value was added; code that handles every value does not handle it yet")
			continue
		}
		kept[was] = true
		c.deprecated(path, old.Deprecation(was), v.Deprecated)
		if label := old.Label(was); label != v.Label && was == v.Name {
			c.add("label-changed", path, Safe, Dangerous, Breaking, "its label in Postgres changed from %q to %q; deployed versions still write the old one", label, v.Label)
		}
	}
	for _, v := range old.Values {
		if !kept[v.Name] {
			c.add("value-removed", e.Name+"."+v.Name, Breaking, Breaking, Breaking, "the value was removed; existing rows may contain it")
		}
	}
}

func (c *comparison) types(before, after *schema.Schema) {
	kept := map[*schema.Type]bool{}
	for _, t := range slices.Concat(after.Tables, after.Plain, after.Views) {
		if t.Join != nil {
			continue
		}
		old := before.Type(t.Name)
		if old == nil && t.RenamedFrom != "" {
			if old = before.Type(t.RenamedFrom); old != nil {
				c.add("type-renamed", t.Name, Breaking, Safe, Breaking, "the type was renamed from %q", old.Name)
			}
		}
		if old == nil {
			c.add("type-added", t.Name, Safe, Safe, Safe, "the type was added")
			continue
		}
		kept[old] = true
		c.typ(old, t)
	}
	for _, old := range slices.Concat(before.Tables, before.Plain, before.Views) {
		if !kept[old] && old.Join == nil {
			c.add("type-removed", old.Name, Breaking, Dangerous, Breaking, "the type was removed; its table remains until it is dropped")
		}
	}
}

func (c *comparison) typ(old, t *schema.Type) {
	if old.Table != t.Table && t.RenamedFrom != old.Name {
		c.add("table-changed", t.Name, Safe, Breaking, Dangerous, "its table changed from %q to %q; existing rows do not move", old.Table, t.Table)
	}
	if o, n := names(old.Key), names(t.Key); o != n {
		c.add("key-changed", t.Name, Breaking, Breaking, Breaking, "its key changed from %s to %s", o, n)
	}
	if old.Description != t.Description {
		c.add("description-changed", t.Name, Safe, Safe, Safe, "its description changed")
	}
	c.fields(old, t)
	c.computed(old, t)
	c.sets(t.Name, "unique", "the unique constraint on", uniques(old), uniques(t), Safe, Dangerous)
	c.sets(t.Name, "check", "the check", checks(old.Checks), checks(t.Checks), Dangerous, Dangerous)
	c.sets(t.Name, "index", "the index on", indexes(old), indexes(t), Safe, Safe)
	c.sets(t.Name, "search", "the search in", searches(old), searches(t), Safe, Safe)
	c.sets(t.Name, "metric", "the metric", metrics(old), metrics(t), Safe, Safe)
	c.sets(t.Name, "event", "the event", events(old), events(t), Safe, Safe)
	c.live(old, t)
	c.shown(t.Name, old.API, t.API)
	c.rules(t.Name, old.Rules, t.Rules)
	c.fresh(t.Name, old.Fresh, t.Fresh)
}

func (c *comparison) fields(old, t *schema.Type) {
	kept := map[*schema.Field]bool{}
	for _, f := range t.Fields {
		path := t.Name + "." + f.Name
		was := old.Field(f.Name)
		if was == nil && f.RenamedFrom != "" {
			if was = old.Field(f.RenamedFrom); was != nil {
				c.add("field-renamed", path, Breaking, Safe, Breaking, "the field was renamed from %q", was.Name)
			}
		}
		if was == nil {
			c.added(path, f)
			continue
		}
		kept[was] = true
		c.field(path, was, f)
	}
	for _, was := range old.Fields {
		if !kept[was] {
			c.removed(t.Name+"."+was.Name, was)
		}
	}
}

func (c *comparison) removed(path string, f *schema.Field) {
	if len(f.Columns()) == 0 {
		c.add("field-removed", path, Breaking, Safe, Breaking, "the field was removed")
		return
	}
	c.add("field-removed", path, Breaking, Dangerous, Breaking, "the field was removed; its column remains until it is dropped")
}

func (c *comparison) added(path string, f *schema.Field) {
	if len(f.Columns()) > 0 && f.Type.NonNull && !f.HasValue() {
		c.add("required-field-added", path, Breaking, Breaking, Breaking, "the field was added and is required; creates must set it, and existing rows have no value")
		return
	}
	c.add("field-added", path, Safe, Safe, Safe, "the field was added")
}

func names(fields []*schema.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return strings.Join(list, ", ")
}
