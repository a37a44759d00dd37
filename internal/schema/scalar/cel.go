package scalar

// CEL is the type that the values of a scalar have in an expression.
type CEL int

// The types of CEL that scalars have.
const (
	CELString CEL = iota + 1
	CELInt
	CELDouble
	CELBool
	CELTimestamp
	CELDuration
	CELBytes
	CELDoubles // a list of doubles
	CELAny     // known only when the expression runs
)
