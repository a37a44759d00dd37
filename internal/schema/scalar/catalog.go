package scalar

import (
	"regexp"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// catalogNames are the names that format_type gives to types which Type.SQL calls otherwise.
var catalogNames = map[string]string{"timestamptz": "timestamp with time zone"}

var modifier = regexp.MustCompile(`\([0-9, ]+\)`)

// FromSQL returns the scalar for a Postgres type that is written as format_type writes it: numeric(10,2). own reports that the scalar is
// stored as that type unless the schema names another. The scalar is empty where no scalar comes close to the type.
func FromSQL(typ string) (s schema.Scalar, own bool) {
	name := modifier.ReplaceAllString(typ, "")
	for _, s := range schema.Scalars {
		t := types[s]
		usual := t.SQL
		if other := catalogNames[usual]; other != "" {
			usual = other
		}
		if name == usual || slices.Contains(t.like, name) {
			return s, typ == usual
		}
	}
	return "", false
}
