package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// UUIDFunction is the name of a function that generates IDs. Postgres has a similar one since version 18; this one works in every version.
const UUIDFunction = "uuid_generate_v7"

// CreateUUIDFunction creates the function. It takes a random UUID, replaces its first 48 bits by the milliseconds since 1970, and sets the
// version to 7 (RFC 9562).
const CreateUUIDFunction = `CREATE FUNCTION ` + UUIDFunction + `() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
  SELECT encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$`

// Extensions names the extensions that a schema needs.
func Extensions(s *schema.Schema) (names []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, t := range s.Tables {
		if slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Method == schema.Trigram }) {
			add(trigrams)
		}
		for _, f := range t.Fields {
			name := ""
			switch {
			case strings.EqualFold(f.DataType, "citext"):
				name = "citext"
			case f.Type.Scalar == schema.Vector:
				name = "vector"
			}
			add(name)
		}
	}
	return names
}

// trigrams is the extension of TRIGRAM indexes.
const trigrams = "pg_trgm"

// trigramIndexes returns the indexes of the schema that need the extension.
func (d *differ) trigramIndexes() (list []object) {
	for i := range d.want.Indexes {
		if x := &d.want.Indexes[i]; Method(x) == "trigram" {
			list = append(list, indexObject(x))
		}
	}
	return list
}
