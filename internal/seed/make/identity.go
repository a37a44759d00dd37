package make

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
)

// appendIdentity appends a text of bytes that is the same for values that Postgres considers equal. Their own bytes may differ: the case of
// a citext, the blanks at the end of a char(n), the digits after the point of a number, the form of a document or an interval.
func (c *slot) appendIdentity(b []byte, d *datum) []byte {
	if d.null || c.array {
		return c.appendDatum(b, d)
	}
	same := *d
	switch {
	case c.base == "citext":
		same.s = strings.ToLower(d.s)
	case c.base == "bpchar":
		same.s = strings.TrimRight(d.s, " ")
	case c.kind == kindNumeric || c.kind == kindInterval:
		return binary.BigEndian.AppendUint64(b, uint64(d.i)) //nolint:gosec // two's complement
	case c.kind == kindFloat4 || c.kind == kindFloat8:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(d.f+0)) // -0 is 0
	case c.kind == kindJSONB:
		var document any
		if err := json.Unmarshal([]byte(d.s), &document); err == nil {
			same.s = jsonText(document)
		}
	}
	return c.appendDatum(b, &same)
}
