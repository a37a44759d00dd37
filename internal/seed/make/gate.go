package make

import (
	"regexp"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// gate decides whether a field is null by another field of the row: publishedAt is null as long as the status is DRAFT.
type gate struct {
	by     int            // the column of the other field
	enum   map[string]has // by the label of its value
	filled has            // if it is a flag that is set, or has any other value
	empty  has            // if it is a flag that is not set, or null
}

// mostGated is the number of attempts in which gates decide. After that, a check probably contradicts them.
const mostGated = 30

// says returns whether the field has a value.
func (g *gate) says(r *sample) has {
	d := &r.values[g.by]
	switch {
	case r.attempt >= mostGated:
		return unsaid
	case d.null:
		return g.empty
	case g.enum != nil:
		return g.enum[d.s]
	case r.blueprint.slots[g.by].kind == kindBool && d.i&1 == 0:
		return g.empty
	}
	return g.filled
}

// told is a flag that another field determines.
type told struct {
	*gate
	otherwise generator
}

func (s told) make(r *sample) datum {
	switch s.says(r) {
	case yes:
		return datum{i: 1}
	case no:
		return datum{}
	}
	return s.otherwise.make(r)
}

func (told) operands() []*operand { return nil }

// gates lets statuses and flags decide which of the other fields are null.
func (t *blueprint) gates() {
	for i, m := range t.makers {
		h, e := happeningOf(m.field)
		if !t.canGate(m) {
			continue
		}
		g, by := t.gateFor(m, h, e)
		if t.checkGate(m, &g, &by); g == nil {
			continue
		}
		if slices.Contains(t.makers[by].after, i) || t.after(by)[i] {
			continue
		}
		m.after = append(m.after, by)
		if h == whether {
			m.generator, m.null = told{g, m.generator}, 0
			continue
		}
		m.gate = g
	}
}

// canGate reports whether a field may become null, or is a flag, and nothing else decides about it.
func (t *blueprint) canGate(m *maker) bool {
	_, flag := m.generator.(coin)
	for _, c := range m.slots {
		if h := t.slots[c].hint; h != nil && (h.NotNull || h.Null) {
			return false
		}
	}
	inSet := slices.ContainsFunc(t.sets(), func(u schema.Unique) bool { return slices.Contains(u.Fields, m.field) })
	_, follows := m.generator.(followed)
	constant, fixed := m.generator.(*constant)
	isNull := fixed && constant.null
	mayBeNull := flag || !m.field.Type.NonNull
	decided := t.says(m.field) || inSet || m.steady || follows || isNull
	return mayBeNull && m.filled && !decided
}

// gateFor returns what decides about a field by its name, and its number. It returns nil if nothing does.
func (t *blueprint) gateFor(m *maker, h happening, e event) (*gate, int) {
	if h == nothing {
		return nil, 0
	}
	for _, named := range []bool{true, false} {
		for i, of := range t.makers {
			if enum := of.field.Type.Enum; enum != nil && !of.field.Type.List && isStatus.MatchString(of.field.Name) == named {
				if m := history(enum, e, h); m != nil {
					return &gate{by: of.slots[0], enum: m, empty: no}, i
				}
			}
		}
	}
	for _, other := range []happening{whether, when} {
		for i, of := range t.makers {
			if found, same := happeningOf(of.field); of != m && h != whether && h != other && found == other && same == e && (other != when || !of.field.Type.NonNull) {
				return &gate{by: of.slots[0], filled: yes, empty: no}, i
			}
		}
	}
	return nil, 0
}

var isStatus = regexp.MustCompile(`(?i)(status|state|phase|stage)$`)
