package mask

import (
	"math/big"
	"slices"
	"strconv"
)

// permutation is a permutation of lists of digits without a fixed point. Each digit has its own radix. It is a step on a cycle through all
// lists in an order that depends on the key: E⁻¹(E(x) + s), where E is a Feistel network over two moduli, as in FE2 (Bellare, Ristenpart,
// Rogaway and Stegers, Format-Preserving Encryption, SAC 2009).
type permutation struct {
	m     *Masker
	label string // equal digits with different labels are permuted differently
	radix []int64
	a, b  *big.Int // the products of the first and the second half
	step  *big.Int
}

const rounds = 8 // even

func (m *Masker) permutation(label string, radix []int64) *permutation {
	p := &permutation{m: m, label: label, radix: radix, a: big.NewInt(1), b: big.NewInt(1)}
	for i, r := range radix {
		part := p.a
		if i >= (len(radix)+1)/2 {
			part = p.b
		}
		part.Mul(part, big.NewInt(r))
	}
	size := p.size()
	p.step = big.NewInt(0)
	if size.Cmp(big.NewInt(1)) > 0 {
		p.step = p.number(new(big.Int).Sub(size, big.NewInt(1)), "step", "")
		p.step.Add(p.step, big.NewInt(1))
	}
	return p
}

func (p *permutation) size() *big.Int { return new(big.Int).Mul(p.a, p.b) }

// number returns a number below n that depends on the key.
func (p *permutation) number(n *big.Int, what, of string) *big.Int {
	// Eight extra bytes make the distribution of the remainder uniform enough.
	x := new(big.Int).SetBytes(p.m.bits(len(n.Bytes())+8, "permutation", p.label, what, of))
	return x.Mod(x, n)
}

// walk returns the first list on the cycle that fits, or nil if none fits within the given number of steps.
func (p *permutation) walk(digits []int64, steps int, fits func(digits []int64) bool) []int64 {
	size := p.size()
	at := p.encrypt(digits)
	for range steps {
		at.Mod(at.Add(at, p.step), size)
		next := p.decrypt(at)
		switch {
		case slices.Equal(next, digits):
			return nil // the end of the cycle
		case fits(next):
			return next
		}
	}
	return nil
}

func (p *permutation) encrypt(digits []int64) *big.Int {
	x := new(big.Int)
	for i := range digits {
		x.Add(x.Mul(x, big.NewInt(p.radix[i])), big.NewInt(digits[i]))
	}
	left, right := new(big.Int), new(big.Int)
	left.QuoRem(x, p.b, right)
	for i := range rounds {
		if i%2 == 0 {
			left.Mod(left.Add(left, p.number(p.a, strconv.Itoa(i), right.String())), p.a)
		} else {
			right.Mod(right.Add(right, p.number(p.b, strconv.Itoa(i), left.String())), p.b)
		}
	}
	return left.Add(left.Mul(left, p.b), right)
}

func (p *permutation) decrypt(x *big.Int) []int64 {
	left, right := new(big.Int), new(big.Int)
	left.QuoRem(x, p.b, right)
	for i := rounds - 1; i >= 0; i-- {
		if i%2 == 0 {
			left.Mod(left.Sub(left, p.number(p.a, strconv.Itoa(i), right.String())), p.a)
		} else {
			right.Mod(right.Sub(right, p.number(p.b, strconv.Itoa(i), left.String())), p.b)
		}
	}
	left.Add(left.Mul(left, p.b), right)
	digits := make([]int64, len(p.radix))
	digit := new(big.Int)
	for i := len(digits) - 1; i >= 0; i-- {
		left.QuoRem(left, big.NewInt(p.radix[i]), digit)
		digits[i] = digit.Int64()
	}
	return digits
}
