package make

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/krowoc/krowoc/internal/pg/hint"
)

// documents are different JSON values, for a column whose check only Postgres can evaluate.
var documents = []string{`{}`, `{"name": "value"}`, `{"number": 1}`, `[]`, `[1, 2]`, `"text"`, `1`, `true`, `{"list": [{"name": "value"}]}`}

// hinted returns a generator for the hint of a column, or nil if the usual one can follow it.
func (t *blueprint) hinted(c *slot) generator {
	h := c.hint
	if len(h.Any) > 0 {
		var list []generator
		for _, one := range h.Any {
			rest, branch := *h, *c
			rest.Any = nil
			branch.hint = rest.With(one)
			list = append(list, t.guessOne(&branch, &rule{}))
		}
		return anyOf{list}
	}
	values := h.Values
	if values == nil && (c.kind == kindJSONB || c.base == "json") {
		values = documents
	}
	if values = c.allowed(values); len(values) == 0 {
		return nil
	}
	return choiceOf(c, values)
}

// allowed leaves out the values that the hint does not allow.
func (c *slot) allowed(values []string) []string {
	if c.hint == nil {
		return values
	}
	list := slices.DeleteFunc(slices.Clone(values), func(text string) bool { return slices.Contains(c.hint.Not, text) })
	if c.hint.Values != nil {
		list = slices.DeleteFunc(list, func(text string) bool { return !slices.Contains(c.hint.Values, text) })
	}
	return list
}

// choiceOf returns a choice among values in the text format of Postgres.
func choiceOf(c *slot, values []string) *choice {
	s := &choice{}
	for _, text := range values {
		v := &constant{text: text}
		switch {
		case c.kind == kindText || c.kind == kindJSONB:
			v.d.s = text
		case c.kind == kindBool:
			v.d.i = map[string]int64{"true": 1, "t": 1}[text]
		case c.kind.isNumber():
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				v.d = c.datum(f)
			}
		}
		s.values = append(s.values, v)
	}
	return s
}

// anyOf is one of several generators.
type anyOf struct{ list []generator }

func (s anyOf) make(r *sample) datum { return s.list[r.rng.IntN(len(s.list))].make(r) }

func (s anyOf) operands() (list []*operand) {
	for _, of := range s.list {
		list = append(list, of.operands()...)
	}
	return list
}

// nullness applies what the hint says of nulls.
func (c *slot) nullness(made *rule) {
	h := c.hint
	switch {
	case h == nil || made.null == 0: // the field is required
	case h.NotNull:
		made.null = 0
	case h.Null:
		made.null = 1
	case h.Nullness:
		made.null = 0.5
	}
}

// mustMixNulls reports whether other constraints decide whether the value is null.
func (c *slot) mustMixNulls() bool { return c.hint != nil && (c.hint.Nullness || c.hint.Null) }

// limits narrows the bounds of a number by the hint.
func (c *slot) limits(low, high float64) (float64, float64) {
	if c.hint == nil {
		return low, high
	}
	step := func(f, direction float64) float64 {
		switch {
		case isWhole(c.kind):
			return f + direction
		case c.kind == kindNumeric:
			return f + direction/pow10[c.scale]
		}
		return math.Nextafter(f, direction*math.MaxFloat64)
	}
	if f, err := strconv.ParseFloat(c.hint.Min.Text, 64); err == nil {
		if c.hint.Min.Open {
			f = step(f, 1)
		}
		low = max(low, f)
	}
	if f, err := strconv.ParseFloat(c.hint.Max.Text, 64); err == nil {
		if c.hint.Max.Open {
			f = step(f, -1)
		}
		high = min(high, f)
	}
	return low, high
}

// timeLayouts are how Postgres writes times in conditions.
var timeLayouts = []string{"2006-01-02 15:04:05.999999-07", "2006-01-02 15:04:05.999999-07:00", "2006-01-02 15:04:05.999999", time.DateOnly}

func parseTime(text string) (micros int64, ok bool) {
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return microsOf(at), true
		}
	}
	return 0, false
}

// narrow moves a time into the bounds of the hint. Without a lower bound it is at most a year before the upper one, and the other way round.
func (m *moments) narrow(h *hint.Hint) {
	if h == nil {
		return
	}
	step := int64(1)
	if m.day {
		step = microsPerDay
	}
	low, bounded := parseTime(h.Min.Text)
	if h.Min.Open {
		low += step
	}
	high, limited := parseTime(h.Max.Text)
	if h.Max.Open {
		high -= step
	}
	length := m.high - m.low
	if bounded && low > m.low {
		m.low = low
		if m.high <= low {
			m.high = low + length
		}
	}
	if limited && high < m.high {
		m.high = high
		if m.low > high {
			m.low = high - length
		}
		if bounded {
			m.low = max(m.low, low)
		}
	}
}
