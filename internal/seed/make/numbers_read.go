package make

import (
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// distributions are the generators that draw numbers from their arguments.
var distributions = map[string]struct {
	args int
	make func(a []float64) numbers
}{
	"between":     {2, func(a []float64) numbers { return uniform{a[0], a[1]} }},
	"normal":      {2, func(a []float64) numbers { return normal{a[0], a[1]} }},
	"lognormal":   {2, func(a []float64) numbers { return lognormal{a[0], a[1]} }},
	"exponential": {1, func(a []float64) numbers { return exponential{a[0]} }},
	"poisson":     {1, func(a []float64) numbers { return poisson{a[0]} }},
	"zipf":        {2, func(a []float64) numbers { return zipfian{max(a[0], 1.01), uint64(max(a[1], 1))} }},
}

// numbers parses a distribution: 5, [0, 20], {normal: [10, 3]}, {of: field, times: 2}. A text is a duration, which becomes seconds.
func (r *Reader) numbers(n *yaml.Node) numbers {
	switch n.Kind {
	case yaml.ScalarNode:
		return fixed(r.amount(n))
	case yaml.SequenceNode:
		if a := r.amounts(n, 2); a != nil {
			return uniform{a[0], a[1]}
		}
		return fixed(0)
	}
	name, arg, with := r.parts(n)
	if name == nil {
		r.fail(n, "no-source", "", "a number, a range [0, 20] or a distribution such as {normal: [10, 3]} is expected")
		return fixed(0)
	}
	if name.Value == "of" {
		return r.arithmetic(arg, with)
	}
	d, ok := distributions[name.Value]
	if !ok {
		r.fail(name, "unknown-source", "there are: between, exponential, lognormal, normal, of, poisson, zipf", "there is no distribution %q", name.Value)
		return fixed(0)
	}
	if a := r.amounts(arg, d.args); a != nil {
		return d.make(a)
	}
	return fixed(0)
}

// some parses a count, which is a distribution. A number or a range is limited to sensible values.
func (r *Reader) some(n *yaml.Node, most float64) numbers {
	made := r.numbers(n)
	low, high := 0.0, 0.0
	switch made := made.(type) {
	case fixed:
		low, high = float64(made), float64(made)
	case uniform:
		low, high = made.low, made.high
	}
	if low < 0 || high < low || high > most {
		r.fail(n, "range", "", "expected a number from 0 to %s, or two of them, the smaller first", short(most))
	}
	return made
}

func (r *Reader) arithmetic(arg *yaml.Node, with map[string]*yaml.Node) arithmetic {
	a := arithmetic{of: &operand{node: arg, path: arg.Value}}
	if n := with["times"]; n != nil {
		a.times = r.numbers(n)
	}
	if n := with["plus"]; n != nil {
		a.plus = r.numbers(n)
	}
	return a
}

// amounts parses a given count of numbers. It returns nil after a mistake.
func (r *Reader) amounts(n *yaml.Node, want int) []float64 {
	nodes := n.Content
	if n.Kind == yaml.ScalarNode {
		nodes = []*yaml.Node{n}
	}
	if len(nodes) != want || n.Kind == yaml.MappingNode {
		if want == 1 {
			r.fail(n, "wrong-shape", "", "one number is expected here")
		} else {
			r.fail(n, "wrong-shape", "", "two numbers are expected here, as in [1, 10]")
		}
		return nil
	}
	a := make([]float64, want)
	for i, item := range nodes {
		a[i] = r.amount(node.Resolve(item))
	}
	return a
}

// amount parses a number, or a duration as seconds.
func (r *Reader) amount(n *yaml.Node) float64 {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		if d, ok := ParseSpan(n.Value); ok {
			return d.Seconds()
		}
	}
	return r.number(n, 0)
}
