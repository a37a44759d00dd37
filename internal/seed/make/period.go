package make

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// begins are words for the begin of a period, and the words for its end.
var begins = []struct{ from, to *regexp.Regexp }{
	{regexp.MustCompile(`(^|_)(start|starts|begin|begins|starting|beginning)(_|$)`), regexp.MustCompile(`(^|_)(end|ends|finish|finishes|ending|until|stop|stops)(_|$)`)},
	{regexp.MustCompile(`(^|_)(started|began|begun)(_|$)`), regexp.MustCompile(`(^|_)(ended|finished|stopped)(_|$)`)},
	{regexp.MustCompile(`(^|_)(from|since|after|not_before)(_|$)`), regexp.MustCompile(`(^|_)(to|until|till|through|thru|before|not_after)(_|$)`)},
	{regexp.MustCompile(`(^|_)(check_in|checkin)(_|$)`), regexp.MustCompile(`(^|_)(check_out|checkout)(_|$)`)},
	{regexp.MustCompile(`(^|_)(opens|open)(_|$)`), regexp.MustCompile(`(^|_)(closes|close)(_|$)`)},
	{regexp.MustCompile(`(^|_)(departure|departs|departed)(_|$)`), regexp.MustCompile(`(^|_)(arrival|arrives|arrived)(_|$)`)},
	{regexp.MustCompile(`(^|_)(hired|joined|employed)(_|$)`), regexp.MustCompile(`(^|_)(left|terminated|fired|resigned)(_|$)`)},
}

// past are ends that have happened.
var past = regexp.MustCompile(`(^|_)(ended|finished|stopped|left|terminated|fired|resigned|arrived)(_|$)`)

// leaving are ends of long periods.
var leaving = regexp.MustCompile(`(^|_)(left|terminated|fired|resigned)(_|$)`)

// periods makes the end of a period come after its begin: their names are the same but for the words for begin and end.
func (t *blueprint) periods() {
	for at, end := range t.makers {
		s, ok := t.movable(end)
		if !ok || !isTime(end.field) {
			continue
		}
		for i, begin := range t.makers {
			if i == at || !isTime(begin.field) || !arePeriod(begin.field, end.field) || t.after(i)[at] {
				continue
			}
			made := &ordered{moments: s, after: []*operand{t.operandOf(i)}, gap: lengthOf(end, s), apart: true}
			made.future = end.field.Constraints.Range == nil && !past.MatchString(schema.SnakeCase(end.field.Name))
			end.generator, end.after = made, append(end.after, i)
			break
		}
	}
}

// lengthOf returns how long a period usually is.
func lengthOf(end *maker, s *moments) numbers {
	name := schema.SnakeCase(end.field.Name)
	switch {
	case strings.Contains(name, "until") || leaving.MatchString(name) || strings.Contains(name, "valid") || strings.Contains(name, "period") || strings.Contains(name, "contract"):
		return exponential{90 * 86400}
	case s.day:
		return exponential{14 * 86400}
	}
	return exponential{2 * 3600}
}

// arePeriod reports whether two fields are the begin and the end of one period.
func arePeriod(begin, end *schema.Field) bool {
	one, other := schema.SnakeCase(begin.Name), schema.SnakeCase(end.Name)
	return slices.ContainsFunc(begins, func(words struct{ from, to *regexp.Regexp }) bool {
		return words.from.MatchString(one) && words.to.MatchString(other) && words.from.ReplaceAllString(one, "${1}*${3}") == words.to.ReplaceAllString(other, "${1}*${3}")
	})
}
