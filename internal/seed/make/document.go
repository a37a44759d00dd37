package make

import (
	"encoding/json"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// jsonField returns a column for a part of a document.
func jsonField(c *slot, scalar schema.Scalar) *slot {
	f := &schema.Field{Name: c.field.Name, Owner: c.field.Owner, Type: schema.FieldType{Scalar: scalar}}
	return newSlot(f)
}

// document parses {object: {name: generator}}. The type of each part follows from its generator.
func (r *Reader) document(c *slot, arg *yaml.Node) generator {
	s := document{}
	if c.kind != kindJSONB && c.field.Type.Scalar != schema.JSON {
		r.fail(arg, "wrong-type", "", "%s.%s is %s, but object generates JSON", c.field.Owner.Name, c.field.Name, c.field.Type.Name())
		return &constant{null: true}
	}
	for _, e := range r.entries(arg) {
		part := jsonField(c, partType(e.Value))
		s.names, s.slots = append(s.names, e.Key.Value), append(s.slots, part)
		s.values = append(s.values, r.generator(part, e.Value, &rule{}))
	}
	return s
}

// partType returns the type of a part of a document.
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

func (s document) make(r *sample) datum {
	object := make(map[string]any, len(s.names))
	for i, name := range s.names {
		d := s.values[i].make(r)
		object[name] = s.slots[i].native(&d)
	}
	text, err := json.Marshal(object)
	if err != nil {
		return null
	}
	return datum{s: string(text)}
}
