package node

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	decimal   = regexp.MustCompile(`^[+-]?(?:[0-9]+(?:_[0-9]+)*)?(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?(?:[eE][+-]?[0-9]+)?$`)
	otherBase = regexp.MustCompile(`^[+-]?0(?:[xX][0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*|[oO][0-7]+(?:_[0-7]+)*|[bB][01]+(?:_[01]+)*)$`)
	zeros     = regexp.MustCompile(`^([+-]?)(0[0_]*)([0-9].*)$`)
)

// Number returns a number in decimal notation, without grouped digits. whole reports whether it has neither a point nor an exponent.
// plain is empty if the text is not a number, or if YAML 1.1 and people read it differently, such as 0777. For the latter, remedy contains the
// ways to write it.
func Number(text string) (plain string, whole bool, remedy string) {
	if otherBase.MatchString(text) {
		n, _ := new(big.Int).SetString(strings.TrimPrefix(text, "+"), 0) // it matches
		return n.String(), true, ""
	}
	if !decimal.MatchString(text) || !strings.ContainsAny(text, "0123456789") || strings.HasPrefix(strings.ToLower(strings.TrimLeft(text, "+-.")), "e") {
		return "", false, ""
	}
	whole = !strings.ContainsAny(text, ".eE")
	if m := zeros.FindStringSubmatch(text); m != nil {
		remedy = "write it without leading zeros: " + m[1] + m[3]
		if octal, ok := new(big.Int).SetString(m[1]+"0o"+strings.ReplaceAll(m[3], "_", ""), 0); whole && ok && octal.Sign() != 0 {
			remedy += "; the octal number is " + m[1] + "0o" + m[3]
		}
		return "", whole, remedy
	}
	return strings.ReplaceAll(text, "_", ""), whole, ""
}

// IsNumber reports whether a node is a number. YAML reads an unquoted number beyond the range of a float as text; it is included.
func IsNumber(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return true
	case "!!str":
		f, _ := strconv.ParseFloat(n.Value, 64)
		plain, _, _ := Number(n.Value)
		return n.Style == 0 && plain != "" && math.IsInf(f, 0)
	}
	return false
}
