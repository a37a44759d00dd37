package jsonschema

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// The patterns agree with arithmetic.
func TestBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	number := func() string {
		whole := fmt.Sprint(random.IntN([]int{1, 3, 12, 120, 99999}[random.IntN(5)]))
		if random.IntN(2) == 0 {
			whole += "." + fmt.Sprintf("%0*d", 1+random.IntN(3), random.IntN(10))
		}
		if random.IntN(3) == 0 {
			whole = "-" + whole
		}
		return whole
	}
	for range 3000 {
		bound := number()
		low, high := regexp.MustCompile(atLeast(bound)), regexp.MustCompile(atMost(bound))
		for range 20 {
			x := number()
			if random.IntN(4) == 0 {
				x = bound
				if random.IntN(2) == 0 && strings.Contains(x, ".") {
					x += "0"
				}
			}
			order := rational(x).Cmp(rational(bound))
			if low.MatchString(x) != (order >= 0) {
				t.Fatalf("%s at least %s: %t, by %s", x, bound, order < 0, low)
			}
			if high.MatchString(x) != (order <= 0) {
				t.Fatalf("%s at most %s: %t, by %s", x, bound, order > 0, high)
			}
		}
	}
}

func rational(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return r
}
