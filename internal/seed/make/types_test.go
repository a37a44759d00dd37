package make_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// typesByHand are what the schema of these tests has to find in the database.
const typesByHand = `
CREATE EXTENSION ltree; CREATE EXTENSION hstore;
CREATE TYPE grade AS ENUM ('good', 'not so good');
CREATE DOMAIN zip_code AS varchar(5);
CREATE DOMAIN code AS zip_code CHECK (value ~ '^[a-m]');
CREATE DOMAIN size AS int CHECK (value > 10);
CREATE DOMAIN short_tags AS varchar(4)[];
CREATE DOMAIN past AS date CHECK (value < '2027-01-01');
CREATE DOMAIN never AS text CHECK (false);
CREATE TYPE pair AS (a int, b int);
`

func types(t testing.TB) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/types.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// TestFillsAnyType makes rows of types whose binary format the seeds do not know, and of those that hold less than their name says.
func TestFillsAnyType(t *testing.T) {
	s := types(t)
	const rows = 300
	load := func() *pgxpool.Pool {
		pool := built(t, s, typesByHand)
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
		return pool
	}
	pool := load()
	for name, question := range map[string]string{
		"all rows are there": `SELECT (SELECT count(*) FROM odds) = 300 AND (SELECT count(*) FROM hosts) = 300 AND (SELECT count(*) FROM visits) = 300 AND (SELECT count(*) FROM tickets) = 300`,
		"addresses":          `SELECT count(DISTINCT address) > 100 AND count(DISTINCT network) > 50 AND count(network) < 300 FROM odds`,
		"labels":             `SELECT count(DISTINCT grade) = 2 AND max(cardinality(grades)) = 2 FROM odds`,
		"bits":               `SELECT count(DISTINCT flags) = 32 AND max(length(mask)) = 9 FROM odds`,
		"times":              `SELECT max(opens) > '20:00' AND min(opens) < '04:00' FROM odds`,
		"ranges":             `SELECT bool_and(NOT isempty(span)) FROM odds`,
		"uuids":              `SELECT max(cardinality(refs)) > 2 FROM odds`,
		"json":               `SELECT bool_and(json_typeof(plain) = 'object') FROM odds`,
		"domains":            `SELECT count(DISTINCT zip) > 50 AND count(DISTINCT code) > 20 AND bool_and(code ~ '^[a-m]') AND count(DISTINCT size) > 20 AND max(cardinality(tags)) > 2 FROM odds`,
		"domains of dates":   `SELECT count(DISTINCT born) > 50 FROM odds`,
		"fractions":          `SELECT count(DISTINCT fraction) > 100 AND max(fraction) < 1 FROM odds`,
		"hundreds":           `SELECT count(DISTINCT hundreds) > 10 AND bool_and(mod(hundreds, 100) = 0) FROM odds`,
		"months":             `SELECT count(DISTINCT months) > 20 AND min(months) >= '1 month' FROM odds`,
		"short elements":     `SELECT max(length(e)) = 3 FROM odds, unnest(shorts) AS e`,
		"small elements":     `SELECT count(DISTINCT e) > 50 AND max(e) < 100 FROM odds, unnest(prices) AS e`,
		"trees and pairs":    `SELECT max(nlevel(tree)) = 2 AND count(DISTINCT pairs) > 50 FROM odds`,
	} {
		if got := testkit.Value(t, pool, question); got != "true" {
			t.Errorf("%s: %s is %s", name, question, got)
		}
	}
	if again := load(); contents(t, again, s) != contents(t, pool, s) {
		t.Error("the same random seed makes other rows")
	}
	more := must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows + 20})))
	for _, made := range more.Generated {
		if made.Rows != 20 {
			t.Errorf("more: %+v", made)
		}
	}
}

// TestReadsWhatIsSaidOfAnyType has Postgres read values and fakes.
func TestReadsWhatIsSaidOfAnyType(t *testing.T) {
	s := parse(t, `type Odd @table @auth(rules: []) {
		opens: DateTime! @col(dataType: "time") price: Decimal! @col(dataType: "money") address: String! @col(dataType: "inet") other: String! @col(dataType: "inet") copy: String @col(dataType: "inet")
		which: String! pair: String! @col(dataType: "pair") grade: String! @col(dataType: "grade") hosts: [String!]! @col(dataType: "cidr[]") }`)
	pool := built(t, s, typesByHand)
	must(t)(seed.Load(t.Context(), making(t, pool, s, `generate: {Odd: {count: 100, address: {fake: ipv6}, other: {weights: {"10.0.0.1": 3, "10.0.0.2": 1}},
		copy: {of: address}, pair: {pick: ["(1,2)", "(3,4)"]}, grade: {case: which, when: {a: good}, else: not so good}, which: {pick: [a, b]}, hosts: {pick: [10.0.0.0/8]},
		opens: {between: [-3d, now]}, price: {between: [2, 4], round: 1}}}`)))
	if got := testkit.Value(t, pool, `SELECT bool_and(family(address) = 6 AND host(other) LIKE '10.0.0._' AND copy = address AND (pair).a < 4 AND (grade = 'good') = (which = 'a')
		AND price BETWEEN 2::money AND 4::money) AND count(DISTINCT opens) > 50 FROM odds`); got != "true" {
		t.Error(got)
	}
}

// TestRefusesTypesThatNothingIsKnownOf before anything is written, and says what to do.
func TestRefusesTypesThatNothingIsKnownOf(t *testing.T) {
	for text, want := range map[string]string{
		`a: String! @col(dataType: "never")`:          "Odd.a is never, and Postgres rejects the values generated for it: value for domain never violates check constraint",
		`a: [String!]! @col(dataType: "gtsvector[]")`: "Odd.a is gtsvector[], and Postgres rejects the values generated for it",
	} {
		s := parse(t, fmt.Sprintf("type First @table @auth(rules: []) { name: String! } type Odd @table @auth(rules: []) { first: First! %s }", text))
		pool := built(t, s, typesByHand)
		_, err := seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 10}))
		if err == nil || !strings.Contains(explain(err), want) || !strings.Contains(fault.HintOf(err), "generate: {Odd: {a: {value: …}}}") {
			t.Errorf("%s: %v; hint %s", text, err, fault.HintOf(err))
		}
	}
	s := parse(t, `type Odd @table @auth(rules: []) { name: String! a: String! @col(dataType: "inet") }`)
	pool := built(t, s, typesByHand)
	for text, want := range map[string]string{
		`{count: 5, a: {template: "{{ .name }}"}}`: "Odd.a is inet",
		`{count: 5, a: {value: nowhere}}`:          `Odd.a cannot be "nowhere": invalid input syntax for type inet`,
		`{count: 5, name: {of: a}}`:                "Odd.name is generated from a, which is inet",
		`{count: 5, name: {template: "{{ .a }}"}}`: "Odd.name is generated from a, which is inet",
		`{count: 5, a: {fake: word}}`:              "Odd.a is inet, and Postgres rejects the values generated for it: invalid input syntax",
	} {
		_, err := seed.Load(t.Context(), making(t, pool, s, "generate: {Odd: "+text+"}"))
		if err == nil || !strings.Contains(explain(err), want) || !strings.Contains(fault.HintOf(err), "pick") {
			t.Errorf("%s: %v; hint %s", text, err, fault.HintOf(err))
		}
	}
}

// TestBlamesAColumn names the field whose value Postgres alone can refuse.
func TestBlamesAColumn(t *testing.T) {
	s := parse(t, `type Odd @table @auth(rules: []) { some: Int! small: Int! @col(dataType: "size") }`)
	pool := built(t, s, typesByHand)
	_, err := seed.Load(t.Context(), making(t, pool, s, "generate: {Odd: {count: 5, some: 3, small: {of: some}}}"))
	want := "Under generate: Odd, specify how small is generated, so that the database accepts it."
	if err == nil || fault.HintOf(err) != want {
		t.Errorf("%v; hint %s", err, fault.HintOf(err))
	}
}

// TestFollowsReferencesOfSeveralFields fills the fields that a reference is made of from the row that it leads to; the types are those of
// docs/schema.md.
func TestFollowsReferencesOfSeveralFields(t *testing.T) {
	s := parse(t, followers)
	pool := built(t, s)
	for _, rows := range []int64{300, 320} {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
	}
	for _, question := range []string{
		`SELECT count(*) = 320 FROM versions`,
		`SELECT count(*) > 200 AND count(DISTINCT (prompt_id, number)) > 100 FROM executions JOIN versions USING (prompt_id, number)`,
		`SELECT count(*) BETWEEN 5 AND 80 AND bool_and(prompt_id IS NULL AND number IS NULL) FROM executions WHERE prompt_id IS NULL OR number IS NULL`,
		`SELECT count(*) = 320 FROM notes`,
		`SELECT count(*) = 320 AND count(before) = 0 FROM steps`,
		`SELECT count(*) = 320 AND count(reader_number) = 0 FROM pairs`,
	} {
		if got := testkit.Value(t, pool, question); got != "true" {
			t.Errorf("%s is %s", question, got)
		}
	}
}

// TestFollowsWhatIsSaidOfReferences of several fields: how the row is picked, how many each has, or one of the fields itself.
func TestFollowsWhatIsSaidOfReferences(t *testing.T) {
	s := parse(t, followers)
	for said, question := range map[string]string{
		"{count: 50, version: {pick: [$versions.first]}}": `SELECT count(*) = 50 AND min(number) = 7 AND max(number) = 7 AND count(DISTINCT prompt_id) = 1 FROM executions`,
		"{per: {version: 2}}":                             `SELECT count(*) = 42 AND count(DISTINCT (prompt_id, number)) = 21 FROM executions`,
		"{count: 50, version: null}":                      `SELECT count(*) = 50 AND count(number) = 0 FROM executions`,
		"{per: {prompt: 2}}":                              `SELECT count(*) = 42 AND count(number) = 0 FROM executions`,
		"{count: 50, prompt: $prompts.first}":             `SELECT count(*) = 50 AND count(number) = 0 AND count(prompt_id) = 50 FROM executions`,
	} {
		pool := built(t, s)
		must(t)(seed.Load(t.Context(), making(t, pool, s, "prompts: {first: {title: One}}\nversions: {first: {prompt: $prompts.first, number: 7}}\n"+
			"generate: {Prompt: 20, Version: 20, Execution: "+said+"}")))
		if got := testkit.Value(t, pool, question); got != "true" {
			t.Errorf("%s: %s is %s", said, question, got)
		}
	}
	_, err := seed.Load(t.Context(), making(t, built(t, s), s, "generate: {Version: 5, Execution: {count: 5, version: $versions, number: 3}}"))
	if err == nil || !strings.Contains(explain(err), "Execution.version is generated from number, which already has a definition") {
		t.Error(err)
	}
}

// followers have references that are made of other fields' columns; the first types are those of docs/schema.md.
const followers = `
type Prompt @table @auth(rules: []) { title: String! }
type Version @table(key: ["prompt", "number"]) @auth(rules: []) { prompt: Prompt! @ref(onDelete: CASCADE) number: Int! }
type Execution @table @auth(rules: []) {
  prompt: Prompt @ref(onDelete: CASCADE)
  number: Int
  version: Version @ref(fields: ["prompt", "number"])
}
type Note @table(key: ["prompt", "number"]) @auth(rules: []) { prompt: Prompt! number: Int! version: Version! @ref(fields: ["prompt", "number"]) text: String! }
type Step @table(key: ["prompt", "number"]) @auth(rules: []) { prompt: Prompt! number: Int! before: Int previous: Step @ref(fields: ["prompt", "before"]) }
type Pair @table @auth(rules: []) {
  prompt: Prompt! number: Int! readerNumber: Int
  version: Version! @ref(fields: ["prompt", "number"]) reader: Version @ref(fields: ["prompt", "readerNumber"])
}
`
