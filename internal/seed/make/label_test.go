package make_test

import (
	"slices"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestLabels makes and loads rows of an enum whose values have other labels in Postgres: what a file says of them are names.
func TestLabels(t *testing.T) {
	s := parse(t, `enum Rating @enum(name: "The Rating") { G PG_13 @value(name: "PG-13") R @value(name: "adults' only") NONE @value(name: "") }
		type Film @table @auth(rules: []) @check(expr: "this.rating != 'R' || this.adult", name: "adults") {
			code: String! @unique
			rating: Rating! @default(value: PG_13)
			others: [Rating!]!
			adult: Boolean!
			was: Rating!
			note: String!
			short: Rating @col(dataType: "varchar(20)")
			tame: Rating @col(dataType: "tame")
		}
		type Shelf @table(key: ["rating"]) @auth(rules: []) { rating: Rating! }
		type Box @table @auth(rules: []) { shelf: Shelf! }`)
	pool := testkit.NewDatabase(t)
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	domain := `CREATE DOMAIN tame AS "The Rating" CHECK (VALUE <> 'adults'' only')`
	for _, sql := range slices.Insert(statements, 1, domain, ddl.CreateUUIDFunction) {
		testkit.Exec(t, pool, sql)
	}
	if err := ledger.Ensure(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	file := `films:
  - {code: a, rating: NONE, others: [R, PG_13, NONE], adult: false, was: R, note: x, short: R}
  - {code: b, others: [], adult: false, was: G, note: PG_13}
shelves:
  - {rating: R}
boxes:
  - {id: 00000000-0000-7000-8000-000000000001, shelf: R}
generate:
  Film: {count: 200, was: {weights: {PG_13: 1, NONE: 1}}, note: {case: was, when: {PG_13: {template: "is {{ .was }}"}}, else: other}}
`
	for range 2 {
		must(t)(seed.Load(t.Context(), making(t, pool, s, file)))
	}
	for question, want := range map[string]string{
		`SELECT rating::text || '|' || others::text || '|' || was || '|' || short FROM films WHERE code = 'a'`: `|{"adults' only",PG-13,""}|adults' only|adults' only`,
		`SELECT rating FROM films WHERE code = 'b'`:                                                            "PG-13",
		`SELECT count(*) FROM films`:                                                                           "202",
		`SELECT count(DISTINCT rating) FROM films`:                                                             "4",
		`SELECT bool_and((was = 'PG-13') = (note = 'is PG_13')) FROM films WHERE length(code) > 1`:             "true",
		`SELECT count(DISTINCT e) FROM films, unnest(others) AS e`:                                             "4",
		`SELECT count(DISTINCT tame) FROM films`:                                                               "3",
		`SELECT shelf_rating FROM boxes`:                                                                       "adults' only",
	} {
		if got := testkit.Value(t, pool, question); got != want {
			t.Errorf("%s: %s, want %s", question, got, want)
		}
	}
}
