package takeover_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestGenerateInRandomDatabases generates rows in databases that were taken over. Their constraints go beyond the schema. The flags
// -databases and -seed select other databases.
func TestGenerateInRandomDatabases(t *testing.T) {
	t.Parallel()
	seeds := []uint64{2, 55, 62, 101}
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "databases" {
			seeds = nil
			for s := *firstSeed; s < *firstSeed+*databases; s++ {
				seeds = append(seeds, s)
			}
		}
	})
	for _, s := range seeds {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			t.Parallel()
			generateIn(t, s)
		})
	}
}

// generateIn generates rows, nothing more for the same number, and the rest for a greater one.
func generateIn(t *testing.T, s uint64) {
	t.Helper()
	a, db := randomDatabase(t, s)
	takeOver(t, a, db)
	types, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int64{20, 20, 25} {
		summary, err := a.Seed(t.Context(), db, types, func(o *seed.Options) { o.Generate = []seed.Count{{Rows: rows}} })
		if err != nil {
			t.Fatalf("%d rows: %v", rows, err)
		}
		for _, made := range summary.Generated {
			empty := testkit.Value(t, db, "SELECT NOT EXISTS (SELECT FROM "+pg.QuoteIdent(made.Table)+")") == "true"
			again := (rows == 20) && (made.Kept > 0) && (made.Rows > 0)
			if empty || again {
				t.Errorf("%d rows: %+v", rows, made)
			}
		}
	}
}
