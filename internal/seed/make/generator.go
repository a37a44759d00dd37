package make

import (
	"slices"
	"sort"
	"strings"

	"github.com/brianvoe/gofakeit/v7"
)

// generator generates the values of a field.
type generator interface {
	make(r *sample) datum
	// operands returns the other fields that a value depends on. They must be filled first.
	operands() []*operand
}

type (
	// constant is a constant value.
	constant struct {
		text string
		null bool
		d    datum // after Postgres has parsed the text
	}
	// choice is a choice among weighted values.
	choice struct {
		values []*constant
		upTo   []float64 // cumulative weights
		rank   *zipfian  // instead of weights
	}
	// measure is a number from a distribution. It is drawn again if it is out of bounds.
	measure struct {
		slot      *slot
		numbers   numbers
		low, high float64
	}
	// whole is a uniformly distributed integer between two bounds, inclusive.
	whole struct{ low, high int64 }
	// faked is a text of gofakeit.
	faked struct {
		make1    func(f *gofakeit.Faker) string
		longest  int
		shortest int
	}
	// counter counts up.
	counter struct{ start, step int64 }
	// copied is the value of another field, with an optional offset.
	copied struct {
		slot *slot
		arithmetic
		plain bool // without an offset
	}
	// many is a list.
	many struct {
		of       generator
		count    numbers
		distinct bool
	}
	// document is a JSON object.
	document struct {
		names  []string
		slots  []*slot
		values []generator
	}
	// randomUUID is a random UUID.
	randomUUID struct{}
	// coin is true with a given probability.
	coin struct{ share float64 }
	// octets are bytes.
	octets struct{ low, high int }
	// coordinates is a vector of length 1.
	coordinates struct{ n int }
)

func (s *constant) make(*sample) datum {
	if s.null {
		return null
	}
	return s.d
}

func (s *choice) make(r *sample) datum { return s.values[s.index(r)].d }

func (s *choice) index(r *sample) int {
	if s.rank != nil {
		return min(int(s.rank.draw(r)), len(s.values)-1)
	}
	if s.upTo == nil {
		return r.rng.IntN(len(s.values))
	}
	return min(sort.SearchFloat64s(s.upTo, r.rng.Float64()*s.upTo[len(s.upTo)-1]), len(s.values)-1)
}

func (s *measure) make(r *sample) datum {
	f := s.numbers.draw(r)
	for n := 0; (f < s.low || f > s.high) && n < 32; n++ {
		f = s.numbers.draw(r)
	}
	return s.slot.datum(min(max(f, s.low), s.high))
}

func (s whole) make(r *sample) datum { return datum{i: s.low + r.rng.Int64N(s.high-s.low+1)} }

func (s faked) make(r *sample) datum {
	text := s.make1(r.faker)
	for n := 0; s.longest > 0 && len(text) > s.longest && n < 8; n++ {
		text = s.make1(r.faker)
	}
	return datum{s: fit(text, s.shortest, s.longest)}
}

// fit shortens or extends a text to the allowed length.
func fit(text string, shortest, longest int) string {
	if runes := []rune(text); longest > 0 && len(runes) > longest {
		text = strings.TrimRight(string(runes[:longest]), " -._") // characters with which a word, a slug or an address does not end
	}
	for n := len([]rune(text)); n < shortest; n++ {
		text += string(rune('a' + n%26))
	}
	return text
}

func (s counter) make(r *sample) datum { return datum{i: s.start + s.step*r.number} }

func (s copied) make(r *sample) datum {
	d := s.of.value(r)
	if d.null || (s.plain && s.slot.kind == s.of.slot.kind && (d.raw || s.slot.scale == s.of.slot.scale)) {
		return d
	}
	if s.plain && s.slot.kind == kindText {
		return datum{s: s.of.slot.text(&d)}
	}
	times, plus := s.apply(r)
	if s.slot.kind.isTime() && s.of.slot.kind.isTime() { // to the microsecond
		d = datum{i: d.i + s.slot.datum(plus).i}
		if s.slot.kind == kindDate {
			d.i -= floorMod(d.i, microsPerDay)
		}
		return d
	}
	return s.slot.datum(s.of.slot.number(d, times, plus))
}

func (s many) make(r *sample) datum {
	n := int(countOf(s.count, r))
	list := make([]datum, 0, n)
	for tries := 0; len(list) < n && tries < 20*n; tries++ {
		d := s.of.make(r)
		if s.distinct && slices.ContainsFunc(list, func(e datum) bool { return e.s == d.s && e.i == d.i && e.id == d.id }) {
			continue
		}
		list = append(list, d)
	}
	return datum{list: list}
}

func (randomUUID) make(r *sample) datum {
	return datum{id: uuidOf(r.rng.Uint64(), r.rng.Uint64(), 4)}
}

func (s coin) make(r *sample) datum {
	if r.rng.Float64() < s.share {
		return datum{i: 1}
	}
	return datum{}
}

func (s octets) make(r *sample) datum {
	b := make([]byte, s.low+r.rng.IntN(s.high-s.low+1))
	for i := range b {
		b[i] = byte(r.rng.Uint64())
	}
	return datum{s: string(b)}
}
