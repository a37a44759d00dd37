package verify_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/migrate/verify"
)

// kind is a column for which valid rows exist, and constraints that these rows satisfy all together, in any order.
type kind struct {
	sql     string
	changes []string // %[1]s is the table, %[2]s the column
}

const add = "ALTER TABLE %[1]s ADD CHECK "

var kinds = []kind{
	{"text", []string{ // draft, open or done
		add + "(%[2]s IN ('draft', 'open', 'done'))", add + "(length(%[2]s) <= 5)", add + "(%[2]s = lower(%[2]s))", add + "(%[2]s <> 'open')",
		"ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL",
	}},
	{"text DEFAULT 'none'", []string{ // AB123, different in each row
		add + "(%[2]s ~ '^[A-Z]{2}[0-9]{3}$')", "ALTER TABLE %[1]s ADD UNIQUE (%[2]s)", "ALTER TABLE %[1]s ALTER %[2]s TYPE varchar(5)",
		add + "(%[2]s = upper(%[2]s))", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL",
	}},
	{"text", []string{add + "(%[2]s LIKE '%%@%%')", "CREATE UNIQUE INDEX ON %[1]s (lower(%[2]s))", add + "(length(%[2]s) BETWEEN 12 AND 20)"}},
	{"text", []string{"ALTER TABLE %[1]s ALTER %[2]s TYPE int USING %[2]s::int"}},
	{"text", []string{"ALTER TABLE %[1]s ALTER %[2]s TYPE date USING %[2]s::date"}},
	{"text", []string{"ALTER TABLE %[1]s ALTER %[2]s TYPE mood USING %[2]s::mood", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
	{"int", []string{
		add + "(%[2]s >= 40)", add + "(%[2]s < 60)", add + "(%[2]s %% 5 = 0)", "ALTER TABLE %[1]s ADD UNIQUE (%[2]s)",
		"ALTER TABLE %[1]s ALTER %[2]s TYPE smallint", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL",
	}},
	{"numeric", []string{"ALTER TABLE %[1]s ALTER %[2]s TYPE numeric(6, 2)", add + "(%[2]s > 250)", add + "(%[2]s <= 251)"}},
	{"date", []string{add + "(%[2]s >= '2001-01-01')", add + "(%[2]s < '2001-02-01')", "ALTER TABLE %[1]s ALTER %[2]s TYPE timestamptz"}},
	{"time", []string{"ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL", "ALTER TABLE %[1]s ADD UNIQUE (%[2]s)"}},
	{"int4range", []string{"ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL", add + "(NOT isempty(%[2]s))"}},
	{"jsonb", []string{add + "(jsonb_typeof(%[2]s) = 'array')", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
	{"text[]", []string{add + "(cardinality(%[2]s) > 1)", add + "(cardinality(%[2]s) < 4)", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
	{"boolean", []string{add + "(%[2]s)", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
	{"mood", []string{add + "(%[2]s <> 'sad')", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
	{"int", []string{"ALTER TABLE %[1]s ADD FOREIGN KEY (%[2]s) REFERENCES base", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL"}},
}

// pairs are constraints of two columns: %[2]s and %[3]s.
var pairs = []kind{
	{"int", []string{add + "(%[2]s < %[3]s)", add + "(%[3]s - %[2]s >= 10)", add + "(%[2]s > 70)"}},
	{"text", []string{add + "(num_nonnulls(%[2]s, %[3]s) = 1)"}},
	{"date", []string{add + "(%[2]s <= %[3]s)", "ALTER TABLE %[1]s ADD UNIQUE (%[2]s, %[3]s)", add + "(%[2]s > '1999-12-31')"}},
	{"int", []string{"ALTER TABLE %[1]s ADD FOREIGN KEY (%[2]s, %[3]s) REFERENCES base (a, b)", "ALTER TABLE %[1]s ALTER %[2]s SET NOT NULL, ALTER %[3]s SET NOT NULL"}},
}

// history writes migrations that create a table and then restrict it, sometimes under other names.
func history(seed uint64) (files []string) {
	rng := rand.New(rand.NewPCG(seed, 1))
	table := "things"
	columns, changes := []string{"id int PRIMARY KEY"}, []string(nil)
	take := func(k kind, names ...any) {
		for _, name := range names {
			columns = append(columns, fmt.Sprint(name, " ", k.sql))
		}
		for _, change := range k.changes {
			if rng.IntN(4) > 0 {
				changes = append(changes, fmt.Sprintf(change+strings.Repeat("%.0[1]s", 1), append([]any{"TABLE"}, names...)...))
			}
		}
	}
	const each = 2
	for i := range each {
		take(kinds[(int(seed)*each+i)%len(kinds)], fmt.Sprintf("c%d", i))
	}
	take(pairs[int(seed)%len(pairs)], "p", "q")
	rng.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	files = []string{"001_things.sql", "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE base (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, UNIQUE (a, b)); CREATE TABLE things (" +
		strings.Join(columns, ", ") + ");", "-"}
	for i, change := range changes {
		if rng.IntN(6) == 0 {
			change = "TABLE RENAME TO t" + fmt.Sprint(i) + ";\n" + change
			change = strings.Replace(change, "TABLE", "ALTER TABLE "+table, 1)
			table = fmt.Sprint("t", i)
		}
		files = append(files, fmt.Sprintf("%03d_change.sql", i+2), strings.ReplaceAll(strings.ReplaceAll(change, "ALTER TABLE TABLE", "ALTER TABLE "+table), "ON TABLE", "ON "+table)+";", "-")
	}
	return files
}

// Constraints that come later, for which valid rows exist, never leave a migration proved on empty tables only.
func TestRowsSatisfyLaterConstraints(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			files := history(seed)
			result := run(t, nil, files...)
			failures := 0
			for _, f := range result.Files {
				for _, x := range f.Findings {
					if x.Kind != verify.Irreversible {
						failures++
						t.Errorf("%s: %s", f.File, x)
					}
				}
			}
			if len(result.Files) < len(files)/3 || failures > 0 {
				t.Errorf("%d of %d files are verified:\n%s", len(result.Files), len(files)/3, strings.Join(files, "\n"))
			}
		})
	}
}

// A unique index demands what a unique constraint does, whatever the names of its columns are. One with an expression demands nothing of the
// single columns.
func TestRowsSatisfyLaterUniqueIndexes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ columns, index string }{
		"a name with capitals":  {`"Code" text NOT NULL DEFAULT 'none'`, `("Code")`},
		"a name with a quote":   {`"say ""x""" text NOT NULL DEFAULT 'none'`, `("say ""x""")`},
		"a keyword":             {`"user" text NOT NULL DEFAULT 'none', n int NOT NULL DEFAULT 1`, `(n, "user")`},
		"a plain name":          {`code text NOT NULL DEFAULT 'none'`, `(code)`},
		"others are included":   {`"Code" text NOT NULL DEFAULT 'none', n int`, `("Code") INCLUDE (n)`},
		"another order":         {`"Code" text NOT NULL DEFAULT 'none', "N" int NOT NULL DEFAULT 1`, `("N" DESC, "Code" text_pattern_ops)`},
		"an expression":         {`"isMain" boolean NOT NULL, code text NOT NULL`, `("isMain", lower(code))`},
		"an expression of text": {`small boolean NOT NULL, "Code" text NOT NULL`, `((small::text || "Code"))`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := run(t, nil, "1_things.sql", "CREATE TABLE things (id int PRIMARY KEY, "+c.columns+");", "DROP TABLE things;",
				"2_index.sql", "CREATE UNIQUE INDEX things_index ON things "+c.index+";", "DROP INDEX things_index;",
				"3_rows.sql", "DO $$ BEGIN IF (SELECT count(*) FROM things) <> 3 THEN RAISE 'a row is missing'; END IF; END $$;", "SELECT 1;")
			for _, f := range result.Files {
				for _, x := range f.Findings {
					t.Errorf("%s: %s", f.File, x)
				}
			}
		})
	}
}
