package make

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
)

// stream is a source of random numbers that can be set to any cell of any table. A value depends only on the seed, the table, the column,
// the row and the attempt. Rows are therefore the same on every machine, in any order and with any number of workers. It is SplitMix64
// (Steele, Lea and Flood, OOPSLA 2014).
type stream struct {
	state uint64
	*rand.Rand
}

func newStream() *stream {
	s := &stream{}
	s.Rand = rand.New(s)
	return s
}

// Uint64 returns the next number. It implements rand.Source.
func (s *stream) Uint64() uint64 {
	s.state += 0x9e3779b97f4a7c15
	return mix(s.state)
}

// seek sets the stream to a cell.
func (s *stream) seek(salt uint64, sample int64, attempt int) {
	s.state = mix(salt ^ mix(uint64(sample)+0x632be59bd9b4e019*uint64(attempt+1))) //nolint:gosec // rows count from 0
}

// mix is a bijective hash of 64 bits.
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// salt hashes a seed and names.
func salt(seed uint64, names ...string) uint64 {
	h := fnv.New64a()
	for _, name := range names {
		_, _ = h.Write([]byte(name)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return mix(seed ^ mix(h.Sum64()))
}

// shuffle is a permutation of 0 … n-1 without memory: a Feistel network of four rounds over the next power of four, which is repeated until
// the result is below n (Black and Rogaway, Ciphers with Arbitrary Finite Domains, CT-RSA 2002).
type shuffle struct {
	n    uint64
	half uint // bits
	key  uint64
}

func newShuffle(n int64, key uint64) shuffle {
	width := bits.Len64(uint64(max(n, 2) - 1)) //nolint:gosec // n is positive
	return shuffle{n: uint64(n), half: uint(width+1) / 2, key: key}
}

// at returns the image of i.
func (p shuffle) at(i int64) int64 {
	x, mask := uint64(i), uint64(1)<<p.half-1
	for {
		left, right := x>>p.half, x&mask
		for round := range uint64(4) {
			left, right = right, left^mix(right^p.key+round)&mask
		}
		if x = left<<p.half | right; x < p.n {
			return int64(x) //nolint:gosec // below n
		}
	}
}
