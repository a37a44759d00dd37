package randomdb_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
	"github.com/krowoc/krowoc/internal/testkit/randomdb"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Postgres accepts the statements.
func TestStatements(t *testing.T) {
	t.Parallel()
	seeds := []uint64{80} // a function with the name of one of Postgres
	for seed := range uint64(30) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		db := testkit.NewDatabase(t)
		statements := randomdb.Statements(rand.New(rand.NewPCG(seed, 0)), 6, testkit.Major(t, db))
		if _, err := db.Exec(t.Context(), strings.Join(statements, ";\n")); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, strings.Join(statements, ";\n"))
		}
	}
}
