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

// mostCode is the length up to which unique texts are codes, since there are not many of them.
const mostCode = 2

// codes are the texts of a length of digits and letters.
type codes struct{ length int64 }

func (s codes) size() int64 {
	size := int64(1)
	for range s.length {
		size *= 36
	}
	return size
}

func (s codes) at(_ *sample, i int64) datum {
	text := strconv.FormatInt(i, 36)
	return datum{s: strings.Repeat("0", int(s.length)-len(text)) + text}
}

func (s codes) make(r *sample) datum { return s.at(r, r.rng.Int64N(s.size())) }

func (codes) operands() []*operand { return nil }

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
