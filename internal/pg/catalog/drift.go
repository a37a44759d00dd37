package catalog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What Drift can ignore, besides patterns of objects.
const (
	ignoreGrants   = "grants"
	ignoreOwners   = "owners"
	ignoreComments = "comments"
)

// Drift lists the differences between the database that migrations build and a live one. The default owner of the live database may have
// another name than that of the other one. ignore contains grants, owners and comments, and patterns of objects: a name in the schema public,
// schema.name, a pattern such as audit.*, or any of them after the kind. With grants, only those that no migration makes are ignored.
// Drift may change both catalogs.
func Drift(expected, live *Catalog, ignore []string) []Difference {
	maps.DeleteFunc(expected.Owners, func(_, owner string) bool { return owner == live.Owner })
	for _, c := range []*Catalog{expected, live} { // an owner has every right, granted or not
		eachPart(c, func(_ string, _ *string, grants *[]string) {
			*grants = slices.DeleteFunc(slices.Clone(*grants), func(g string) bool { return strings.HasSuffix(g, " TO "+live.Owner) })
		})
	}
	var patterns []*regexp.Regexp
	for _, what := range ignore {
		switch what {
		case ignoreGrants:
			forgetGrants(expected, live)
		case ignoreOwners:
			expected.Owners, live.Owners = nil, nil
		case ignoreComments:
			eachPart(expected, func(_ string, comment *string, _ *[]string) { *comment = "" })
			eachPart(live, func(_ string, comment *string, _ *[]string) { *comment = "" })
		default:
			patterns = append(patterns, objectPattern(what))
		}
	}
	return slices.DeleteFunc(Compare(expected, live), func(d Difference) bool {
		return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return slices.ContainsFunc(d.names(), p.MatchString) })
	})
}

// GrantsDiffer reports whether objects that both catalogs have differ in their grants, or whether their default privileges differ.
func GrantsDiffer(a, b *Catalog) bool {
	privileges := func(c *Catalog) (list []string) {
		for _, o := range c.Others {
			if o.Kind == defaultPrivileges {
				list = append(list, o.Name+" "+o.Definition)
			}
		}
		return list
	}
	granted := map[string][]string{}
	eachPart(a, func(name string, _ *string, grants *[]string) { granted[name] = *grants })
	differ := !slices.Equal(privileges(a), privileges(b))
	eachPart(b, func(name string, _ *string, grants *[]string) {
		was, known := granted[name]
		differ = differ || (known && !slices.Equal(was, *grants))
	})
	return differ
}

// objectPattern compiles a pattern. An asterisk stands for any text.
func objectPattern(text string) *regexp.Regexp {
	return regexp.MustCompile("^(?s:" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + ")$")
}

// names returns the names by which a pattern may mean an object: with and without the schema public, after its kind, and for a trigger or a
// policy that of its table. A Postgres schema belongs to the pattern of what is in it.
func (d Difference) names() []string {
	names := []string{d.Name}
	if _, table, ok := strings.Cut(d.Name, " on "); ok {
		names = append(names, table)
	}
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, "public."); ok {
			names = append(names, rest)
		}
	}
	for _, name := range names {
		names = append(names, d.Kind+" "+name)
	}
	if d.Kind == "schema" {
		names = append(names, d.Name+".")
	}
	return names
}

// eachPart calls f for the name, comment and grants of every object and column.
func eachPart(c *Catalog, f func(name string, comment *string, grants *[]string)) {
	none := &[]string{}
	for i := range c.Enums {
		e := &c.Enums[i]
		f("enum "+qualified(e.Schema, e.Name), &e.Comment, &e.Grants)
	}
	for i := range c.Tables {
		t := &c.Tables[i]
		f("table "+qualified(t.Schema, t.Name), &t.Comment, &t.Grants)
		for j := range t.Columns {
			f("column "+qualified(t.Schema, t.Name)+"."+t.Columns[j].Name, &t.Columns[j].Comment, &t.Columns[j].Grants)
		}
		for j := range t.Constraints {
			f("constraint "+qualified(t.Schema, t.Name)+"."+t.Constraints[j].Name, &t.Constraints[j].Comment, none)
		}
	}
	for i := range c.Indexes {
		f("index "+qualified(c.Indexes[i].Schema, c.Indexes[i].Name), &c.Indexes[i].Comment, none)
	}
	for i := range c.Sequences {
		s := &c.Sequences[i]
		f("sequence "+qualified(s.Schema, s.Name), &s.Comment, &s.Grants)
	}
	for i := range c.Others {
		o := &c.Others[i]
		f(o.Kind+" "+o.Name, &o.Comment, &o.Grants)
	}
}

// forgetGrants removes the grants that only the live database has, and those of Postgres itself to PUBLIC that only the other one has.
func forgetGrants(expected, live *Catalog) {
	want, has := map[string][]string{}, map[string][]string{}
	eachPart(expected, func(name string, _ *string, grants *[]string) { want[name] = *grants })
	eachPart(live, func(name string, _ *string, grants *[]string) { has[name] = *grants })
	eachPart(live, func(name string, _ *string, grants *[]string) {
		*grants = slices.DeleteFunc(slices.Clone(*grants), func(g string) bool { return !slices.Contains(want[name], g) })
	})
	eachPart(expected, func(name string, _ *string, grants *[]string) {
		*grants = slices.DeleteFunc(slices.Clone(*grants), func(g string) bool { return isDefaultGrant(name, g) && !slices.Contains(has[name], g) })
	})
	live.Others = slices.DeleteFunc(live.Others, func(o Other) bool {
		_, isMade := want[o.Kind+" "+o.Name]
		return o.Kind == defaultPrivileges && !isMade
	})
}

const defaultPrivileges = "default privileges"

// isDefaultGrant reports whether Postgres itself makes a grant for a new object.
func isDefaultGrant(object, grant string) bool {
	kind, _, _ := strings.Cut(object, " ")
	switch kind {
	case "function", "procedure", "aggregate":
		return grant == "EXECUTE TO PUBLIC"
	case "enum", "domain", "composite":
		return grant == "USAGE TO PUBLIC"
	}
	return object == "schema public" && strings.HasSuffix(grant, " TO PUBLIC")
}
