// Package hint reads from conditions in SQL which values of a column they allow. Generated values that follow the hints satisfy most
// conditions at the first attempt. The hints are not complete: only Postgres can evaluate a condition.
package hint

// Hint describes the values of a column that satisfy conditions.
type Hint struct {
	Values   []string // the only values, in the text format of Postgres; nil allows others
	Not      []string // values that are not allowed
	Min, Max Bound

	MinLength, MaxLength int    // of a text in characters, or of an array in elements; 0 is unbounded
	Pattern              string // a regular expression that a text matches
	Prefix, Contains     string // parts of a text
	Lower, Upper         bool   // a text has no letters of the other case

	Null, NotNull bool
	Nullness      bool // whether the value is null matters, together with other columns

	Any []*Hint // a value satisfies one of them
}

// Bound is a limit of numbers or times, in the text format of Postgres. An empty text means no limit.
type Bound struct {
	Text string
	Open bool // the limit itself is not allowed
}

// Shapes reports whether the hint restricts a value in more than its length, so that nothing can be appended to a text.
func (h *Hint) Shapes() bool {
	return h != nil && (h.Values != nil || h.Pattern != "" || h.Contains != "" || h.Upper || len(h.Any) > 0)
}

// Finite reports whether the hint may leave only a few values.
func (h *Hint) Finite() bool {
	return h != nil && (h.Values != nil || h.Max.Text != "" || len(h.Any) > 0)
}

// With returns the hint combined with another one, which wins where they differ.
func (h *Hint) With(other *Hint) *Hint {
	both := *h
	if other.Values != nil {
		both.Values = other.Values
	}
	both.Not = append(append([]string(nil), h.Not...), other.Not...)
	for _, text := range []struct{ to, from *string }{{&both.Pattern, &other.Pattern}, {&both.Prefix, &other.Prefix}, {&both.Contains, &other.Contains}} {
		if *text.from != "" {
			*text.to = *text.from
		}
	}
	for _, b := range []struct{ to, from *Bound }{{&both.Min, &other.Min}, {&both.Max, &other.Max}} {
		if b.from.Text != "" {
			*b.to = *b.from
		}
	}
	both.MinLength = max(h.MinLength, other.MinLength)
	if other.MaxLength > 0 && (both.MaxLength == 0 || other.MaxLength < both.MaxLength) {
		both.MaxLength = other.MaxLength
	}
	both.Lower, both.Upper = h.Lower || other.Lower, h.Upper || other.Upper
	both.Null, both.NotNull, both.Nullness = h.Null || other.Null, h.NotNull || other.NotNull, h.Nullness || other.Nullness
	if len(other.Any) > 0 {
		both.Any = other.Any
	}
	return &both
}

// isNull reports whether the hint says only that the value is null.
func (h *Hint) isNull() bool {
	return h.Null && h.Values == nil && h.Min.Text == "" && h.Max.Text == "" && h.Pattern == "" && len(h.Any) == 0
}
