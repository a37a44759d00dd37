package make

import (
	"encoding/binary"
	"math"
	"time"
)

// datum is a value. The kind of its column determines which field contains it.
type datum struct {
	null bool
	i    int64 // an integer; a Decimal times ten to the power of its column's scale; a time or a duration in microseconds; a Boolean
	f    float64
	s    string // a text, the label of an enum value, JSON, bytes, or with raw a value in Postgres's binary format
	id   [16]byte
	list []datum
	raw  bool // s is in Postgres's binary format
}

var null = datum{null: true}

// kind determines how a column's values are stored and written.
type kind uint8

const (
	kindRaw kind = iota // in s, in Postgres's binary format
	kindText
	kindJSONB
	kindInt2
	kindInt4
	kindInt8
	kindFloat4
	kindFloat8
	kindNumeric
	kindBool
	kindUUID
	kindDate
	kindTimestamp
	kindInterval
	kindVector
)

// kinds are the types whose binary format is implemented here. It is the input of the type's receive function in Postgres
// (src/backend/utils/adt).
var kinds = map[string]kind{
	"text": kindText, "varchar": kindText, "bpchar": kindText, "citext": kindText, "name": kindText, "json": kindText,
	"bytea": kindText, "jsonb": kindJSONB, "int2": kindInt2, "int4": kindInt4, "int8": kindInt8, "float4": kindFloat4, "float8": kindFloat8,
	"numeric": kindNumeric, "bool": kindBool, "uuid": kindUUID, "date": kindDate, "timestamp": kindTimestamp, "timestamptz": kindTimestamp,
	"interval": kindInterval, "vector": kindVector,
}

// pgEpoch is the epoch of Postgres's times.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const microsPerDay = 24 * 60 * 60 * 1_000_000

func microsOf(t time.Time) int64 { return t.Sub(pgEpoch).Microseconds() }

func timeOf(micros int64) time.Time { return pgEpoch.Add(time.Duration(micros) * time.Microsecond) }

// appendDatum appends a value in the binary format of COPY: its length, then the value.
func (c *slot) appendDatum(b []byte, d *datum) []byte {
	if d.null {
		return binary.BigEndian.AppendUint32(b, 0xffffffff)
	}
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	switch {
	case d.raw:
		b = append(b, d.s...)
	case c.array:
		b = c.appendArray(b, d.list)
	default:
		b = appendValue(b, c.kind, c.scale, d)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4)) //nolint:gosec // a value has less than 2 GB
	return b
}

func appendValue(b []byte, k kind, scale int, d *datum) []byte {
	switch k {
	case kindJSONB:
		return append(append(b, 1), d.s...)
	case kindInt2:
		return binary.BigEndian.AppendUint16(b, uint16(d.i)) //nolint:gosec // it is in the range of the type
	case kindInt4:
		return binary.BigEndian.AppendUint32(b, uint32(d.i)) //nolint:gosec // the same
	case kindInt8, kindTimestamp:
		return binary.BigEndian.AppendUint64(b, uint64(d.i)) //nolint:gosec // two's complement
	case kindFloat4:
		return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(d.f)))
	case kindFloat8:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(d.f))
	case kindNumeric:
		return appendNumeric(b, d.i, scale)
	case kindBool:
		return append(b, byte(d.i&1))
	case kindUUID:
		return append(b, d.id[:]...)
	case kindDate:
		return binary.BigEndian.AppendUint32(b, uint32(floorDiv(d.i, microsPerDay))) //nolint:gosec // two's complement
	case kindInterval:
		b = binary.BigEndian.AppendUint64(b, uint64(d.i)) //nolint:gosec // two's complement
		return append(b, 0, 0, 0, 0, 0, 0, 0, 0)          // no days, no months
	case kindVector:
		b = binary.BigEndian.AppendUint16(b, uint16(len(d.list))) //nolint:gosec // at most 16000
		b = append(b, 0, 0)
		for i := range d.list {
			b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(d.list[i].f)))
		}
		return b
	case kindRaw, kindText:
	}
	return append(b, d.s...)
}

// appendArray appends a one-dimensional array (array_recv).
func (c *slot) appendArray(b []byte, list []datum) []byte {
	hasNull, dimensions := uint32(0), uint32(1)
	for i := range list {
		if list[i].null {
			hasNull = 1
		}
	}
	if len(list) == 0 {
		dimensions = 0
	}
	b = binary.BigEndian.AppendUint32(b, dimensions)
	b = binary.BigEndian.AppendUint32(b, hasNull)
	b = binary.BigEndian.AppendUint32(b, c.elemOID)
	if len(list) == 0 {
		return b
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(list))) //nolint:gosec // it fits in memory
	b = binary.BigEndian.AppendUint32(b, 1)
	for i := range list {
		elem := slot{kind: c.kind, scale: c.scale}
		b = elem.appendDatum(b, &list[i])
	}
	return b
}
