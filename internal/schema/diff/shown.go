package diff

import "github.com/krowoc/krowoc/internal/schema"

// shown compares how the API shows a type or a field (@api). The data and the models stay as they are.
func (c *comparison) shown(path string, was, is schema.Shown) {
	if was.Name != is.Name || was.Plural != is.Plural {
		c.add("api-name-changed", path, Breaking, Safe, Safe, "its name in the API changed from %s to %s", apiNames(was), apiNames(is))
	}
	for _, op := range schema.Operations {
		switch {
		case is.Hides(op) && !was.Hides(op):
			c.add("api-hidden", path, Breaking, Safe, Safe, "the API does not have it any more for %s", op)
		case was.Hides(op) && !is.Hides(op):
			c.add("api-shown", path, Safe, Safe, Safe, "the API now has it for %s", op)
		}
	}
}

func apiNames(s schema.Shown) string {
	name := or(s.Name, "the default")
	if s.Plural != "" {
		name += " and " + s.Plural
	}
	return name
}
