package jsonschema

import (
	"strings"
	"time"
)

// timeAtLeast returns a pattern for times of a fixed format, such as 2026-01-31 or 2026-01-31T12:00:00, that are not before a bound.
// A fraction and a Z may follow a time of day.
func timeAtLeast(bound string) string { return timePattern(bound, '9', 1) }

// timeAtMost returns a pattern for those that are not after a bound.
func timeAtMost(bound string) string { return timePattern(bound, '0', -1) }

// timePattern lists, for each position, the digits between that of the bound and end.
func timePattern(bound string, end, step rune) string {
	whole, fraction, _ := strings.Cut(strings.TrimSuffix(bound, "Z"), ".")
	fraction = strings.TrimRight(fraction, "0")
	rest, zone := "", ""
	if strings.Contains(bound, "T") {
		rest, zone = anyFraction, "Z"
	}
	beyond := func(d rune) string { return digits(min(d+step, end), max(d+step, end)) }
	var options []string
	for i, d := range whole {
		if d >= '0' && d <= '9' && d != end {
			options = append(options, whole[:i]+beyond(d)+wild(whole[i+1:])+rest)
		}
	}
	switch {
	case fraction == "" && step > 0:
		options = append(options, whole+rest)
	case fraction == "" && rest != "":
		options = append(options, whole+`(?:\.0+)?`)
	case fraction == "":
		options = append(options, whole)
	default:
		for i, d := range fraction {
			if d != end {
				options = append(options, whole+`\.`+fraction[:i]+beyond(d)+`[0-9]*`)
			}
			if step < 0 && i > 0 {
				options = append(options, whole+`\.`+fraction[:i])
			}
		}
		if step > 0 {
			options = append(options, whole+`\.`+fraction+`[0-9]*`)
		} else {
			options = append(options, whole, whole+`\.`+fraction+`0*`)
		}
	}
	return "^" + group(options) + zone + "$"
}

// wild replaces each digit by a pattern for any digit.
func wild(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 0
		for i+n < len(text) && text[i+n] >= '0' && text[i+n] <= '9' {
			n++
		}
		if n > 0 {
			b.WriteString(repeat(n))
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// inUTC writes a bound of a DateTime in the format of the API.
func inUTC(bound string) string {
	at, err := time.Parse(time.RFC3339Nano, bound)
	if err != nil {
		return bound
	}
	return at.UTC().Format(time.RFC3339Nano)
}
