package make

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// moments is a distribution of times between two bounds, by hour of the day, day of the week and trend.
type moments struct {
	low, high int64 // microseconds
	hours     *[24]float64
	weekend   float64 // the likelihood of a day at the weekend relative to a weekday
	power     float64 // later times are likelier if it is above 1
	day       bool    // of a Date
}

// patterns are the relative likelihoods of the hours of a day. The maximum is 1.
var patterns = map[string]*[24]float64{
	"business-hours": {.02, .01, .01, .01, .02, .04, .10, .28, .62, .90, 1, .95, .70, .78, .95, .97, .88, .66, .40, .24, .17, .12, .08, .04},
	"evenings":       {.35, .18, .08, .04, .03, .03, .05, .08, .10, .12, .15, .18, .22, .22, .22, .25, .32, .45, .65, .85, 1, 1, .85, .58},
	"nights":         {1, 1, .95, .85, .65, .40, .20, .10, .06, .05, .05, .05, .05, .05, .05, .05, .06, .08, .12, .20, .35, .55, .75, .92},
}

var trends = map[string]float64{"flat": 1, "growing": 2, "exploding": 4, "shrinking": 0.5}

const mostDraws = 400 // after this number of draws, the last one is used

func (m *moments) make(r *sample) datum {
	at := m.low
	for range mostDraws {
		u := r.rng.Float64()
		if m.power != 1 {
			u = math.Pow(u, 1/m.power)
		}
		at = m.low + int64(u*float64(m.high-m.low))
		at -= floorMod(at, 1000) // milliseconds
		day := floorDiv(at, microsPerDay)
		if weekday := floorMod(day+6, 7); weekday == 0 || weekday == 6 { // 2000-01-01 was a Saturday
			if m.weekend < 1 && r.rng.Float64() >= m.weekend {
				continue
			}
		}
		if m.hours != nil && r.rng.Float64() >= m.hours[floorMod(at, microsPerDay)/3_600_000_000] {
			continue
		}
		break
	}
	if m.day {
		at -= floorMod(at, microsPerDay)
	}
	return datum{i: max(at, m.low)}
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// moments parses {between: [from, to], daily: …, weekly: …, trend: …}.
func (r *Reader) moments(c *slot, arg *yaml.Node, with map[string]*yaml.Node) generator {
	m := &moments{weekend: 1, power: 1, day: c.kind == kindDate}
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != 2 {
		r.fail(arg, "wrong-shape", "write between: [-90d, now]", "two times are expected")
		return m
	}
	m.low, m.high = r.moment(arg.Content[0]), r.moment(arg.Content[1])
	if m.high < m.low {
		r.fail(arg, "bad-range", "swap them", "the second time is before the first")
		m.high = m.low
	}
	if n := with["daily"]; n != nil {
		if m.hours = patterns[n.Value]; m.hours == nil && n.Value != "flat" {
			r.fail(n, "unknown-value", "there are: business-hours, evenings, nights, flat", "there is no pattern %q", n.Value)
		}
	}
	switch n := with["weekly"]; {
	case n == nil && m.hours == patterns["business-hours"] && m.hours != nil, n != nil && n.Value == "workdays":
		m.weekend = 0.12
	case n != nil && n.Value == "weekends":
		m.weekend = 1
	case n != nil && n.Value != "flat":
		r.fail(n, "unknown-value", "there are: workdays, flat", "there is no pattern %q", n.Value)
	}
	if n := with["trend"]; n != nil {
		var ok bool
		if m.power, ok = trends[n.Value]; !ok {
			m.power = 1
			r.fail(n, "unknown-value", "there are: growing, exploding, shrinking, flat", "there is no trend %q", n.Value)
		}
	}
	return m
}

// moment parses a time: now, -90d, now-90d, 2026-01-31, 2026-01-31T09:30:00Z.
func (r *Reader) moment(n *yaml.Node) int64 {
	n = node.Resolve(n)
	if at, ok := ParseMoment(n.Value, r.Now); ok {
		return microsOf(at)
	}
	r.fail(n, "wrong-type", "write now, -90d, now-90d, 2026-01-31 or 2026-01-31T09:30:00Z", "%q is not a time", n.Value)
	return 0
}

// ParseMoment parses a time relative to now, or an absolute one.
func ParseMoment(text string, now time.Time) (time.Time, bool) {
	if text == "now" {
		return now, true
	}
	if span, ok := ParseSpan(strings.TrimPrefix(text, "now")); ok {
		return now.Add(span), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

var (
	spanPart = regexp.MustCompile(`(\d+(?:\.\d+)?)\s*(ms|mo|[smhdwy])`)
	span     = regexp.MustCompile(`^[+-]?\s*(?:\d+(?:\.\d+)?\s*(?:ms|mo|[smhdwy])\s*)+$`)
)

// spanUnits are the units of a span; a month has 30 days and a year 365.
var spanUnits = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "mo": 30 * 24 * time.Hour, "y": 365 * 24 * time.Hour}

// ParseSpan parses a duration: 3d, -90d, 1h30m, 1.5s, 2w, 6mo, 1y.
func ParseSpan(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if !span.MatchString(text) {
		return 0, false
	}
	total := 0.0
	for _, part := range spanPart.FindAllStringSubmatch(text, -1) {
		f, _ := strconv.ParseFloat(part[1], 64)
		total += f * float64(spanUnits[part[2]])
	}
	if strings.HasPrefix(text, "-") {
		total = -total
	}
	if math.Abs(total) > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(total), true
}
