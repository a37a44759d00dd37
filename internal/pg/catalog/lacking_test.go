package catalog_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Only what the change makes counts, even in a table that was changed by hand as well.
func TestLacking(t *testing.T) {
	const base = "CREATE TABLE books (id int PRIMARY KEY, kind text); CREATE TYPE mood AS ENUM ('SAD'); CREATE SCHEMA old"
	const change = `ALTER TABLE books ADD pages int, DROP kind, ADD CONSTRAINT long CHECK (pages > 9); ALTER TYPE mood ADD VALUE 'GLAD';
		CREATE TABLE shelves (id int); CREATE INDEX books_pages ON books (pages); DROP SCHEMA old; CREATE SCHEMA fresh`
	before, after := testkit.NewDatabase(t), testkit.NewDatabase(t)
	testkit.Exec(t, before, base)
	testkit.Exec(t, after, base)
	testkit.Exec(t, after, change)
	for byHand, want := range map[string]string{
		"": "",
		"ALTER TABLE books ADD by_hand int, ADD CHECK (id > 0); CREATE TABLE others (); COMMENT ON TABLE shelves IS 'x'; ALTER TABLE books ENABLE ROW LEVEL SECURITY": "",
		"ALTER TABLE books DROP pages CASCADE":      "index public.books_pages, table public.books - column pages integer - constraint long CHECK ((pages > 9))",
		"ALTER TABLE books ALTER pages TYPE bigint": "table public.books - column pages integer + column pages bigint",
		"ALTER TABLE books ADD kind int":            "table public.books + column kind integer",
		"DROP TABLE shelves":                        "table public.shelves - column id integer",
		"CREATE SCHEMA old":                         "schema old",
		"DROP SCHEMA fresh":                         "schema fresh",
	} {
		t.Run(byHand, func(t *testing.T) {
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, base)
			testkit.Exec(t, db, change)
			if byHand != "" {
				testkit.Exec(t, db, byHand)
			}
			var list []string
			for _, d := range catalog.Lacking(read(t, before), read(t, after), read(t, db)) {
				text := d.Kind + " " + d.Name
				for _, l := range d.Lines {
					if d.Kind == "table" {
						text += " " + string(l.Change) + " " + l.Text
					}
				}
				list = append(list, text)
			}
			if got := strings.Join(list, ", "); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}
