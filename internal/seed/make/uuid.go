package make

import "encoding/binary"

// uuidOf returns a UUID (RFC 9562) with 122 given bits and a version.
func uuidOf(high, low uint64, version uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], high&^0xf000|version<<12)
	binary.BigEndian.PutUint64(id[8:], low&^(3<<62)|2<<62)
	return id
}

// idEpoch is the time in the ID of the first row of a table: 2024-01-01.
const idEpoch = 1_704_067_200_000

// rowID returns the ID of a row: a UUID of version 7 with a time one millisecond after that of the previous row, so that indexes grow at
// the end.
func rowID(salt uint64, number int64) [16]byte {
	a, b := mix(salt+uint64(number)), mix(salt^mix(uint64(number))) //nolint:gosec // rows count from 0
	return uuidOf(uint64(idEpoch+number)<<16|a&0xfff, b, 7)         //nolint:gosec // 48 bits last for 8000 years
}
