package mask

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/krowoc/krowoc/internal/schema"
)

// The maximum number of steps on a cycle to find a value that satisfies constraints.
const (
	maxSteps     = 2000
	maxTextSteps = 200
)

// shape is a text whose letters and digits are permuted and whose other characters stay.
type shape struct {
	runes  []rune
	at     []int   // positions of the characters that change
	radix  []int64 // of each
	from   []rune  // the first character of each digit's alphabet
	digits []int64
	label  string
}

func (s *shape) add(i int, from rune, radix, digit int64) {
	s.at, s.from = append(s.at, i), append(s.from, from)
	s.radix, s.digits = append(s.radix, radix), append(s.digits, digit)
}

func (s *shape) text(digits []int64) string {
	out := append([]rune(nil), s.runes...)
	for i, d := range digits {
		c := s.from[i] + rune(d) //nolint:gosec // a digit is below its radix
		if s.radix[i] == hexRadix && d > 9 {
			c = 'a' + rune(d) - 10 //nolint:gosec // as above
		}
		out[s.at[i]] = c
	}
	return string(out)
}

// walk returns the first mask that fits, or "".
func (s *shape) walk(m *Masker, steps int, fits func(string) bool) string {
	if len(s.at) == 0 {
		return ""
	}
	digits := m.permutation(s.label, s.radix).walk(s.digits, steps, func(d []int64) bool { return fits(s.text(d)) })
	if digits == nil {
		return ""
	}
	return s.text(digits)
}

const hexRadix = 16

// letters returns the shape of a text. Digits become digits, and letters become letters of the same case. Non-ASCII letters become ASCII
// letters; the label contains the original ones, so that texts that differ only in them usually have different masks. A prefix that all
// values of the field share is kept.
func letters(text, prefix string, hex bool) *shape {
	s := &shape{runes: []rune(text)}
	var label strings.Builder
	label.WriteString("letters ")
	fixed := 0
	if strings.HasPrefix(text, prefix) {
		fixed = len([]rune(prefix))
	}
	for i, c := range s.runes {
		switch {
		case i < fixed:
			label.WriteRune(c)
			continue
		case c >= '0' && c <= '9' && hex:
			s.add(i, '0', hexRadix, int64(c-'0'))
		case hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')):
			s.add(i, '0', hexRadix, int64(unicode.ToLower(c)-'a'+10))
		case c >= '0' && c <= '9':
			s.add(i, '0', 10, int64(c-'0'))
		case c >= 'a' && c <= 'z':
			s.add(i, 'a', 26, int64(c-'a'))
		case c >= 'A' && c <= 'Z':
			s.add(i, 'A', 26, int64(c-'A'))
		case c > unicode.MaxASCII && unicode.IsUpper(c):
			s.add(i, 'A', 26, int64(c%26))
			label.WriteRune(c)
			continue
		case c > unicode.MaxASCII && !unicode.IsSpace(c) && !unicode.IsPunct(c):
			s.add(i, 'a', 26, int64(c%26))
			label.WriteRune(c)
			continue
		default:
			label.WriteRune(c)
			continue
		}
		label.WriteRune(s.from[len(s.from)-1])
	}
	s.label = label.String()
	return s
}

// number masks a number or an interval. It changes digits, but keeps their count, the sign, the point and the exponent.
func (f *Field) number(text string) (string, error) {
	s := &shape{runes: []rune(text), label: "number "}
	mantissa, _, _ := strings.Cut(text, "e")
	inNumber := false // after the first digit
	for i, c := range mantissa {
		digit := c >= '0' && c <= '9'
		longer := i+1 < len(mantissa) && mantissa[i+1] >= '0' && mantissa[i+1] <= '9'
		switch {
		case digit && !inNumber && c != '0' && longer:
			s.add(i, '1', 9, int64(c-'1')) // a leading zero would make the number shorter
		case digit:
			s.add(i, '0', 10, int64(c-'0'))
		}
		inNumber = digit || (inNumber && c == '.')
		if digit {
			s.label += "0"
		} else {
			s.label += string(c)
		}
	}
	if len(s.at) == 0 {
		return "", errNone // NaN, infinity
	}
	if mask := s.walk(f.Masker, maxSteps, f.inRange); mask != "" {
		return mask, nil
	}
	return f.between(s)
}

// inRange reports whether a number is within the bounds of the field and of its type.
func (f *Field) inRange(text string) bool {
	switch f.field.Type.Scalar {
	case schema.Int:
		if _, err := strconv.ParseInt(text, 10, 32); err != nil {
			return false
		}
	case schema.Int64:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return false
		}
	}
	if f.low == nil && f.high == nil {
		return true
	}
	n, ok := new(big.Rat).SetString(text)
	return ok && (f.low == nil || n.Cmp(f.low) >= 0) && (f.high == nil || n.Cmp(f.high) <= 0)
}

// between returns a number within narrow bounds, with the same number of decimals as the value.
func (f *Field) between(s *shape) (string, error) {
	if f.low == nil || f.high == nil {
		return "", errNone
	}
	text := string(s.runes)
	_, fraction, _ := strings.Cut(text, ".")
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil))
	low, high := new(big.Rat).Mul(f.low, scale), new(big.Rat).Mul(f.high, scale)
	from := new(big.Int).Quo(low.Num(), low.Denom())
	span := new(big.Int).Sub(new(big.Int).Quo(high.Num(), high.Denom()), from)
	if span.Sign() <= 0 {
		return "", errNone
	}
	for attempt := range 100 {
		n := new(big.Int).SetBytes(f.bits(len(span.Bytes())+8, "between", text, strconv.Itoa(attempt)))
		n.Add(n.Mod(n, new(big.Int).Add(span, big.NewInt(1))), from)
		mask := new(big.Rat).Quo(new(big.Rat).SetInt(n), scale).FloatString(len(fraction))
		if mask != text && f.inRange(mask) {
			return mask, nil
		}
	}
	return "", errNone
}
