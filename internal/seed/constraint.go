package seed

import (
	"cmp"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// field is a field of the schema with its constraints prepared for many values.
type field struct {
	*schema.Field
	columns   []int          // in the table
	pattern   *regexp.Regexp // nil without a pattern, and for one that Go does not support, which Postgres checks
	format    *regexp.Regexp // nil without a format
	low, high *bound
}

// bound is one end of a range: a number or a time.
type bound struct {
	exact *big.Rat
	near  float64
	time  time.Time
}

func newField(f *schema.Field, columns []int) *field {
	ready := &field{Field: f, columns: columns}
	if f.Constraints.Pattern != "" {
		ready.pattern, _ = regexp.Compile(f.Constraints.Pattern)
	}
	if f.Constraints.Format != "" {
		ready.format = regexp.MustCompile(f.Constraints.Format.Pattern())
	}
	if r := f.Constraints.Range; r != nil {
		ready.low, ready.high = newBound(f.Type.Scalar, r.Min), newBound(f.Type.Scalar, r.Max)
	}
	return ready
}

// newBound returns nil for an open end, and for a type whose values only Postgres can compare.
func newBound(scalar schema.Scalar, text string) *bound {
	switch scalar {
	case schema.Int, schema.Int64, schema.Float, schema.Decimal:
		if exact, ok := new(big.Rat).SetString(text); ok {
			near, _ := exact.Float64()
			return &bound{exact: exact, near: near}
		}
	case schema.Date, schema.DateTime:
		if at, ok := parseTime(text); ok {
			return &bound{time: at}
		}
	}
	return nil
}

// compare returns a negative number for a value below the bound, and a positive one for a value above.
func (b *bound) compare(text string) int {
	if b.exact == nil {
		at, _ := parseTime(text)
		return at.Compare(b.time)
	}
	// Rounding keeps the order, so different floats are decisive. Equal floats require a comparison of all digits.
	if near, err := strconv.ParseFloat(text, 64); err == nil && near != b.near {
		return cmp.Compare(near, b.near)
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0
	}
	return number.Cmp(b.exact)
}

// check checks a value, or an element of a list, against the constraints of its field. Postgres checks it again, but this check finds all
// mistakes at once and knows their positions.
func (f *field) check(n *yaml.Node, text string) *problem {
	c := f.Constraints
	switch {
	case f.pattern != nil && !f.pattern.MatchString(text):
		return wrong("pattern", "", "%s.%s must match %s, found %q", f.Owner.Name, f.Name, c.Pattern, node.Clip(text))
	case f.format != nil && !f.format.MatchString(text):
		return wrong("format", "", "%s.%s must be a valid %s, found %q", f.Owner.Name, f.Name, c.Format, node.Clip(text))
	case f.low != nil && f.low.compare(text) < 0, f.high != nil && f.high.compare(text) > 0:
		return wrong("range", "", "%s.%s must be %s, found %s", f.Owner.Name, f.Name, bounds(c.Range), node.Clip(n.Value))
	case f.Type.List || c.Length == nil:
		return nil
	case f.Type.Scalar == schema.Bytes:
		return f.checkLength((len(text)-len(`\x`))/2, "bytes")
	}
	return f.checkLength(utf8.RuneCountInString(text), "characters")
}

func (f *field) checkLength(n int, unit string) *problem {
	l := f.Constraints.Length
	switch {
	case l == nil:
	case l.Min != nil && n < *l.Min:
		return wrong("length", "", "%s.%s has %d %s, and must have at least %d", f.Owner.Name, f.Name, n, unit, *l.Min)
	case l.Max != nil && n > *l.Max:
		return wrong("length", "", "%s.%s has %d %s, and may have at most %d", f.Owner.Name, f.Name, n, unit, *l.Max)
	}
	return nil
}

func bounds(r *schema.Range) string {
	var parts []string
	if r.Min != "" {
		parts = append(parts, "at least "+r.Min)
	}
	if r.Max != "" {
		parts = append(parts, "at most "+r.Max)
	}
	return strings.Join(parts, " and ")
}
