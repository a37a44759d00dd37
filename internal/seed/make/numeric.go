package make

import "encoding/binary"

// appendNumeric appends value / 10^scale (numeric_recv): groups of four decimal digits, the first of weight 10000^weight.
func appendNumeric(b []byte, value int64, scale int) []byte {
	sign := uint16(0)
	rest := uint64(value) //nolint:gosec // negated below
	if value < 0 {
		sign, rest = 0x4000, uint64(-value)
	}
	var groups [8]uint16
	n, fraction := len(groups), (scale+3)/4
	// The groups of the fraction come first, from the right. The last one is padded with zeros.
	pad := uint64(1)
	for range fraction*4 - scale {
		pad *= 10
	}
	if fraction > 0 {
		n--
		groups[n] = uint16(rest % (10000 / pad) * pad)
		rest /= 10000 / pad
	}
	for rest > 0 || len(groups)-n < fraction {
		n--
		groups[n] = uint16(rest % 10000)
		rest /= 10000
	}
	digits := groups[n:]
	weight := len(digits) - fraction - 1
	for len(digits) > 0 && digits[0] == 0 {
		digits, weight = digits[1:], weight-1
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(digits)))
	b = binary.BigEndian.AppendUint16(b, uint16(weight)) //nolint:gosec // two's complement
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, uint16(scale)) //nolint:gosec // at most 18
	for _, d := range digits {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// pow10 are the powers of ten for the scales of Decimals.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}
