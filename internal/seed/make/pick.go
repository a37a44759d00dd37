package make

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// pick chooses the row that a reference refers to.
type pick struct {
	field    *schema.Field
	names    []*yaml.Node // of fixture rows, $table.row; empty for any row of the table
	exponent float64      // of a Zipf distribution over the rows; 0 means uniform
	of       *operand     // a field with the key of a row, instead of a choice
	nothing  bool         // always null
	required bool         // never null: the first row of a table may have to refer to itself

	universe *universe // the rows of the table
	only     []int64   // the numbers of the named rows
	rank     *zipfian
	salt     uint64

	demands  []*demand // of other references of the row; those for the row itself come first
	locates  bool      // others use columns of its row, also if the key comes from another reference
	index    grouping  // of the rows by their keys
	narrowed narrowed  // the rows to choose from
}

// pick parses how to fill a reference: $table, $table.row, a list of rows, {pick: …}, {of: field} or null.
func (r *Reader) pick(f *schema.Field, n *yaml.Node, made *rule) *pick {
	p := &pick{field: f}
	if n.Kind == yaml.MappingNode {
		name, arg, with := r.parts(n)
		made.null, made.distinct = r.share(with["null"]), with["unique"] != nil && with["unique"].Value == "true"
		p.exponent = r.weighted(with["weighted"])
		switch {
		case name == nil:
			p.named(r, n, []*yaml.Node{{Kind: yaml.ScalarNode, Value: "$" + f.Relation.Target.Table}})
			return p
		case name.Value == "of":
			p.of = &operand{node: arg, path: arg.Value}
			return p
		case name.Value != "pick":
			r.fail(name, "unknown-source", "there are: pick, of", "%s.%s is a reference, which %q cannot generate", f.Owner.Name, f.Name, name.Value)
			return p
		}
		n = arg
	}
	switch {
	case n.Kind == yaml.SequenceNode:
		p.named(r, n, n.Content)
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		p.nothing = true
		if f.Type.NonNull {
			r.fail(n, "required", "", "%s.%s is required and cannot be null", f.Owner.Name, f.Name)
		}
	default:
		p.named(r, n, []*yaml.Node{n})
	}
	return p
}

// named parses the rows to pick from.
func (p *pick) named(r *Reader, at *yaml.Node, nodes []*yaml.Node) {
	target := p.field.Relation.Target
	for _, n := range nodes {
		n = node.Resolve(n)
		ref, ok := strings.CutPrefix(n.Value, "$")
		blueprint, sample, named := strings.Cut(ref, ".")
		switch {
		case !ok || n.Kind != yaml.ScalarNode:
			r.fail(n, "wrong-type", "write $"+target.Table+" for any row, or $"+target.Table+".row", "%s.%s refers to a row of %s", p.field.Owner.Name, p.field.Name, target.Table)
		case blueprint != target.Table && blueprint != target.Name:
			r.fail(n, "wrong-type", "write $"+target.Table, "%s.%s refers to a row of %s, not of %s", p.field.Owner.Name, p.field.Name, target.Table, blueprint)
		case named && sample != "":
			if missing := r.Missing(target.Table, sample); missing != nil {
				missing.Node = n
				r.Report(*missing)
			}
			p.names = append(p.names, n)
		case len(nodes) > 1:
			r.fail(at, "wrong-shape", "write $"+target.Table+" alone", "$%s already means all rows", target.Table)
		}
	}
}

// A reference leads to no row, or to the row that contains it.
const (
	noRow  = -1
	itself = -2
)

// choose returns the number of a row in its universe, or noRow. In the same table, it chooses an earlier row. If the reference is required
// and no earlier row is left, it chooses the row itself, whose key is made first.
func (p *pick) choose(r *sample) int64 {
	n, same := p.universe.here(), p.universe.blueprint == r.blueprint
	if same && !r.blueprint.judged() {
		n = p.universe.existing + r.number - p.universe.first()
	}
	if p.only != nil {
		n = int64(len(p.only))
	}
	switch {
	case p.nothing:
		return noRow
	case p.required && same && (n == 0 || r.attempt >= chances/2) && p.only == nil:
		return itself
	case n == 0:
		return noRow
	}
	var at int64
	switch list, narrow := p.rows(); {
	case narrow:
		return list[r.rng.IntN(len(list))]
	case p.rank != nil:
		rank := *p.rank
		rank.most = uint64(n - 1) //nolint:gosec // n is positive
		at = newShuffle(n, p.salt).at(min(int64(rank.draw(r)), n-1))
	default:
		at = r.rng.Int64N(n)
	}
	if p.only != nil {
		return p.only[at]
	}
	return at
}

// operand is another field of the row, or a field of a row that it refers to: startedAt, prompt.owner.
type operand struct {
	node   *yaml.Node
	path   string
	field  *schema.Field
	slot   *slot // its column
	at     int   // the column in the row, or in the universe of the parent
	parent int   // the number of the reference, -1 for the row itself
	many   []int // all columns, for a reference
}

// leadsTo reports whether the operand has the keys of a type.
func (o *operand) leadsTo(typ *schema.Type) bool {
	if o.field.Relation != nil {
		return o.field.Relation.Target == typ
	}
	return o.field.Owner == typ && len(typ.Key) == 1 && typ.Key[0] == o.field
}

// value returns the value of the operand.
func (o *operand) value(r *sample) datum { return o.valueAt(r, o.at) }

func (o *operand) valueAt(r *sample, at int) datum {
	if o.parent < 0 {
		return r.values[at]
	}
	number := r.parents[o.parent]
	if number < 0 {
		return null
	}
	return r.blueprint.makers[o.parent].pick.universe.value(r, number, at)
}
