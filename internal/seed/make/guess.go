package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// guess returns how to fill an unspecified field. It uses the constraints, the name and the type of the field, in this order.
func (t *blueprint) guess(f *schema.Field) *rule {
	made := &rule{}
	if !f.Type.NonNull {
		made.null = 0.1
	}
	if f.Relation != nil {
		made.pick = &pick{field: f}
		if f.Relation.Target == t.typ && !f.Type.NonNull {
			made.null = 0.3
		}
		if slots := t.slotsOf(f); len(slots) == 1 {
			t.slots[slots[0]].nullness(made)
		}
		return made
	}
	c := t.slots[t.index[f.Column]]
	c.nullness(made)
	one := *c
	if c.array {
		one.array, one.hint = false, c.elemHint
	}
	made.generator = t.guessOne(&one, made)
	if c.array {
		made.generator = many{of: made.generator, count: c.elements(), distinct: true}
	}
	return made
}

// elements returns how many elements a list gets.
func (c *slot) elements() uniform {
	low, high := 0.0, 4.0
	if h := c.hint; h != nil {
		low = float64(h.MinLength)
		if high = low + 4; h.MaxLength > 0 {
			high = min(high, float64(h.MaxLength))
		}
	}
	if l := c.field.Constraints.Length; l != nil {
		if l.Min != nil {
			low, high = float64(*l.Min), float64(*l.Min+4)
		}
		if l.Max != nil {
			high = min(high, float64(*l.Max))
		}
	}
	return uniform{low, high}
}

// guessOne is guess for one value.
func (t *blueprint) guessOne(c *slot, made *rule) generator {
	f := c.field
	if c.hint != nil {
		if s := t.hinted(c); s != nil {
			return s
		}
	}
	switch {
	case f.Type.Enum != nil:
		return enumGenerator(c)
	case c.base == "json":
		return jsonGenerator(f)
	}
	switch c.kind {
	case kindUUID:
		return randomUUID{}
	case kindText:
		if s := t.fromNames(c); s != nil {
			return s
		}
		return textGenerator(c, made)
	case kindJSONB:
		return jsonGenerator(f)
	case kindBool:
		share := 0.5
		if d, ok := defaultValue(f).(bool); ok {
			share = 0.2
			if d {
				share = 0.8
			}
		}
		return coin{share}
	case kindDate, kindTimestamp:
		return t.timeGenerator(c, made)
	case kindVector:
		return coordinates{max(c.most, 3)}
	}
	if c.kind.isNumber() {
		return numberGenerator(c)
	}
	return &constant{null: true}
}

func defaultValue(f *schema.Field) any {
	if f.Default == nil {
		return nil
	}
	return f.Default.Value
}

// enumGenerator chooses among all values. The default is as frequent as all others together.
func enumGenerator(c *slot) generator {
	f, s := c.field, &choice{}
	var all []string
	for _, v := range f.Type.Enum.Values {
		all = append(all, v.Name)
	}
	names := c.allowed(all)
	if len(names) == 0 {
		names = all
	}
	sum, usual := 0.0, defaultValue(f)
	for _, v := range f.Type.Enum.Values {
		if !slices.Contains(names, v.Name) {
			continue
		}
		weight := 1.0
		if v.Name == usual {
			weight = max(1, float64(len(f.Type.Enum.Values)-1))
		}
		sum += weight
		s.values = append(s.values, &constant{text: v.Label, d: datum{s: v.Label}})
		s.upTo = append(s.upTo, sum)
	}
	return s
}

func jsonGenerator(f *schema.Field) generator {
	if f.Default == nil || f.Default.Value == nil {
		return &constant{d: datum{s: "{}"}, text: "{}"}
	}
	return &constant{d: datum{s: jsonText(f.Default.Value)}, text: jsonText(f.Default.Value)}
}
