package diff

import "github.com/krowoc/krowoc/internal/schema"

// computed compares the fields that have no column. Models and rows know nothing of them.
func (c *comparison) computed(old, t *schema.Type) {
	for _, f := range t.Computed {
		path, was := t.Name+"."+f.Name, computedField(old, f.Name)
		switch {
		case was == nil:
			c.add("field-added", path, Safe, Safe, Safe, "the computed field was added")
			continue
		case was.Type.String() != f.Type.String() && !renamed(was.Type, f.Type):
			c.add("type-changed", path, Breaking, Safe, Safe, "its type changed from %s to %s", was.Type, f.Type)
		}
		if source(was) != source(f) {
			c.add("computed-changed", path, Dangerous, Safe, Safe, "it is computed by %s in place of %s", source(f), source(was))
		}
		c.shown(path, was.API, f.API)
		c.deprecated(path, was.Deprecated, f.Deprecated)
		if was.Auth || f.Auth {
			c.fieldRules(path, was, f)
		}
		c.fresh(path, was.Fresh, f.Fresh)
	}
	for _, was := range old.Computed {
		if computedField(t, was.Name) == nil && t.Field(was.Name) == nil {
			c.add("field-removed", t.Name+"."+was.Name, Breaking, Safe, Safe, "the computed field was removed")
		}
	}
}

func computedField(t *schema.Type, name string) *schema.Field {
	for _, f := range t.Computed {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func source(f *schema.Field) string {
	if f.Computed.Function != "" {
		return f.Computed.Function
	}
	return f.Computed.Expr
}
