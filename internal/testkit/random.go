package testkit

import (
	"os"
	"strconv"
)

// Random returns how many random cases a property test makes and the seed of the first; the others count on from it. A change is tested with
// the same few cases every time. The nightly run sets KROWOC_TEST_ROUNDS, how many times as many, and KROWOC_TEST_SEED.
func Random(cases uint64) (n, seed uint64) {
	n, seed = cases, 1
	if factor, err := strconv.ParseUint(os.Getenv("KROWOC_TEST_ROUNDS"), 10, 32); err == nil {
		n *= factor
	}
	if first, err := strconv.ParseUint(os.Getenv("KROWOC_TEST_SEED"), 10, 64); err == nil {
		seed = first
	}
	return n, seed
}
