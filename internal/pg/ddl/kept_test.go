package ddl_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A target is built in an empty database unless the SQL of its schema could name something that migrations have made.
func TestWhatASchemaCanUse(t *testing.T) {
	t.Parallel()
	s := parsed(t, `enum Kind { A } type User @table { id: Int! n: Int @col(dataType: "serial") kind: Kind }`)
	for statement, want := range map[string]bool{
		"CREATE TYPE kind AS ENUM ('A', 'B'); CREATE TABLE users (id int PRIMARY KEY, n serial, kind kind, i int GENERATED ALWAYS AS IDENTITY)": false,
		ddl.CreateUUIDFunction:                                                         false,
		"CREATE SCHEMA other; CREATE TABLE other.t (a int)":                            false,
		"CREATE TYPE mood AS ENUM ('sad')":                                             true,
		"CREATE SCHEMA other; CREATE TYPE other.kind AS ENUM ('A')":                    true,
		"CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'":                 true,
		"CREATE FUNCTION uuid_generate_v7(int) RETURNS int LANGUAGE sql AS 'SELECT 1'": true,
		"CREATE DOMAIN email AS text":                                                  true,
		"CREATE TYPE pair AS (a int)":                                                  true,
		"CREATE TYPE span AS RANGE (subtype = float8)":                                 true,
		"CREATE SEQUENCE numbers":                                                      true,
		"CREATE TABLE posts (n serial)":                                                true, // its sequence stays
		"CREATE TABLE posts (a int); CREATE VIEW v AS TABLE posts; CREATE MATERIALIZED VIEW w AS SELECT 1 FROM v": false, // go with the table
		"CREATE TABLE posts (a int); CREATE VIEW v AS SELECT 1":                                                   true,
		"CREATE VIEW v AS SELECT 1":                                              true,
		"CREATE COLLATION german (provider = libc, locale = 'C')":                true,
		"CREATE TEXT SEARCH CONFIGURATION words (COPY = english)":                true,
		"CREATE EXTENSION citext":                                                true,
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC":              true,
		"CREATE CAST (jsonb AS bytea) WITH INOUT":                                true,
		"CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)": true,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, statement)
			kept, err := ddl.ReadKept(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			if got := kept.Beyond(s); got != want {
				t.Errorf("%t: %+v", got, kept)
			}
		})
	}
}
