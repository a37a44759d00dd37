package make

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// numbers is a distribution of numbers.
type numbers interface {
	draw(r *sample) float64
	operands() []*operand // on which a number depends
}

type (
	fixed       float64
	uniform     struct{ low, high float64 }
	normal      struct{ mean, deviation float64 }
	lognormal   struct{ median, sigma float64 }
	exponential struct{ mean float64 }
	poisson     struct{ mean float64 }
	zipfian     struct {
		exponent float64
		most     uint64
	}
	// arithmetic is the number of another field, multiplied by and added to other numbers.
	arithmetic struct {
		of          *operand
		times, plus numbers // may be nil
	}
)

func (n fixed) draw(*sample) float64 { return float64(n) }

func (n uniform) draw(r *sample) float64 { return n.low + float64(r.rng.Float64()*(n.high-n.low)) }

func (n normal) draw(r *sample) float64 { return n.mean + float64(r.rng.NormFloat64()*n.deviation) }

func (n lognormal) draw(r *sample) float64 {
	return n.median * math.Exp(float64(r.rng.NormFloat64()*n.sigma))
}

func (n exponential) draw(r *sample) float64 { return float64(r.rng.ExpFloat64() * n.mean) }

// draw multiplies uniform numbers until the product is too small (Knuth, TAOCP 2, 3.4.1). For a large mean, it rounds a normally
// distributed number.
func (n poisson) draw(r *sample) float64 {
	if n.mean > 60 {
		return max(0, math.Round(n.mean+float64(r.rng.NormFloat64()*math.Sqrt(n.mean))))
	}
	limit, product, k := math.Exp(-n.mean), 1.0, -1.0
	for product > limit {
		product *= r.rng.Float64()
		k++
	}
	return max(0, k)
}

func (n zipfian) draw(r *sample) float64 {
	return float64(rand.NewZipf(r.rng.Rand, n.exponent, 1, n.most).Uint64())
}

func (n arithmetic) draw(r *sample) float64 {
	times, plus := n.apply(r)
	return n.of.slot.number(n.of.value(r), times, plus)
}

// apply returns the factor and the summand for the operand.
func (n arithmetic) apply(r *sample) (times, plus float64) {
	times = 1
	if n.times != nil {
		times = n.times.draw(r)
	}
	if n.plus != nil {
		plus = n.plus.draw(r)
	}
	return times, plus
}

// number returns a value, multiplied and added to. Durations are in seconds, and times in seconds since 2000.
func (c *slot) number(d datum, times, plus float64) float64 {
	var f float64
	switch c.kind {
	case kindFloat4, kindFloat8:
		f = d.f
	case kindNumeric:
		f = float64(d.i) / pow10[c.scale]
	case kindDate, kindTimestamp, kindInterval:
		f = float64(d.i) / 1e6
	default:
		f = float64(d.i)
	}
	return float64(f*times) + plus
}

// datum converts a number to a value of the column.
func (c *slot) datum(f float64) datum {
	switch c.kind {
	case kindFloat4, kindFloat8:
		return datum{f: significant(f)}
	case kindNumeric:
		if c.unit > 1 {
			f = math.Round(f/c.unit) * c.unit
		}
		return datum{i: int64(math.Round(f * pow10[c.scale]))}
	case kindInterval:
		return datum{i: int64(math.Round(f*1e3)) * 1e3} // milliseconds
	case kindDate, kindTimestamp:
		return datum{i: int64(math.Round(f*1e3)) * 1e3}
	case kindBool:
		return datum{i: int64(math.Round(f)) & 1}
	}
	return datum{i: int64(math.Round(f))}
}

// significant rounds to ten digits. Further digits may depend on the processor: some round a fused multiplication and addition once, others
// round twice.
func significant(f float64) float64 {
	if f == 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	scale := math.Pow(10, 9-math.Floor(math.Log10(math.Abs(f))))
	if math.IsInf(scale, 0) || scale == 0 {
		return f
	}
	return math.Round(f*scale) / scale
}

// countOf draws a count from a distribution: an integer of at least 0.
func countOf(n numbers, r *sample) int64 {
	if u, ok := n.(uniform); ok { // inclusive bounds
		return int64(u.low) + r.rng.Int64N(max(1, int64(u.high)-int64(u.low)+1))
	}
	return max(0, int64(math.Round(n.draw(r))))
}

func (p *Per) String() string { return fmt.Sprintf("per %s", p.Field.Name) }
