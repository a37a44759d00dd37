package make

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/hint"
	"github.com/krowoc/krowoc/internal/schema"
)

// slot is a column of a blueprint. It is first described by the schema, and later by the database.
type slot struct {
	name       string
	field      *schema.Field
	kind       kind
	array      bool
	scale      int     // decimal places of a Decimal
	most       int     // maximum number of characters of the type; 0 if unlimited
	limit      float64 // the largest number of a Decimal's type; 0 if unlimited
	unit       float64 // the rounding unit of a type such as numeric(3,-2); otherwise 1
	base       string  // its base type in the catalog, without arrays and domains
	oid        uint32  // of its type
	elemOID    uint32  // of an array
	castType   string  // the type to which a text is cast
	notNull    bool
	elemType   string     // of an array: the type to which the text of an element is cast
	modifier   int32      // of the base; below 0 for none
	read       bool       // Postgres must parse the values from texts
	labels     []string   // of an enum
	relation   uint32     // of a composite type
	attributes []*slot    // of a composite type
	fills      bool       // the database fills it by default
	computed   bool       // nothing can be written to it
	sequence   string     // of its default; quoted
	hint       *hint.Hint // of the constraints in the database; nil without any
	elemHint   *hint.Hint // of an array: for its elements
	refers     bool       // a foreign key of the database restricts it
	carried    *slot      // the column of another table whose values it has; such a column is not in the database
	via        *schema.Field
}

// scalarKinds are the kinds of scalars.
var scalarKinds = map[schema.Scalar]kind{
	schema.ID: kindUUID, schema.String: kindText, schema.Int: kindInt4, schema.Int64: kindInt8, schema.Float: kindFloat8,
	schema.Decimal: kindNumeric, schema.Boolean: kindBool, schema.Date: kindDate, schema.DateTime: kindTimestamp,
	schema.Duration: kindInterval, schema.JSON: kindJSONB, schema.Bytes: kindText, schema.Vector: kindVector,
}

// typeNames are the alternative names of types in @col(dataType:).
var typeNames = map[string]string{
	"smallint": "int2", "integer": "int4", "int": "int4", "bigint": "int8", "real": "float4", "double precision": "float8", "decimal": "numeric",
	"boolean": "bool", "character varying": "varchar", "character": "bpchar", "char": "bpchar",
	"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
}

var typeArgs = regexp.MustCompile(`^([a-z0-9 _]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\))?(?:\s*\[\])*$`)

const defaultScale = 4

// newSlot returns the column of a field according to the schema.
func newSlot(f *schema.Field) *slot {
	c := &slot{name: f.Column, field: f, array: f.Type.List, scale: defaultScale, unit: 1, notNull: f.Type.NonNull}
	switch {
	case f.Type.Enum != nil:
		c.kind = kindText
	default:
		c.kind = scalarKinds[f.Type.Scalar]
	}
	m := typeArgs.FindStringSubmatch(strings.ToLower(f.DataType))
	if m == nil {
		return c
	}
	name := m[1]
	if alias, ok := typeNames[name]; ok {
		name = alias
	}
	k, known := kinds[name]
	if !known {
		return c
	}
	c.kind, c.base = k, name
	first, _ := strconv.Atoi(m[2])
	switch {
	case k == kindNumeric && m[2] != "":
		scale, _ := strconv.Atoi(m[3])
		c.sized(first, scale)
	case name == "bpchar":
		c.most = max(first, 1)
	case name == "name":
		c.most = mostName
	case k == kindText, k == kindVector:
		c.most = first
	}
	return c
}

// mostName is the maximum length of a Postgres name in bytes (NAMEDATALEN without the terminating zero).
const mostName = 63

// sized sets the precision and scale of a Decimal: the maximum of numeric(3,3) is 0.999, that of numeric(3,-2) is 99900.
func (c *slot) sized(precision, scale int) {
	c.limit = math.Pow10(precision-scale) - math.Pow10(-scale)
	c.unit = math.Pow10(max(0, -scale))
	c.scale = min(max(scale, 0), len(pow10)-1)
}

// longest returns the maximum length of a text in characters.
func (c *slot) longest() int {
	most := c.most
	if l := c.field.Constraints.Length; l != nil && l.Max != nil && !c.field.Type.List && (most == 0 || *l.Max < most) {
		most = *l.Max
	}
	if c.hint != nil && !c.array && c.hint.MaxLength > 0 && (most == 0 || c.hint.MaxLength < most) {
		most = c.hint.MaxLength
	}
	return most
}

// shortest returns the minimum length of a text in characters.
func (c *slot) shortest() int {
	least := 0
	if c.hint != nil && !c.array {
		least = c.hint.MinLength
	}
	if l := c.field.Constraints.Length; l != nil && l.Min != nil && !c.field.Type.List {
		return max(*l.Min, least)
	}
	return least
}

// isNumber reports whether the values are numbers, which can be drawn from a distribution.
func (k kind) isNumber() bool {
	switch k {
	case kindInt2, kindInt4, kindInt8, kindFloat4, kindFloat8, kindNumeric, kindInterval:
		return true
	}
	return false
}

// isText reports whether the database compares the values as texts.
func (c *slot) isText() bool {
	switch c.base {
	case "text", "varchar", "bpchar", "citext", "name":
		return true
	}
	return false
}

func (k kind) isTime() bool { return k == kindDate || k == kindTimestamp }

// bounds returns the smallest and the largest number that the type and the schema allow.
func (c *slot) bounds() (low, high float64) {
	switch c.kind {
	case kindInt2:
		low, high = -32768, 32767
	case kindInt4:
		low, high = -2147483648, 2147483647
	case kindNumeric:
		high = min(9e15, 9e18/pow10[c.scale]) // the limit of the representation
		if c.limit > 0 {
			high = min(high, c.limit)
		}
		low = -high
	default:
		low, high = -9e15, 9e15
	}
	if r := c.field.Constraints.Range; r != nil {
		if f, err := strconv.ParseFloat(r.Min, 64); err == nil {
			low = f
		}
		if f, err := strconv.ParseFloat(r.Max, 64); err == nil {
			high = f
		}
	}
	return c.limits(low, high)
}
