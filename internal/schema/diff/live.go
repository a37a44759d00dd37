package diff

import "github.com/krowoc/krowoc/internal/schema"

// live compares whether clients can subscribe to a type.
func (c *comparison) live(old, t *schema.Type) {
	switch {
	case old.Live && !t.Live:
		c.add("live-removed", t.Name, Breaking, Safe, Safe, "clients can no longer subscribe to it (@live)")
	case !old.Live && t.Live:
		c.add("live-added", t.Name, Safe, Safe, Safe, "clients can subscribe to it (@live); triggers note changes of its rows")
	}
}
