package make

import "encoding/binary"

// uuidOf makes a UUID (RFC 9562) of 122 bits and a version.
func uuidOf(high, low uint64, version uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], high&^0xf000|version<<12)
	binary.BigEndian.PutUint64(id[8:], low&^(3<<62)|2<<62)
	return id
}

// idEpoch is when the first row of a table was made, to go by the time in its id: 2024-01-01.
const idEpoch = 1_704_067_200_000

// rowID is the id of a row: a UUID of version 7, a millisecond after that of the row before, so that an index grows at its end.
func rowID(salt uint64, number int64) [16]byte {
	a, b := mix(salt+uint64(number)), mix(salt^mix(uint64(number))) //nolint:gosec // rows count from 0
	return uuidOf(uint64(idEpoch+number)<<16|a&0xfff, b, 7)         //nolint:gosec // 48 bits last for 8000 years
}
