package make

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/meaning"
)

// numberGenerator uses the bounds in the schema or, without any, the name.
func numberGenerator(c *slot) generator {
	low, high := c.bounds()
	name := schema.SnakeCase(c.field.Name)
	r := c.field.Constraints.Range
	bounded := (r != nil && r.Max != "") || (c.hint != nil && c.hint.Max.Text != "")
	if d := defaultValue(c.field); d != nil && c.hint == nil && strings.HasSuffix(name, "count") { // the application maintains it
		return &constant{text: fmt.Sprint(d)}
	}
	integer := c.kind == kindInt2 || c.kind == kindInt4 || c.kind == kindInt8
	m := &measure{slot: c, low: low, high: high}
	if r == nil || r.Min == "" {
		m.low = max(low, 0)
	}
	if m.low > high { // only negative numbers are allowed
		m.low = max(low, high-1000)
	}
	switch {
	case bounded && integer:
		return whole{int64(math.Ceil(m.low)), int64(math.Floor(high))}
	case bounded:
		m.numbers = uniform{m.low, high}
	case strings.HasSuffix(name, "year"):
		return whole{max(int64(m.low), 1990), 2026}
	case strings.HasSuffix(name, "age"):
		return whole{max(int64(m.low), 18), 90}
	case strings.HasSuffix(name, "latitude") || name == "lat":
		m.low, m.numbers = -90, uniform{-90, 90}
	case strings.HasSuffix(name, "longitude") || name == "lng" || name == "lon":
		m.low, m.numbers = -180, uniform{-180, 180}
	case strings.HasSuffix(name, "share") || strings.HasSuffix(name, "ratio") || strings.HasSuffix(name, "rate"):
		m.numbers = uniform{max(m.low, 0), max(m.low, 0) + 1}
	case c.kind == kindNumeric && high < 200: // numeric(3,3)
		m.numbers = uniform{m.low, high}
	case c.kind == kindNumeric:
		m.numbers = lognormal{max(m.low, c.unit) * 20, 1}
	case c.kind == kindInterval:
		m.numbers = lognormal{60, 1.5}
	default:
		m.numbers = lognormal{max(m.low, 1) * 30, 1.2}
	}
	return m
}

// timeGenerator uses the name. A row expires in the future.
func (t *blueprint) timeGenerator(c *slot, made *rule) generator {
	const day = int64(microsPerDay)
	now := microsOf(t.now)
	m := &moments{weekend: 1, power: 1, day: c.kind == kindDate, low: now - 365*day, high: now}
	name := schema.SnakeCase(c.field.Name)
	switch {
	case meaning.IsBirth(name):
		m.low, m.high = now-80*365*day, now-18*365*day
	case strings.Contains(name, "expire") || strings.Contains(name, "due") || strings.Contains(name, "until") || strings.HasPrefix(name, "next"):
		m.low, m.high = now, now+365*day
	case strings.HasPrefix(name, "created") || strings.HasPrefix(name, "registered") || strings.HasPrefix(name, "joined"):
		m.power = 2
	case updatedName.MatchString(name) && t.isCreatedByDatabase():
		m.low = now
	}
	if !c.field.Type.NonNull && (strings.HasPrefix(name, "deleted") || strings.HasPrefix(name, "archived") || strings.HasPrefix(name, "canceled")) {
		made.null = 0.9
	}
	if r := c.field.Constraints.Range; r != nil {
		if at, ok := ParseMoment(r.Min, t.now); ok && r.Min != "" {
			m.low = max(m.low, microsOf(at))
			m.high = max(m.high, m.low)
		}
		if at, ok := ParseMoment(r.Max, t.now); ok && r.Max != "" {
			m.high = min(m.high, microsOf(at))
			m.low = min(m.low, m.high-day)
		}
	}
	m.narrow(c.hint)
	return m
}

// isCreatedByDatabase reports whether the database writes when a row is created, which is the time of the load.
func (t *blueprint) isCreatedByDatabase() bool {
	return slices.ContainsFunc(t.typ.Fields, func(f *schema.Field) bool {
		return createdName.MatchString(schema.SnakeCase(f.Name)) && byDatabase(f) && !t.says(f)
	})
}

// make draws a random direction.
func (s coordinates) make(r *sample) datum {
	list := make([]datum, s.n)
	sum := 0.0
	for i := range list {
		list[i].f = r.rng.NormFloat64()
		sum += float64(list[i].f * list[i].f)
	}
	text := make([]string, s.n)
	for i := range list {
		list[i].f = significant(list[i].f / math.Sqrt(sum))
		text[i] = strconv.FormatFloat(list[i].f, 'g', 6, 64)
	}
	return datum{list: list, s: "[" + strings.Join(text, ",") + "]"}
}
