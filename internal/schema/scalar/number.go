package scalar

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

func canonicalInt(text string) (string, bool) { return canonicalWhole(text, 32) }

func canonicalSmallInt(text string) (string, bool) { return canonicalWhole(text, 16) }

func canonicalInt64(text string) (string, bool) { return canonicalWhole(text, 64) }

func canonicalWhole(text string, bits int) (string, bool) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return "", false
	}
	return strconv.FormatInt(n, 10), true
}

// number is a decimal number: sign, whole part, fraction, exponent. The exponent is short, so that nobody writes a gigabyte of zeros in
// six characters.
var number = regexp.MustCompile(`^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$`)

// mostDigits bounds the text of a Decimal.
const mostDigits = 1000

// canonicalDecimal writes out the exponent and keeps the zeros at the end, as Postgres's numeric does: 1.50e1 is 15.0.
func canonicalDecimal(text string) (string, bool) {
	m := number.FindStringSubmatch(text)
	if len(text) > mostDigits || m == nil || m[2]+m[3] == "" {
		return "", false
	}
	digits, exponent := m[2]+m[3], 0
	if m[4] != "" {
		exponent, _ = strconv.Atoi(m[4]) // it matched
	}
	point := len(m[2]) + exponent
	switch {
	case point < 0:
		digits, point = strings.Repeat("0", -point)+digits, 0
	case point > len(digits):
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction := strings.TrimLeft(digits[:point], "0"), digits[point:]
	if whole == "" {
		whole = "0"
	}
	canonical := whole
	if fraction != "" {
		canonical += "." + fraction
	}
	if m[1] == "-" && strings.Trim(digits, "0") != "" {
		canonical = "-" + canonical
	}
	return canonical, len(canonical) <= mostDigits
}

func canonicalFloat(text string) (string, bool) {
	f, ok := parseFloat(text, 64)
	return floatText(f, 64, 15), ok
}

// parseFloat reads a finite number. A number that is too small for its bits, as 1e-999, is refused, as Postgres does.
func parseFloat(text string, bits int) (float64, bool) {
	m := number.FindStringSubmatch(text)
	if m == nil || m[2]+m[3] == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, bits)
	vanished := f == 0 && strings.Trim(m[2]+m[3], "0") != ""
	return f, err == nil && !vanished && !math.IsInf(f, 0)
}

// floatText writes a number with the fewest digits that tell it from others, and with an exponent where Postgres's float8out does: below
// 1e-4, and from 10 to the power of most.
func floatText(f float64, bits, most int) string {
	scientific := strconv.FormatFloat(f, 'e', -1, bits)
	_, after, _ := strings.Cut(scientific, "e")
	if exponent, err := strconv.Atoi(after); err == nil && (exponent < -4 || exponent >= most) {
		return scientific
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}
