package make

import (
	"cmp"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/hint"
)

// shaped is a text in the form that a hint describes.
type shaped struct {
	faked
	hint *hint.Hint
}

// shape adjusts texts to the hint.
func (c *slot) shape(s faked) generator {
	h := c.hint
	if h == nil || (h.Prefix == "" && h.Contains == "" && !h.Lower && !h.Upper) {
		return s
	}
	if h.Contains == "@" && h.Prefix == "" {
		s.make1 = fakes["email"]
	}
	return shaped{s, h}
}

func (s shaped) make(r *sample) datum {
	text := s.faked.make(r).s
	switch {
	case s.hint.Lower:
		text = strings.ToLower(text)
	case s.hint.Upper:
		text = strings.ToUpper(text)
	}
	if !strings.Contains(text, s.hint.Contains) {
		runes := []rune(text)
		text = string(runes[:len(runes)/2]) + s.hint.Contains + string(runes[len(runes)/2:])
	}
	if !strings.HasPrefix(text, s.hint.Prefix) {
		text = s.hint.Prefix + text
	}
	return datum{s: fit(text, s.shortest, s.longest)}
}

// pattern returns the regular expression of the schema or, without one, of the hint.
func (c *slot) pattern() string {
	if c.hint == nil {
		return c.field.Constraints.Pattern
	}
	return cmp.Or(c.field.Constraints.Pattern, c.hint.Pattern)
}
