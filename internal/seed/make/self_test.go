package make_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Rows refer to earlier rows of their own table by whatever key they have, also by one that no two rows get by chance.
func TestSelfReferenceByAKeyOfSeveralFields(t *testing.T) {
	s := parse(t, `
		type Shelf @table @auth(rules: []) { name: String! books: [Book!]! @inverse(field: "shelf") }
		type Book @table(key: ["shelf", "number"]) @auth(rules: []) { shelf: Shelf! number: Int! @range(min: 1, max: 500) title: String! sequel: Book }
		type Word @table(key: ["slug"]) @auth(rules: []) { slug: String! @length(max: 6) root: Word }`)
	pool := built(t, s)
	for _, rows := range []int64{3000, 4500} {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Type: "Shelf", Rows: 20}, seed.Count{Type: "Book", Rows: rows}, seed.Count{Type: "Word", Rows: rows})))
	}
	for _, question := range []string{
		"SELECT count(*) = 4500 AND count(sequel_number) > 2000 FROM books", "SELECT count(*) = 4500 AND count(root_slug) > 2000 FROM words",
	} {
		if got := testkit.Value(t, pool, question); got != "true" {
			t.Errorf("%s is %s", question, got)
		}
	}
}
