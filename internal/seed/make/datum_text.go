package make

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// text formats the value for templates and messages.
func (c *slot) text(d *datum) string {
	if d.null {
		return ""
	}
	switch c.kind {
	case kindInt2, kindInt4, kindInt8:
		return strconv.FormatInt(d.i, 10)
	case kindFloat4, kindFloat8:
		return strconv.FormatFloat(d.f, 'g', -1, 64)
	case kindNumeric:
		return strconv.FormatFloat(float64(d.i)/pow10[c.scale], 'f', -1, 64)
	case kindBool:
		return strconv.FormatBool(d.i&1 == 1)
	case kindUUID:
		return formatUUID(d.id)
	case kindDate:
		return timeOf(d.i).Format(time.DateOnly)
	case kindTimestamp:
		return timeOf(d.i).Format(time.RFC3339)
	case kindInterval:
		return (time.Duration(d.i) * time.Microsecond).String()
	case kindRaw, kindText, kindJSONB, kindVector:
		if e := c.field.Type.Enum; e != nil {
			return e.NameOf(d.s)
		}
	}
	return d.s
}

// native converts a value for encoding/json and CEL.
func (c *slot) native(d *datum) any {
	if d.null {
		return nil
	}
	switch c.kind {
	case kindInt2, kindInt4, kindInt8:
		return d.i
	case kindFloat4, kindFloat8:
		return d.f
	case kindNumeric:
		return float64(d.i) / pow10[c.scale]
	case kindBool:
		return d.i&1 == 1
	case kindJSONB:
		return json.RawMessage(d.s)
	}
	return c.text(d)
}

func formatUUID(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
