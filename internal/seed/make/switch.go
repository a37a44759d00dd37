package make

import (
	"gopkg.in/yaml.v3"
)

// switched is a value that depends on another field's: {case: status, when: {ERROR: {fake: sentence}}, else: null}.
type switched struct {
	of   *operand
	when map[string]generator
	rest generator
}

func (s switched) make(r *sample) datum {
	d := s.of.value(r)
	if made, ok := s.when[s.of.slot.text(&d)]; ok && !d.null {
		return made.make(r)
	}
	return s.rest.make(r)
}

// sometimes is null with a given probability.
type sometimes struct {
	null float64
	of   generator
}

func (s sometimes) make(r *sample) datum {
	if r.rng.Float64() < s.null {
		return null
	}
	return s.of.make(r)
}

// switched parses the field to switch on, and the generators of the cases.
func (r *Reader) switched(c *slot, arg *yaml.Node, with map[string]*yaml.Node) generator {
	s := switched{of: &operand{node: arg, path: arg.Value}, when: map[string]generator{}, rest: &constant{null: true}}
	branch := func(n *yaml.Node) generator {
		var made rule
		of := r.generator(c, n, &made)
		if made.null > 0 {
			return sometimes{made.null, of}
		}
		return of
	}
	if when := with["when"]; when != nil {
		for _, e := range r.entries(when) {
			s.when[e.Key.Value] = branch(e.Value)
		}
	}
	if len(s.when) == 0 {
		r.fail(arg, "no-source", "write {case: status, when: {ERROR: {fake: sentence}}, else: null}", "when lists no cases, so nothing defines how values are generated")
	}
	switch rest := with["else"]; {
	case rest != nil:
		s.rest = branch(rest)
	case c.field.Type.NonNull:
		r.fail(arg, "required", "add else", "%s.%s is required, but else is missing for the other cases", c.field.Owner.Name, c.field.Name)
	}
	return s
}
