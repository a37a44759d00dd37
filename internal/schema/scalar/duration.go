package scalar

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A Duration is what ISO 8601 calls one, as far as Postgres's interval keeps its value: years, months, weeks and days, then hours,
// minutes and seconds. Each part may have a sign, since an interval's months, days and microseconds have signs of their own; one before
// the P negates all of them, as JavaScript's Temporal and Java write it. Only seconds have a fraction, of six digits at most.
var (
	durationForm = regexp.MustCompile(strings.NewReplacer("(?:[+-]?[0-9]{1,10}", "(?:([+-]?[0-9]{1,10})", `(?:\.[0-9]{1,6})?`, `(?:\.([0-9]{1,6}))?`, "^[+-]?", "^([+-]?)").
			Replace(DurationPattern))
	durationEnd = regexp.MustCompile(DurationEnd)
)

// interval is a duration as Postgres holds it: none of its members is a fixed number of another.
type interval struct{ months, days, micros int64 }

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
)

func canonicalDuration(text string) (string, bool) {
	i, ok := parseDuration(text)
	if !ok {
		return "", false
	}
	return i.String(), true
}

func parseDuration(text string) (i interval, ok bool) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil || !durationEnd.MatchString(text) {
		return i, false
	}
	part := func(group int) int64 {
		n, _ := strconv.ParseInt(m[group], 10, 64) // at most ten digits; none are 0
		return n
	}
	fraction, _ := strconv.ParseInt((m[9] + "000000")[:6], 10, 64)
	if strings.HasPrefix(m[8], "-") {
		fraction = -fraction
	}
	// Hours of ten digits overflow microseconds, which float64 tells well enough.
	if math.Abs(float64(part(6)))*microsPerHour+math.Abs(float64(part(7)))*microsPerMinute+math.Abs(float64(part(8)))*microsPerSecond > 9e18 {
		return i, false
	}
	i = interval{12*part(2) + part(3), 7*part(4) + part(5), part(6)*microsPerHour + part(7)*microsPerMinute + part(8)*microsPerSecond + fraction}
	if m[1] == "-" {
		i = interval{-i.months, -i.days, -i.micros}
	}
	fits := func(n int64) bool { return n > math.MinInt32 && n < math.MaxInt32 } // the ends are Postgres's infinities
	return i, fits(i.months) && fits(i.days)
}

// String writes the duration as Postgres does with intervalstyle iso_8601.
func (i interval) String() string {
	b := []byte("P")
	part := func(n int64, unit byte) {
		if n != 0 {
			b = append(strconv.AppendInt(b, n, 10), unit)
		}
	}
	part(i.months/12, 'Y')
	part(i.months%12, 'M')
	part(i.days, 'D')
	if i.micros == 0 && len(b) > 1 {
		return string(b)
	}
	b = append(b, 'T')
	part(i.micros/microsPerHour, 'H')
	part(i.micros/microsPerMinute%60, 'M')
	rest := i.micros % microsPerMinute
	if rest == 0 && i.micros != 0 {
		return string(b)
	}
	if rest < 0 {
		b, rest = append(b, '-'), -rest
	}
	b = strconv.AppendInt(b, rest/microsPerSecond, 10)
	if fraction := rest % microsPerSecond; fraction != 0 {
		digits := strconv.FormatInt(microsPerSecond+fraction, 10)[1:]
		b = append(append(b, '.'), strings.TrimRight(digits, "0")...)
	}
	return string(append(b, 'S'))
}
