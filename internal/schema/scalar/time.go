package scalar

import (
	"math"
	"regexp"
	"time"
)

// Dates and times are those of the years 0001 to 9999: RFC 3339 and the clients of JSON know no others, though Postgres does.

func canonicalDate(text string) (string, bool) {
	t, err := time.Parse(time.DateOnly, text)
	return text, err == nil && hasYear(t)
}

func hasYear(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

var dateTime = regexp.MustCompile(DateTimePattern)

// canonicalDateTime returns the time in UTC and in microseconds, which Postgres rounds to.
func canonicalDateTime(text string) (string, bool) {
	if !dateTime.MatchString(text) { // time.Parse is more lenient
		return "", false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", false
	}
	return FormatDateTime(t)
}

// FormatDateTime returns the canonical text of a time, false outside the years 0001 to 9999.
func FormatDateTime(t time.Time) (string, bool) {
	micros := math.RoundToEven(float64(t.Nanosecond()) / 1e3) // as rint does, which Postgres rounds with
	t = t.UTC().Truncate(time.Second).Add(time.Duration(micros) * time.Microsecond)
	return t.Format("2006-01-02T15:04:05.999999Z"), hasYear(t)
}
