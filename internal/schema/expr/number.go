package expr

import "math/big"

// Reciprocal returns 1 divided by a number, and whether that has finitely many digits.
func Reciprocal(digits string) (inverse string, exact bool) {
	n, ok := new(big.Rat).SetString(digits)
	if !ok || n.Sign() == 0 {
		return "", false
	}
	n.Inv(n)
	places, exact := n.FloatPrec()
	return n.FloatString(places), exact
}
