package make

import (
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// generator parses a generator: a constant, or a mapping with the name of a generator.
func (r *Reader) generator(c *slot, n *yaml.Node, made *rule) generator {
	if n.Kind != yaml.MappingNode {
		return r.constant(c.field, n)
	}
	name, arg, with := r.parts(n)
	if name == nil {
		r.fail(n, "no-source", oneOf(generatorNames), "this does not define how values are generated")
		return &constant{null: true}
	}
	made.null, made.distinct = r.share(with["null"]), with["unique"] != nil && with["unique"].Value == "true"
	if round := with["round"]; round != nil && c.kind == kindNumeric {
		c.scale = min(max(int(r.number(round, 0)), 0), len(pow10)-1)
		made.round = &c.scale
	}
	one := *c
	one.array = false
	s := r.named(&one, name, arg, with)
	if with["length"] != nil && !c.array {
		r.fail(with["length"], "wrong-type", "remove it; the length of text follows @length in the schema", "length applies to a list, and %s.%s is not a list", c.field.Owner.Name, c.field.Name)
	}
	if c.array && name.Value != "value" {
		count := numbers(uniform{1, 3})
		if l := with["length"]; l != nil {
			count = r.some(l, 1000)
		}
		return many{of: s, count: count, distinct: name.Value == "pick" || name.Value == "weights"}
	}
	return s
}

var generatorNames = []string{"between", "case", "exponential", "fake", "lognormal", "normal", "object", "of", "pick", "poisson", "sequence", "template", "value", "weights", "zipf"}

// named parses the generator with a name.
func (r *Reader) named(c *slot, name, arg *yaml.Node, with map[string]*yaml.Node) generator {
	switch name.Value {
	case "value":
		return r.constant(c.field, arg)
	case "pick":
		return r.choice(c, arg, with)
	case "weights":
		return r.weights(c, arg)
	case "fake":
		return r.fake(c, arg)
	case "template":
		return r.template(c, arg)
	case "sequence":
		return counter{start: int64(r.number(arg, 1)), step: 1}
	case "case":
		return r.switched(c, arg, with)
	case "of":
		a := r.arithmetic(arg, with)
		return copied{slot: c, arithmetic: a, plain: a.times == nil && a.plus == nil}
	case "object":
		return r.document(c, arg)
	case "between":
		if c.kind.isTime() {
			return r.moments(c, arg, with)
		}
	}
	d, ok := distributions[name.Value]
	switch {
	case !ok:
		r.fail(name, "unknown-source", oneOf(generatorNames), "there is no source %q", name.Value)
	case !c.kind.isNumber():
		r.fail(name, "wrong-type", "", "%s.%s is %s, but %s generates numbers", c.field.Owner.Name, c.field.Name, c.field.Type.Name(), name.Value)
	default:
		return r.measure(c, name, arg, with, d.args, d.make)
	}
	return &constant{null: true}
}

// measure parses a distribution of numbers, and checks it against the bounds in the schema.
func (r *Reader) measure(c *slot, name, arg *yaml.Node, with map[string]*yaml.Node, args int, make func([]float64) numbers) generator {
	a := r.amounts(arg, args)
	if a == nil {
		return &constant{null: true}
	}
	low, high := c.bounds()
	m := &measure{slot: c, numbers: make(a), low: max(low, r.amountOr(with["min"], low)), high: min(high, r.amountOr(with["max"], high))}
	u, between := m.numbers.(uniform)
	switch {
	case between && u.low > u.high:
		r.fail(arg, "bad-range", "swap them", "the second number is below the first")
	case between && (u.low < low || u.high > high), m.low > m.high:
		r.fail(name, "range", "", "%s.%s must be from %s to %s", c.field.Owner.Name, c.field.Name, short(low), short(high))
	case between && (c.kind == kindInt2 || c.kind == kindInt4 || c.kind == kindInt8):
		return whole{int64(u.low), int64(u.high)}
	}
	return m
}

func short(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func (r *Reader) amountOr(n *yaml.Node, def float64) float64 {
	if n == nil {
		return def
	}
	return r.amount(n)
}

// constant parses a value like in a fixture.
func (r *Reader) constant(f *schema.Field, n *yaml.Node) *constant {
	text, null, ok := r.Value(f, n)
	return &constant{text: text, null: null || !ok}
}

// element returns the field of an element of a list.
func element(c *slot) *schema.Field {
	if !c.field.Type.List {
		return c.field
	}
	f := *c.field
	f.Type.List, f.Constraints.Length = false, nil
	return &f
}

func (r *Reader) choice(c *slot, arg *yaml.Node, with map[string]*yaml.Node) generator {
	s := &choice{}
	if arg.Kind != yaml.SequenceNode || len(arg.Content) == 0 {
		r.fail(arg, "wrong-shape", "write pick: [a, b, c]", "a list of values is expected")
		return &constant{null: true}
	}
	for _, n := range arg.Content {
		s.values = append(s.values, r.constant(element(c), node.Resolve(n)))
	}
	if exponent := r.weighted(with["weighted"]); exponent > 0 {
		s.rank = &zipfian{exponent, uint64(len(s.values) - 1)}
	}
	return s
}

// weighted parses zipf or {zipf: 1.3}. 0 means uniform.
func (r *Reader) weighted(n *yaml.Node) float64 {
	switch {
	case n == nil, n.Value == "even":
		return 0
	case n.Value == "zipf":
		return 1.2
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "zipf":
		return max(r.number(n.Content[1], 1.2), 1.01)
	}
	r.fail(n, "unknown-value", "write zipf, {zipf: 1.3} or even", "%q is not a valid weighting", n.Value)
	return 0
}

func (r *Reader) weights(c *slot, arg *yaml.Node) generator {
	s := &choice{}
	sum := 0.0
	for _, e := range r.entries(arg) {
		weight := r.number(e.Value, 0)
		if weight < 0 {
			r.fail(e.Value, "bad-share", "write a number of at least 0", "%q is not a weight", e.Value.Value)
			weight = 0
		}
		sum += weight
		s.values, s.upTo = append(s.values, r.constant(element(c), node.Resolve(e.Key))), append(s.upTo, sum)
	}
	if sum == 0 {
		r.fail(arg, "wrong-shape", "write weights: {A: 95, B: 5}", "values and their weights are expected")
		return &constant{null: true}
	}
	return s
}
