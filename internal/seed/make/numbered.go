package make

import (
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// numbered makes texts unique by adding the row's number, if necessary.
type numbered struct {
	of       generator
	longest  int
	always   bool
	division string
}

func (s numbered) make(r *sample) datum {
	d := s.of.make(r)
	if d.null || (!s.always && r.attempt < 4) {
		return d
	}
	suffix := s.division + strconv.FormatInt(r.number+1, 36)
	if r.attempt >= 4 {
		suffix += strconv.FormatUint(r.rng.Uint64()%46656, 36) // another run may have used this number
	}
	base, rest := d.s, ""
	switch name, host, email := strings.Cut(d.s, "@"); {
	case email:
		base, rest = name, "@"+host
	}
	if room := s.longest - len(suffix) - len(rest); s.longest > 0 && room < 1 {
		return datum{s: s.short(r)}
	} else if s.longest > 0 {
		base = fit(base, 0, max(1, s.longest-len(suffix)-len(rest)))
	}
	return datum{s: base + suffix + rest}
}

// short returns a text for a column that is too short for a number after a text.
func (s numbered) short(r *sample) string {
	text := strconv.FormatInt(r.number+1, 36)
	if r.attempt >= 4 {
		text = strconv.FormatUint(r.rng.Uint64(), 36)
	}
	return fit(text, 0, s.longest)
}

// division returns the separator between a text and a number.
func division(f *schema.Field) string {
	switch f.Constraints.Format {
	case schema.Email:
		return "+"
	case schema.Phone, schema.IPv4, schema.IPv6, schema.UUID, schema.Color:
		return ""
	}
	return "-"
}
