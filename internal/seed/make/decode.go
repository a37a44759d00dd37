package make

import (
	"encoding/binary"
	"math"

	"github.com/jackc/pgx/v5/pgtype"
)

// decode decodes a value in Postgres's binary format. It keeps unknown formats unchanged.
func (c *slot) decode(raw []byte) datum {
	switch {
	case raw == nil:
		return null
	case c.array:
		return datum{raw: true, s: string(raw)}
	}
	be := binary.BigEndian
	switch c.kind {
	case kindInt2:
		return datum{i: int64(int16(be.Uint16(raw)))} //nolint:gosec // two's complement
	case kindInt4:
		return datum{i: int64(int32(be.Uint32(raw)))} //nolint:gosec // the same
	case kindInt8, kindTimestamp:
		return datum{i: int64(be.Uint64(raw))} //nolint:gosec // the same
	case kindDate:
		return datum{i: int64(int32(be.Uint32(raw))) * microsPerDay} //nolint:gosec // the same
	case kindFloat4:
		return datum{f: float64(math.Float32frombits(be.Uint32(raw)))}
	case kindFloat8:
		return datum{f: math.Float64frombits(be.Uint64(raw))}
	case kindBool:
		return datum{i: int64(raw[0])}
	case kindUUID:
		return datum{id: [16]byte(raw)}
	case kindJSONB:
		return datum{s: string(raw[1:])}
	case kindNumeric:
		return c.decodeNumeric(raw)
	case kindInterval:
		months, days := int32(be.Uint32(raw[12:])), int32(be.Uint32(raw[8:]))                                           //nolint:gosec // two's complement
		return datum{raw: true, s: string(raw), i: int64(be.Uint64(raw)) + (int64(days)+30*int64(months))*microsPerDay} //nolint:gosec // the same
	case kindVector:
		return datum{raw: true, s: string(raw)}
	case kindText, kindRaw:
	}
	return datum{s: string(raw)}
}

// decodeNumeric decodes the output of numeric_send. It keeps a value that does not fit the scale unchanged, for copies.
func (c *slot) decodeNumeric(raw []byte) datum {
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, pgtype.NumericOID, pgtype.BinaryFormatCode, &n).Scan(raw, &n); err != nil {
		return datum{raw: true, s: string(raw)}
	}
	f, err := n.Float64Value()
	if err != nil {
		return datum{raw: true, s: string(raw)}
	}
	return datum{raw: true, s: string(raw), i: int64(math.Round(f.Float64 * pow10[c.scale]))}
}
