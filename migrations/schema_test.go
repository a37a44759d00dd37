package migrations_test

import (
	"os"
	"testing"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestSchemaMatchesMigrations: what schema.graphql says and what the migrations build is the same, and the schema gives no
// diagnostic of any kind.
func TestSchemaMatchesMigrations(t *testing.T) {
	sources, err := sdl.ReadFS(os.DirFS(".."), "schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	types, mistakes := sdl.Parse(sources...)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	target, err := ddl.NewTarget(t.Context(), testkit.NewDatabase(t), types)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := target.Plan(t.Context(), platform(t), ddl.PlanOptions{Exclude: migrate.InternalTables("goose_db_version")})
	if err != nil || len(plan.Files)+len(plan.Left) > 0 {
		t.Errorf("%v\n%+v", err, plan)
	}
}
