package seed

import (
	"math/big"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// checkElement holds a value, or an element of a list, against the constraints of its field. Postgres has
// the last word; here every mistake is found at once and has its place.
func checkElement(f *schema.Field, n *yaml.Node, text string) *problem {
	c := f.Constraints
	switch {
	case c.Pattern != "" && !matches(c.Pattern, text):
		return wrong("pattern", "", "%s.%s must match %s, found %q", f.Owner.Name, f.Name, c.Pattern, clip(text))
	case c.Format != "" && !hasFormat(c.Format, text):
		return wrong("format", "", "%s.%s must be a valid %s, found %q", f.Owner.Name, f.Name, c.Format, clip(text))
	case c.Range != nil && outside(c.Range, f.Type.Scalar, text):
		return wrong("range", "", "%s.%s must be %s, found %s", f.Owner.Name, f.Name, bounds(c.Range), clip(n.Value))
	case f.Type.List || c.Length == nil:
		return nil
	case f.Type.Scalar == schema.Bytes:
		return checkLength(f, (len(text)-len(`\x`))/2, "bytes")
	}
	return checkLength(f, utf8.RuneCountInString(text), "characters")
}

func checkLength(f *schema.Field, n int, unit string) *problem {
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

// matches is true too for a pattern that Go cannot read: then Postgres decides.
func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(text)
}

var (
	hostname = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)
	slug     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	color    = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`)
	phone    = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

func hasFormat(format schema.Format, text string) bool {
	switch format {
	case schema.Email:
		address, err := mail.ParseAddress(text)
		return err == nil && address.Address == text
	case schema.URL:
		u, err := url.Parse(text)
		return err == nil && u.Scheme != "" && u.Host != ""
	case schema.Hostname:
		return len(text) <= 253 && hostname.MatchString(text)
	case schema.IPv4, schema.IPv6:
		address, err := netip.ParseAddr(text)
		return err == nil && address.Is4() == (format == schema.IPv4)
	case schema.UUID:
		return uuid.Validate(text) == nil
	case schema.Slug:
		return slug.MatchString(text)
	case schema.Color:
		return color.MatchString(text)
	case schema.Phone:
		return phone.MatchString(text)
	}
	return true
}

// outside reports whether a number or a time is beyond the bounds; bounds of other types are left to Postgres.
func outside(r *schema.Range, scalar schema.Scalar, text string) bool {
	switch scalar {
	case schema.Int, schema.Int64, schema.Float, schema.Decimal:
		number, ok := new(big.Rat).SetString(text)
		if !ok {
			return false
		}
		low, hasLow := new(big.Rat).SetString(r.Min)
		high, hasHigh := new(big.Rat).SetString(r.Max)
		return hasLow && number.Cmp(low) < 0 || hasHigh && number.Cmp(high) > 0
	case schema.Date, schema.DateTime:
		at, ok := parseTime(text)
		low, hasLow := parseTime(r.Min)
		high, hasHigh := parseTime(r.Max)
		return ok && (hasLow && at.Before(low) || hasHigh && at.After(high))
	}
	return false
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
