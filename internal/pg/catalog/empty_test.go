package catalog_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Objects that contain nothing are read like others.
func TestEmptyObjects(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE TYPE nothing AS (); CREATE TYPE former AS (a int); ALTER TYPE former DROP ATTRIBUTE a; CREATE TYPE none AS ENUM ();
		CREATE TABLE bare (); CREATE VIEW blank AS SELECT; CREATE MATERIALIZED VIEW still AS SELECT; CREATE PUBLICATION silence; CREATE SCHEMA hollow;
		CREATE FUNCTION idle() RETURNS void LANGUAGE sql AS ''; CREATE DOMAIN free AS text; CREATE TABLE parted (id int) PARTITION BY LIST (id)`)
	c, err := catalog.Read(t.Context(), db, catalog.Options{Owners: "none"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []catalog.Other{{Kind: "composite type", Name: "public.nothing", Definition: "()"}, {Kind: "composite type", Name: "public.former", Definition: "()"}} {
		if !slices.ContainsFunc(c.Others, func(o catalog.Other) bool {
			return o.Kind == want.Kind && o.Name == want.Name && o.Definition == want.Definition
		}) {
			t.Errorf("%s %s is missing in %+v", want.Kind, want.Name, c.Others)
		}
	}
	if c.Table("public", "bare") == nil || len(c.Enums) != 1 {
		t.Errorf("%+v, %+v", c.Tables, c.Enums)
	}
}
