package graph

import (
	"regexp"
	"time"
	_ "time/tzdata" // a machine may have no time zones

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// zoneName matches names of the IANA Time Zone Database, https://www.iana.org/time-zones. Postgres also takes abbreviations and offsets, which mean
// different things to different people.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// timeZone adds a parameter with the name of a time zone.
func (b *builder) timeZone(a arg) (string, error) {
	value, err := b.clientValue(Param{Kind: Variable, input: a.input, value: valueType{scalar: schema.String}, form: asZone})
	return value + "::text", err
}

// encodeZone returns the name of a time zone as Postgres takes it.
func encodeZone(value any) (string, error) {
	name, err := valueType{scalar: schema.String}.encode(value)
	if err != nil {
		return "", err
	}
	isName := zoneName.MatchString(name) && name != "Local" // which is what Go calls the zone of the machine
	if _, unknown := time.LoadLocation(name); unknown != nil || !isName {
		return "", invalid(quote(name)+" is not a known time zone", "write a name of the IANA Time Zone Database, such as Europe/Berlin")
	}
	return name, nil
}

// local reports whether a DateTime is stored without a time zone, in UTC.
func (v valueType) local() bool {
	return v.scalar == schema.DateTime && scalar.Of(v.scalar, v.dataType).IsLocal()
}
