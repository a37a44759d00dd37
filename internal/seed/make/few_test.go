package make_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestFewPossibleRows asks for more rows of a type than its constraints allow, which is an error that says how many there can be, and why.
func TestFewPossibleRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sdl, sql, want string }{
		"a key of an enum":          {sdl: `enum L { LOW MID HIGH } type Level @table(key: ["name"]) @auth(rules: []) { name: L! note: String }`, want: "only 3 possible values for 10 rows"},
		"a unique enum":             {sdl: `enum L { LOW MID HIGH } type Level @table @auth(rules: []) { name: L! @unique note: String }`, want: "only 3 possible values for 10 rows"},
		"a unique boolean":          {sdl: `type Level @table @auth(rules: []) { on: Boolean! @unique note: String }`, want: "only 2 possible values for 10 rows"},
		"a check in a few values":   {sdl: `type Level @table @auth(rules: []) { name: String! @unique @check(expr: "this.name in ['a', 'b', 'c']") }`, want: "only 3 of 10 rows"},
		"a check in SQL":            {sdl: `type Level @table @auth(rules: []) { name: String! @unique @check(sql: "name IN ('a', 'b', 'c')") }`, want: "only 3 possible values for 10 rows"},
		"a range":                   {sdl: `type Level @table @auth(rules: []) { rank: Int! @unique @range(min: 1, max: 4) }`, want: "only 4 possible values for 10 rows"},
		"a range as the key":        {sdl: `type Level @table(key: ["rank"]) @auth(rules: []) { rank: Int! @range(min: 1, max: 4) }`, want: "only 4 possible values for 10 rows"},
		"an enum and a boolean":     {sdl: `enum L { LOW MID HIGH } type Level @table @unique(fields: ["name", "on"]) @auth(rules: []) { name: L! on: Boolean! }`, want: "only 6 possible values for 10 rows"},
		"a unique reference":        {sdl: `type Owner @table @auth(rules: []) { name: String! } type Level @table @auth(rules: []) { owner: Owner! @unique }`, want: "only 3 possible values for 10 rows"},
		"a check over two fields":   {sdl: `type Level @table @unique(fields: ["a", "b"]) @check(expr: "this.a < this.b") @auth(rules: []) { a: Int! @range(min: 1, max: 3) b: Int! @range(min: 1, max: 3) }`, want: "only 9 possible values for 10 rows"},
		"an index of the database":  {sdl: `enum L { LOW MID HIGH } type Level @table @auth(rules: []) { name: L! note: String }`, sql: `CREATE UNIQUE INDEX ON levels (name)`, want: "only 3 possible values for 10 rows"},
		"an index of an expression": {sdl: `type Level @table @auth(rules: []) { a: Int! @range(min: 1, max: 1000) }`, sql: `CREATE UNIQUE INDEX ON levels ((a % 3))`, want: "only 3 of 10 rows"},
		"a partial index":           {sdl: `enum L { LOW MID HIGH } type Level @table @auth(rules: []) { name: L! on: Boolean! @default(value: true) @check(expr: "this.on") }`, sql: `CREATE UNIQUE INDEX ON levels (name) WHERE "on"`, want: "only 3 of 10 rows"},
		"a pattern":                 {sdl: `type Level @table @auth(rules: []) { name: String! @unique @pattern(regex: "^[abc]$") }`, want: "only 3 of 10 rows"},
		"a domain":                  {sdl: `type Level @table @auth(rules: []) { name: String! @unique }`, sql: `CREATE DOMAIN word AS text CHECK (VALUE IN ('a', 'b', 'c')); ALTER TABLE levels ALTER COLUMN name TYPE word`, want: "only 3 possible values for 10 rows"},
		"a date":                    {sdl: `type Level @table @auth(rules: []) { day: Date! @unique @range(min: "2026-01-01", max: "2026-01-03") }`, want: "only 3 possible values for 10 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.sdl)
			pool := built(t, s)
			if c.sql != "" {
				testkit.Exec(t, pool, c.sql)
			}
			counts := []seed.Count{{Type: "Level", Rows: 10}}
			if strings.Contains(c.sdl, "type Owner") {
				counts = append(counts, seed.Count{Type: "Owner", Rows: 3})
			}
			_, err := seed.Load(t.Context(), making(t, pool, s, "", counts...))
			if err == nil {
				t.Fatalf("it has %s rows", testkit.Value(t, pool, "SELECT count(*) FROM levels"))
			}
			if text := explain(err); !strings.Contains(text, c.want) {
				t.Errorf("got %s, want %s", text, c.want)
			}
			if got := testkit.Value(t, pool, "SELECT count(*) FROM levels"); got != "0" {
				t.Errorf("%s rows are left", got)
			}
			counts[0].Rows = 3
			if strings.Contains(c.want, "only 2") {
				counts[0].Rows = 2
			}
			must(t)(seed.Load(t.Context(), making(t, pool, s, "", counts...)))
			if got := testkit.Value(t, pool, "SELECT count(*) FROM levels"); got != fmt.Sprint(counts[0].Rows) {
				t.Errorf("%s rows", got)
			}
		})
	}
}
