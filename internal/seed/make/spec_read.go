package make

import (
	"cmp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// Table parses the specification of a type: a mapping with count or per, and fields.
func (r *Reader) Table(typ *schema.Type, at, n *yaml.Node) *Spec {
	s := &Spec{Type: typ, made: map[string]*rule{}}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		s.Count = r.count(n)
		return s
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "wrong-shape", "write "+typ.Name+": 1000, or "+typ.Name+": {count: 1000, …}", "%s needs a count of rows, or a mapping", typ.Table)
		return s
	}
	s.Text = textOf(n)
	for _, e := range r.entries(n) {
		switch e.Key.Value {
		case "count":
			s.Count = r.count(e.Value)
		case "per":
			s.Per = r.per(typ, e.Value)
		case "fields":
			for _, f := range r.entries(e.Value) {
				r.field(s, f)
			}
		default:
			r.field(s, e)
		}
	}
	if (s.Count > 0) == (s.Per != nil) {
		r.fail(at, "no-count", "add count: 1000, or per: {parent: [0, 20]}", "%s needs either count or per, and not both", typ.Table)
	}
	return s
}

// textOf returns the text of a mapping without its count, so that a larger count adds rows to the existing ones.
func textOf(n *yaml.Node) string {
	rest := *n
	rest.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "count" {
			rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
		}
	}
	text, _ := yaml.Marshal(&rest) // a parsed node can be written
	return string(text)
}

func (r *Reader) entries(n *yaml.Node) []node.Entry {
	return node.Entries(n, "a mapping", func(m node.Mistake) { r.Report(Problem(m)) })
}

// mostRows is the maximum count. Larger row numbers are not supported.
const mostRows = 10_000_000_000

// ParseRows parses a number of rows: 1000, 1_000_000.
func ParseRows(text string) (int64, bool) {
	plain, whole, _ := node.Number(text)
	count, err := strconv.ParseInt(strings.TrimPrefix(plain, "+"), 10, 64)
	return count, err == nil && whole && count > 0 && count <= mostRows
}

func (r *Reader) count(n *yaml.Node) int64 {
	count, ok := ParseRows(n.Value)
	if !ok {
		r.fail(n, "bad-count", "write a whole number, as in 1_000_000", "%q is not a number of rows", n.Value)
		return 1
	}
	return count
}

// per parses {parent: count}. The count is a number, a range or a distribution.
func (r *Reader) per(typ *schema.Type, n *yaml.Node) *Per {
	list := r.entries(n)
	if len(list) != 1 {
		r.fail(n, "wrong-shape", "write per: {parent: [0, 20]}", "per must name exactly one reference")
		return &Per{}
	}
	f := typ.Field(list[0].Key.Value)
	if f == nil || f.Relation == nil || f.Relation.Kind != schema.RefOne {
		r.fail(list[0].Key, "unknown-field", oneOf(references(typ)), "%s has no reference %q", typ.Name, list[0].Key.Value)
		return &Per{}
	}
	return &Per{Field: f, count: r.some(list[0].Value, mostRows)}
}

func references(typ *schema.Type) (names []string) {
	for _, f := range typ.Fields {
		if f.Relation != nil && f.Relation.Kind == schema.RefOne {
			names = append(names, f.Name)
		}
	}
	return names
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "there are: " + strings.Join(names, ", ")
}

// field parses the rule of a field.
func (r *Reader) field(s *Spec, e node.Entry) {
	f := s.Type.Field(e.Key.Value)
	switch {
	case f == nil:
		r.fail(e.Key, "unknown-field", oneOf(madeFields(s.Type)), "%s has no field %q", s.Type.Name, e.Key.Value)
		return
	case len(f.Columns()) == 0 || f.ReadOnly():
		r.fail(e.Key, "not-stored", "remove it", "%s.%s is not stored, or the database generates it", s.Type.Name, f.Name)
		return
	}
	made := &rule{node: e.Value}
	if f.Relation != nil {
		made.pick = r.pick(f, e.Value, made)
	} else {
		made.generator = r.generator(newSlot(f), e.Value, made)
	}
	if made.null > 0 && f.Type.NonNull {
		r.fail(e.Value, "required", "remove null", "%s.%s is required and cannot be null", s.Type.Name, f.Name)
	}
	s.made[f.Name] = made
}

// madeFields returns the fields that can be specified.
func madeFields(typ *schema.Type) (names []string) {
	for _, f := range typ.Fields {
		if len(f.Columns()) > 0 && !f.ReadOnly() {
			names = append(names, f.Name)
		}
	}
	return names
}

// modifiers are the keys that are allowed in addition to the generator.
var modifiers = map[string]bool{"null": true, "min": true, "max": true, "round": true, "weighted": true, "daily": true, "weekly": true,
	"trend": true, "plus": true, "times": true, "unique": true, "length": true, "when": true, "else": true}

// parts splits a mapping into the key of the generator and the modifiers.
func (r *Reader) parts(n *yaml.Node) (name, arg *yaml.Node, with map[string]*yaml.Node) {
	with = map[string]*yaml.Node{}
	for _, e := range r.entries(n) {
		switch {
		case modifiers[e.Key.Value]:
			with[e.Key.Value] = e.Value
		case name != nil:
			r.fail(e.Key, "two-sources", "keep one of them", "%q and %q both define how the values are generated", name.Value, e.Key.Value)
		default:
			name, arg = e.Key, e.Value
		}
	}
	return name, arg, with
}

// share parses a number from 0 to 1.
func (r *Reader) share(n *yaml.Node) float64 {
	if n == nil {
		return 0
	}
	plain, _, remedy := node.Number(n.Value)
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || f < 0 || f > 1 {
		r.fail(n, "bad-share", cmp.Or(remedy, "write a number from 0 to 1, as in 0.2"), "%q is not a share", n.Value)
	}
	return f
}

// number parses a number. It returns def without a node.
func (r *Reader) number(n *yaml.Node, def float64) float64 {
	if n == nil {
		return def
	}
	plain, _, remedy := node.Number(n.Value)
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || n.Kind != yaml.ScalarNode {
		r.fail(n, "wrong-type", cmp.Or(remedy, "write a number"), "%q is not a number", n.Value)
		return def
	}
	return f
}
