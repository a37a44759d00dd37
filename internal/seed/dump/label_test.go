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
