package generate

import (
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// uniqueness is a key, or another constraint that no two rows have the same values.
type uniqueness struct {
	fields  []*schema.Field
	columns []int
	total   int64               // how many there can be; 0 for who knows
	seen    map[uint64]struct{} // hashes of the rows so far; nil where they differ by their making
	walk    *spread             // over all combinations, for rows that find none by chance
	walked  int64               // of these, how many were tried
	seed    maphash.Seed
	buffer  []byte
}

func (u *uniqueness) String() string { return "no two rows may have the same " + names(u.fields) }

// hash is of a row's values; 0, false where one is null, since nulls differ.
func (u *uniqueness) hash(values []datum, columns []*column) (uint64, bool) {
	b := u.buffer[:0]
	for _, c := range u.columns {
		if values[c].null {
			return 0, false
		}
		b = columns[c].appendDatum(b, &values[c])
	}
	u.buffer = b
	return maphash.Bytes(u.seed, b), true
}

func (u *uniqueness) has(r *row) bool {
	h, ok := u.hash(r.values, r.table.columns)
	if !ok {
		return false
	}
	_, seen := u.seen[h]
	return seen
}

func (u *uniqueness) add(r *row) {
	if h, ok := u.hash(r.values, r.table.columns); ok {
		u.seen[h] = struct{}{}
	}
}

// digital is a source of a finite number of values.
type digital interface {
	source
	size() int64
	at(r *row, i int64) datum
}

func (s whole) size() int64                  { return s.high - s.low + 1 }
func (s whole) at(_ *row, i int64) datum     { return datum{i: s.low + i} }
func (s *choice) size() int64                { return int64(len(s.values)) }
func (s *choice) at(_ *row, i int64) datum   { return s.values[i].d }
func (s *constant) size() int64              { return 1 }
func (s *constant) at(r *row, _ int64) datum { return s.make(r) }
func (s coin) size() int64                   { return 2 }
func (s coin) at(_ *row, i int64) datum      { return datum{i: i} }

// days are the days of a Date.
type days struct{ *moments }

func (s days) size() int64 { return (s.high-s.low)/microsPerDay + 1 }
func (s days) at(_ *row, i int64) datum {
	return datum{i: s.low - floorMod(s.low, microsPerDay) + i*microsPerDay}
}

// spread gives each row of a table other digits, so that their combinations all differ.
type spread struct {
	sizes []int64
	order shuffle
}

// digit returns a digit of a number's place.
func (s *spread) digit(number int64, digit int) int64 {
	place := s.order.at(number)
	for _, size := range s.sizes[:digit] {
		place /= size
	}
	return place % s.sizes[digit]
}

// numbered makes texts that differ: by the row's number where they would not otherwise.
type numbered struct {
	of       source
	longest  int
	always   bool
	division string
}

func (s numbered) make(r *row) datum {
	d := s.of.make(r)
	if d.null || !s.always && r.attempt < 4 {
		return d
	}
	suffix := s.division + strconv.FormatInt(r.number+1, 36)
	if r.attempt >= 4 {
		suffix += strconv.FormatUint(r.rng.Uint64()%46656, 36) // another run may have had this number
	}
	base, rest := d.s, ""
	switch name, host, email := strings.Cut(d.s, "@"); {
	case email:
		base, rest = name, "@"+host
	}
	if s.longest > 0 {
		base = fit(base, 0, max(1, s.longest-len(suffix)-len(rest)))
	}
	return datum{s: base + suffix + rest}
}

// ids are the keys of rows that nothing else is said of.
type ids struct{ salt uint64 }

func (s ids) make(r *row) datum { return datum{id: rowID(s.salt, r.number)} }

// textIDs are ids as texts.
type textIDs struct {
	salt    uint64
	longest int
}

func (s textIDs) make(r *row) datum {
	id := rowID(s.salt, r.number)
	if s.longest == 0 || s.longest >= 36 {
		return datum{s: formatUUID(id)}
	}
	text := strconv.FormatInt(r.number+1, 36)
	return datum{s: fit(text, 0, s.longest)}
}
