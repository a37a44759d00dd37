package dump_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// TestLabels dumps the names of enum values that have other labels in Postgres, and loads them again.
func TestLabels(t *testing.T) {
	s := parse(t, `enum Rating { G @value(name: "all ages") PG_13 @value(name: "PG-13") NONE @value(name: "") }
		type Film @table @auth(rules: []) { title: String! rating: Rating! others: [Rating]! secret: Rating @pii }
		type Shelf @table(key: ["rating"]) @auth(rules: []) { rating: Rating! }
		type Box @table @auth(rules: []) { shelf: Shelf! }`)
	pool := database(t, s)
	testkit.Exec(t, pool, `
		INSERT INTO films (title, rating, others, secret) VALUES ('a', 'PG-13', '{PG-13,NULL,"all ages",""}', 'all ages'), ('b', '', '{}', NULL);
		INSERT INTO shelves VALUES ('PG-13'), (''); INSERT INTO boxes (shelf_rating) VALUES ('PG-13')`)
	o := options(t, pool, s)
	roundTrip(t, pool, s, o)
	text := files(t, o.Out)
	for _, want := range []string{"rating: PG_13\n", "others: [PG_13, null, G, NONE]\n", "rating: NONE\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestOpaqueTypes dumps the text form of types that the schema language does not have, and loads it again without a difference.
func TestOpaqueTypes(t *testing.T) {
	const before = `CREATE EXTENSION hstore; CREATE TYPE pair AS (a json, b text); CREATE DOMAIN tame AS rating CHECK (VALUE <> 'R')`
	s := parse(t, `enum Rating { PG_13 @value(name: "PG-13") R }
		type Odd @table @auth(rules: []) { name: String! pair: String @col(dataType: "pair") pairs: [String] @col(dataType: "pair[]") tags: String @col(dataType: "hstore")
			matrix: String @col(dataType: "integer[][]") address: String @col(dataType: "inet") span: String @col(dataType: "int4range") spot: String @col(dataType: "point")
			area: String @col(dataType: "box") path: String @col(dataType: "jsonpath") tame: Rating @col(dataType: "tame") tames: [Rating!] @col(dataType: "tame[]") }`)
	pool := database(t, s, before)
	testkit.Exec(t, pool, `INSERT INTO odds (name, pair, pairs, tags, matrix, address, span, spot, area, path, tame, tames) VALUES
		('a', '("[1]","x, y")', '{"([],)",NULL}', 'b=>2, a=>"x y"', '{{1,2},{3,4}}', '10.0.0.1', '[1,3)', '(1,2)', '(1,1),(0,0)', '$.a[*]', 'PG-13', '{PG-13}'), ('b', '(,)', '{}', '', '{}', NULL, 'empty', NULL, NULL, NULL, NULL, NULL)`)
	roundTrip(t, pool, s, options(t, pool, s), before)
}
