package make

import (
	"regexp"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// Checks decide about nulls before names do. A check over fields with few values and nullable fields is evaluated for all combinations of
// values and nulls: if status != 'FAILED' || error != null, a row that FAILED has an error.

// mostCombinations is the maximum number of combinations for which a check is evaluated.
const mostCombinations = 512

// checkGate adds what checks say of a field to its gate.
func (t *blueprint) checkGate(m *maker, g **gate, by *int) {
	if m.field.Type.NonNull || m.field.Relation != nil {
		return
	}
	for i := range t.checks {
		c := &t.checks[i]
		fields := c.mentioned(t)
		if !slices.Contains(fields, m.field) {
			continue
		}
		for _, f := range fields {
			of := t.makerOf(f)
			if f == m.field || of < 0 || len(finite(f)) == 0 || (*g != nil && t.makers[of].slots[0] != (*g).by) {
				continue
			}
			if said := c.decides(fields, f, m.field); len(said) > 0 {
				*by = of
				*g = (*g).with(f, t.makers[of].slots[0], said)
			}
		}
	}
}

// with adds what a check says by the values of a field. A row that has nothing to say keeps what the gate says.
func (g *gate) with(f *schema.Field, by int, said map[any]has) *gate {
	if g == nil {
		g = &gate{by: by}
		if f.Type.Enum != nil {
			g.enum = map[string]has{}
		}
	}
	for value, has := range said {
		if has == unsaid {
			continue
		}
		switch value := value.(type) {
		case nil:
			g.empty = has
		case bool:
			if g.filled = has; !value {
				g.empty = has
			}
		case string:
			if at := slices.IndexFunc(f.Type.Enum.Values, func(v schema.EnumValue) bool { return v.Name == value }); at >= 0 {
				g.enum[f.Type.Enum.Values[at].Label] = has
			}
		}
	}
	return g
}

// mentioned returns the fields that a check mentions.
func (c *check) mentioned(t *blueprint) (fields []*schema.Field) {
	for _, f := range c.fields {
		if regexp.MustCompile(`\bthis\.` + f.name + `\b`).MatchString(c.source) {
			fields = append(fields, t.typ.Field(f.name))
		}
	}
	return fields
}

// finite returns the values of a field for which checks are evaluated, or nil if it has too many.
func finite(f *schema.Field) (values []any) {
	switch {
	case f.Type.List || f.Relation != nil:
		return nil
	case f.Type.Enum != nil:
		for _, v := range f.Type.Enum.Values {
			values = append(values, v.Name)
		}
	case f.Type.Scalar == schema.Boolean:
		values = []any{true, false}
	default:
		return nil
	}
	if !f.Type.NonNull {
		values = append(values, nil)
	}
	return values
}

// example returns a value of a type for checks that only ask whether there is one.
func example(f *schema.Field) any {
	switch f.Type.Scalar {
	case schema.DateTime, schema.Date:
		return time.Now()
	case schema.Int, schema.Int64:
		return int64(1)
	case schema.Float, schema.Decimal:
		return 1.0
	case schema.String:
		return "some text"
	}
	return nil
}

// domains returns the values of fields for which a check is evaluated, and the number of their combinations; 0 if it cannot be.
func domains(fields []*schema.Field) (list [][]any, total int) {
	total = 1
	for _, f := range fields {
		values := finite(f)
		if values == nil {
			if f.Type.NonNull || f.Type.List || f.Relation != nil || example(f) == nil {
				return nil, 0
			}
			values = []any{nil, example(f)}
		}
		if total *= len(values); total > mostCombinations {
			return nil, 0
		}
		list = append(list, values)
	}
	return list, total
}

// decides returns for each value of one field whether the check requires that another one is null, or that it is not.
func (c *check) decides(fields []*schema.Field, by, of *schema.Field) map[any]has {
	type nulls struct{ null, notNull bool }
	list, total := domains(fields)
	possible := map[any]nulls{}
	for n := range total {
		this := map[string]any{}
		for i, f := range fields {
			this[f.Name] = list[i][n%len(list[i])]
			n /= len(list[i])
		}
		p := possible[this[by.Name]]
		if c.accepts(this) {
			p.null = p.null || this[of.Name] == nil
			p.notNull = p.notNull || this[of.Name] != nil
		}
		possible[this[by.Name]] = p
	}
	said := map[any]has{}
	for value, p := range possible {
		switch {
		case p.null && !p.notNull:
			said[value] = no
		case p.notNull && !p.null:
			said[value] = yes
		}
	}
	return said
}
