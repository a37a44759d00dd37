package schema

import "strconv"

// Describe returns the limits with their unit, as messages state them after "must have": "1 to 200 characters". The unit of a list
// is elements, that of Bytes is bytes.
func (l Length) Describe(t FieldType) string {
	unit := "character"
	switch {
	case t.List:
		unit = "element"
	case t.Scalar == Bytes:
		unit = "byte"
	}
	switch {
	case l.Min == nil && l.Max == nil:
		return "any number of " + unit + "s"
	case l.Max == nil:
		return "at least " + count(*l.Min, unit)
	case l.Min == nil:
		return "at most " + count(*l.Max, unit)
	case *l.Min == *l.Max:
		return "exactly " + count(*l.Min, unit)
	}
	return strconv.Itoa(*l.Min) + " to " + count(*l.Max, unit)
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// Describe returns the limits as messages state them after "must be": "from 0 to 100".
func (r Range) Describe() string {
	switch {
	case r.Min == "" && r.Max == "":
		return "any value"
	case r.Max == "":
		return "at least " + r.Min
	case r.Min == "":
		return "at most " + r.Max
	}
	return "from " + r.Min + " to " + r.Max
}
