package diff

import "github.com/krowoc/krowoc/internal/schema"

// customs compares the fields that the team adds to Query and Mutation.
func (c *comparison) customs(before, after *schema.Schema) {
	for _, is := range after.Customs {
		was := before.Custom(is.Name, is.Mutation)
		if was == nil {
			c.add("field-added", pathOf(is), Safe, Safe, Safe, "the field was added")
			continue
		}
		c.custom(pathOf(is), was, is)
	}
	for _, was := range before.Customs {
		if after.Custom(was.Name, was.Mutation) == nil {
			c.add("field-removed", pathOf(was), Breaking, Safe, Safe, "the field was removed")
		}
	}
}

func pathOf(c *schema.Custom) string {
	if c.Mutation {
		return "Mutation." + c.Name
	}
	return "Query." + c.Name
}

func (c *comparison) custom(path string, was, is *schema.Custom) {
	if was.Type.String() != is.Type.String() && !renamed(was.Type, is.Type) {
		c.add("type-changed", path, Breaking, Safe, Safe, "its type changed from %s to %s", was.Type, is.Type)
	}
	for _, a := range is.Arguments {
		switch old := was.Argument(a.Name); {
		case old == nil && a.Type.NonNull && a.Default == "":
			c.add("required-argument-added", path, Breaking, Safe, Safe, "the argument %q was added and is required", a.Name)
		case old == nil:
			c.add("argument-added", path, Safe, Safe, Safe, "the argument %q was added", a.Name)
		case old.Type.String() != a.Type.String():
			c.add("argument-changed", path, Breaking, Safe, Safe, "the type of the argument %q changed from %s to %s", a.Name, old.Type, a.Type)
		case old.Default != a.Default:
			c.add("argument-changed", path, Dangerous, Safe, Safe, "the default of the argument %q changed from %s to %s", a.Name, or(old.Default, "none"), or(a.Default, "none"))
		default:
			c.deprecated(path+"."+a.Name, old.Deprecated, a.Deprecated)
		}
	}
	for _, a := range was.Arguments {
		if is.Argument(a.Name) == nil {
			c.add("argument-removed", path, Breaking, Safe, Safe, "the argument %q was removed", a.Name)
		}
	}
	if wasURL, isURL := urlOf(was), urlOf(is); was.Query+was.Function+wasURL != is.Query+is.Function+isURL {
		c.add("computed-changed", path, Dangerous, Safe, Safe, "what answers it changed")
	}
	c.rules(path, was.Rules, is.Rules)
	c.fresh(path, was.Fresh, is.Fresh)
	c.deprecated(path, was.Deprecated, is.Deprecated)
}

// urlOf returns the URL of the service that answers a field, or "".
func urlOf(c *schema.Custom) string {
	if c.HTTP == nil {
		return ""
	}
	return c.HTTP.URL.Text
}
