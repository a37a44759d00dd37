package generate

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// source makes the values of a field.
type source interface{ make(r *row) datum }

// row is the row that is being made.
type row struct {
	table   *table
	number  int64 // from 0
	attempt int   // at a row that keeps the checks and is unlike the others
	values  []datum
	parents []int64 // by field: which row of the table that it refers to; -1 for none
	rng     *stream
	faker   *gofakeit.Faker
	this    map[string]any  // for checks
	others  map[*table]*row // to make rows of other tables again
}

type (
	// constant is always the same.
	constant struct {
		text string
		null bool
		d    datum // once Postgres has read the text
	}
	// choice is one of some, each with its weight.
	choice struct {
		values []*constant
		upTo   []float64 // the sum of weights up to each
		rank   *zipfian  // in place of weights
	}
	// measure is a number from a distribution, drawn again while it is out of bounds.
	measure struct {
		column    *column
		numbers   numbers
		low, high float64
	}
	// whole is a whole number between two, both as likely as the rest.
	whole struct{ low, high int64 }
	// faked is a text of gofakeit's.
	faked struct {
		make1    func(f *gofakeit.Faker) string
		longest  int
		shortest int
	}
	// counter counts up.
	counter struct{ start, step int64 }
	// copied is another field's value, or that with something added.
	copied struct {
		column *column
		arithmetic
		plain bool // with nothing added
	}
	// many is a list.
	many struct {
		of       source
		count    numbers
		distinct bool
	}
	// document is a JSON object.
	document struct {
		names   []string
		columns []*column
		values  []source
	}
	// randomUUID is 122 bits.
	randomUUID struct{}
	// coin is true as often as its share says.
	coin struct{ share float64 }
	// octets are bytes.
	octets struct{ low, high int }
	// coordinates are a vector of length 1.
	coordinates struct{ n int }
)

func (s *constant) make(*row) datum {
	if s.null {
		return null
	}
	return s.d
}

func (s *choice) make(r *row) datum { return s.values[s.index(r)].d }

func (s *choice) index(r *row) int {
	if s.rank != nil {
		return min(int(s.rank.draw(r)), len(s.values)-1)
	}
	if s.upTo == nil {
		return r.rng.IntN(len(s.values))
	}
	return min(sort.SearchFloat64s(s.upTo, r.rng.Float64()*s.upTo[len(s.upTo)-1]), len(s.values)-1)
}

func (s *measure) make(r *row) datum {
	f := s.numbers.draw(r)
	for n := 0; (f < s.low || f > s.high) && n < 32; n++ {
		f = s.numbers.draw(r)
	}
	return s.column.datum(min(max(f, s.low), s.high))
}

func (s whole) make(r *row) datum { return datum{i: s.low + r.rng.Int64N(s.high-s.low+1)} }

func (s faked) make(r *row) datum {
	text := s.make1(r.faker)
	for n := 0; s.longest > 0 && len(text) > s.longest && n < 8; n++ {
		text = s.make1(r.faker)
	}
	return datum{s: fit(text, s.shortest, s.longest)}
}

// fit makes a text as long as it has to be.
func fit(text string, shortest, longest int) string {
	if runes := []rune(text); longest > 0 && len(runes) > longest {
		text = strings.TrimRight(string(runes[:longest]), " -._") // what a word, a slug or an address does not end with
	}
	for n := len([]rune(text)); n < shortest; n++ {
		text += string(rune('a' + n%26))
	}
	return text
}

func (s counter) make(r *row) datum { return datum{i: s.start + s.step*r.number} }

func (s copied) make(r *row) datum {
	d := s.of.value(r)
	if d.null || s.plain && s.column.kind == s.of.column.kind && (d.raw || s.column.scale == s.of.column.scale) {
		return d
	}
	if s.plain && s.column.kind == kindText {
		return datum{s: s.of.column.text(&d)}
	}
	times, plus := s.apply(r)
	if s.column.kind.isTime() && s.of.column.kind.isTime() { // to the microsecond
		d = datum{i: d.i + s.column.datum(plus).i}
		if s.column.kind == kindDate {
			d.i -= floorMod(d.i, microsPerDay)
		}
		return d
	}
	return s.column.datum(s.of.column.number(d, times, plus))
}

func (s many) make(r *row) datum {
	n := int(countOf(s.count, r))
	list := make([]datum, 0, n)
	for tries := 0; len(list) < n && tries < 20*n; tries++ {
		d := s.of.make(r)
		if s.distinct && slices.ContainsFunc(list, func(e datum) bool { return e.s == d.s && e.i == d.i && e.id == d.id }) {
			continue
		}
		list = append(list, d)
	}
	return datum{list: list}
}

func (s document) make(r *row) datum {
	object := make(map[string]any, len(s.names))
	for i, name := range s.names {
		d := s.values[i].make(r)
		object[name] = s.columns[i].native(&d)
	}
	text, err := json.Marshal(object)
	if err != nil {
		return null
	}
	return datum{s: string(text)}
}

func (randomUUID) make(r *row) datum {
	return datum{id: uuidOf(r.rng.Uint64(), r.rng.Uint64(), 4)}
}

func (s coin) make(r *row) datum {
	if r.rng.Float64() < s.share {
		return datum{i: 1}
	}
	return datum{}
}

func (s octets) make(r *row) datum {
	b := make([]byte, s.low+r.rng.IntN(s.high-s.low+1))
	for i := range b {
		b[i] = byte(r.rng.Uint64())
	}
	return datum{s: string(b)}
}

// source reads how a value is made: a constant, or a mapping with the name of a source.
func (r *Reader) source(c *column, n *yaml.Node, made *recipe) source {
	if n.Kind != yaml.MappingNode {
		return r.constant(c.field, n)
	}
	name, arg, with := r.parts(n)
	if name == nil {
		r.fail(n, "no-source", oneOf(sourceNames), "nothing here says how the values are made")
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
	if c.array && name.Value != "value" {
		count := numbers(uniform{1, 3})
		if l := with["length"]; l != nil {
			count = r.numbers(l)
		}
		return many{of: s, count: count, distinct: name.Value == "pick" || name.Value == "weights"}
	}
	return s
}

var sourceNames = []string{"between", "case", "exponential", "fake", "lognormal", "normal", "object", "of", "pick", "poisson", "sequence", "template", "value", "weights", "zipf"}

// named reads the source of that name.
func (r *Reader) named(c *column, name, arg *yaml.Node, with map[string]*yaml.Node) source {
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
		return copied{column: c, arithmetic: a, plain: a.times == nil && a.plus == nil}
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
		r.fail(name, "unknown-source", oneOf(sourceNames), "there is no source %q", name.Value)
	case !c.kind.isNumber():
		r.fail(name, "wrong-type", "", "%s.%s is %s, and %s makes numbers", c.field.Owner.Name, c.field.Name, c.field.Type.Name(), name.Value)
	default:
		return r.measure(c, name, arg, with, d.args, d.make)
	}
	return &constant{null: true}
}

// measure reads a distribution of numbers, and holds it against the bounds of the schema.
func (r *Reader) measure(c *column, name, arg *yaml.Node, with map[string]*yaml.Node, args int, make func([]float64) numbers) source {
	a := r.amounts(arg, args)
	if a == nil {
		return &constant{null: true}
	}
	low, high := c.bounds()
	m := &measure{column: c, numbers: make(a), low: max(low, r.amountOr(with["min"], low)), high: min(high, r.amountOr(with["max"], high))}
	u, between := m.numbers.(uniform)
	switch {
	case between && u.low > u.high:
		r.fail(arg, "bad-range", "exchange them", "the second number is below the first")
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

// constant reads a value as a fixture has it.
func (r *Reader) constant(f *schema.Field, n *yaml.Node) *constant {
	text, null, ok := r.Value(f, n)
	return &constant{text: text, null: null || !ok}
}

// element is the field as one element of its list.
func element(c *column) *schema.Field {
	if !c.field.Type.List {
		return c.field
	}
	f := *c.field
	f.Type.List, f.Constraints.Length = false, nil
	return &f
}

func (r *Reader) choice(c *column, arg *yaml.Node, with map[string]*yaml.Node) source {
	s := &choice{}
	if arg.Kind != yaml.SequenceNode || len(arg.Content) == 0 {
		r.fail(arg, "wrong-shape", "write pick: [a, b, c]", "a list of values is expected")
		return &constant{null: true}
	}
	for _, n := range arg.Content {
		s.values = append(s.values, r.constant(element(c), resolve(n)))
	}
	if exponent := r.weighted(with["weighted"]); exponent > 0 {
		s.rank = &zipfian{exponent, uint64(len(s.values) - 1)}
	}
	return s
}

// weighted reads zipf, or {zipf: 1.3}; 0 is even.
func (r *Reader) weighted(n *yaml.Node) float64 {
	switch {
	case n == nil, n.Value == "even":
		return 0
	case n.Value == "zipf":
		return 1.2
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "zipf":
		return max(r.number(n.Content[1], 1.2), 1.01)
	}
	r.fail(n, "unknown-value", "write zipf, {zipf: 1.3} or even", "%q is no way to weigh", n.Value)
	return 0
}

func (r *Reader) weights(c *column, arg *yaml.Node) source {
	s := &choice{}
	sum := 0.0
	for _, e := range r.entries(arg) {
		weight := r.number(e.value, 0)
		if weight < 0 {
			r.fail(e.value, "bad-share", "write a number that is not below 0", "%q is no weight", e.value.Value)
			weight = 0
		}
		sum += weight
		s.values, s.upTo = append(s.values, r.constant(element(c), resolve(e.key))), append(s.upTo, sum)
	}
	if sum == 0 {
		r.fail(arg, "wrong-shape", "write weights: {A: 95, B: 5}", "values and their weights are expected")
		return &constant{null: true}
	}
	return s
}

// jsonField is a field of any JSON, for the parts of a document.
func jsonField(c *column, scalar schema.Scalar) *column {
	f := &schema.Field{Name: c.field.Name, Owner: c.field.Owner, Type: schema.FieldType{Scalar: scalar}}
	return newColumn(f)
}

// document reads {object: {name: source}}. The type of each part follows from its source.
func (r *Reader) document(c *column, arg *yaml.Node) source {
	s := document{}
	if c.kind != kindJSONB && c.field.Type.Scalar != schema.JSON {
		r.fail(arg, "wrong-type", "", "%s.%s is %s, and object makes JSON", c.field.Owner.Name, c.field.Name, c.field.Type.Name())
		return &constant{null: true}
	}
	for _, e := range r.entries(arg) {
		part := jsonField(c, partType(e.value))
		s.names, s.columns = append(s.names, e.key.Value), append(s.columns, part)
		s.values = append(s.values, r.source(part, e.value, &recipe{}))
	}
	return s
}

// partType is the type of a part of a document.
func partType(n *yaml.Node) schema.Scalar {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			arg := n.Content[i+1]
			switch n.Content[i].Value {
			case "between", "normal", "lognormal", "exponential":
				if len(arg.Content) == 2 && arg.Content[0].ShortTag() == "!!int" && arg.Content[1].ShortTag() == "!!int" && n.Content[i].Value == "between" {
					return schema.Int64
				}
				return schema.Float
			case "poisson", "zipf", "sequence":
				return schema.Int64
			case "fake", "template":
				return schema.String
			case "object", "value", "pick", "weights":
				return schema.JSON
			}
		}
	}
	return schema.JSON
}

// native is a value as encoding/json and CEL take it.
func (c *column) native(d *datum) any {
	if d.null {
		return nil
	}
	switch c.kind {
	case kindInt2, kindInt4, kindInt8:
		return d.i
	case kindFloat4, kindFloat8:
		return d.f
	case kindNumeric:
		return float64(d.i) / pow10[c.scale]
	case kindBool:
		return d.i&1 == 1
	case kindJSONB:
		return json.RawMessage(d.s)
	}
	return c.text(d)
}

func formatUUID(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
