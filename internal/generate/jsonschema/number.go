package jsonschema

import (
	"fmt"
	"strings"
)

// atLeast returns a pattern for integers and decimal numbers without leading zeros that are at least a bound.
func atLeast(bound string) string {
	magnitude, negative := strings.CutPrefix(bound, "-")
	switch {
	case zero(magnitude):
		return `^(?:` + anyNumber + `|-0(?:\.0+)?)$`
	case negative:
		return `^(?:` + anyNumber + `|-` + notGreater(magnitude) + `)$`
	}
	return `^` + notLess(magnitude) + `$`
}

// atMost returns a pattern for those that are at most a bound.
func atMost(bound string) string {
	magnitude, negative := strings.CutPrefix(bound, "-")
	switch {
	case zero(magnitude):
		return `^(?:-` + anyNumber + `|0(?:\.0+)?)$`
	case negative:
		return `^-` + notLess(magnitude) + `$`
	}
	return `^(?:-` + anyNumber + `|` + notGreater(magnitude) + `)$`
}

const (
	anyNumber   = `(?:0|[1-9][0-9]*)(?:\.[0-9]+)?`
	anyFraction = `(?:\.[0-9]+)?`
)

func zero(magnitude string) bool { return strings.Trim(magnitude, "0.") == "" }

// split returns the digits before and after the point.
func split(magnitude string) (whole, fraction string) {
	whole, fraction, _ = strings.Cut(magnitude, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	return whole, strings.TrimRight(fraction, "0")
}

// notLess returns a pattern for unsigned numbers that are at least a positive one.
func notLess(magnitude string) string {
	whole, fraction := split(magnitude)
	options := []string{fmt.Sprintf(`[1-9][0-9]{%d,}`, len(whole)) + anyFraction} // more digits
	for i, d := range whole {
		if d < '9' {
			options = append(options, whole[:i]+digits(d+1, '9')+repeat(len(whole)-i-1)+anyFraction)
		}
	}
	if fraction == "" {
		return group(append(options, whole+anyFraction))
	}
	for i, d := range fraction {
		if d < '9' {
			options = append(options, whole+`\.`+fraction[:i]+digits(d+1, '9')+`[0-9]*`)
		}
	}
	return group(append(options, whole+`\.`+fraction+`[0-9]*`))
}

// notGreater returns a pattern for unsigned numbers that are at most a positive one.
func notGreater(magnitude string) string {
	whole, fraction := split(magnitude)
	var options []string
	if n := len(whole); n > 1 {
		options = append(options, group([]string{"0", fmt.Sprintf(`[1-9][0-9]{0,%d}`, n-2)})+anyFraction) // fewer digits
	}
	for i, d := range whole {
		low := '0'
		if i == 0 && len(whole) > 1 {
			low = '1'
		}
		if d > low {
			options = append(options, whole[:i]+digits(low, d-1)+repeat(len(whole)-i-1)+anyFraction)
		}
	}
	if fraction == "" {
		return group(append(options, whole+`(?:\.0+)?`))
	}
	for i, d := range fraction {
		if d > '0' {
			options = append(options, whole+`\.`+fraction[:i]+digits('0', d-1)+`[0-9]*`)
		}
		if i > 0 {
			options = append(options, whole+`\.`+fraction[:i]) // it ends here
		}
	}
	return group(append(options, whole, whole+`\.`+fraction+`0*`))
}

func group(options []string) string { return "(?:" + strings.Join(options, "|") + ")" }

func digits(low, high rune) string {
	if low == high {
		return string(low)
	}
	return fmt.Sprintf("[%c-%c]", low, high)
}

func repeat(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "[0-9]"
	}
	return fmt.Sprintf("[0-9]{%d}", n)
}
