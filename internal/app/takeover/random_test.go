package takeover_test

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/drift"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
	"github.com/krowoc/krowoc/internal/testkit/randomdb"
)

var (
	databases = flag.Uint64("databases", 6, "number of random databases to take over")
	firstSeed = flag.Uint64("seed", 1, "seed of the first random database")
)

// TestRandomDatabases takes over random databases. For each, nothing is left to do then, the database has no drift, all models can be
// written, and the API answers queries for all fields of all types.
func TestRandomDatabases(t *testing.T) {
	t.Parallel()
	for seed := *firstSeed; seed < *firstSeed+*databases; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			a, db := randomDatabase(t, seed)
			s, _ := takeOver(t, a, db)
			wantNoDrift(t, a, s, db)
			wantModels(t, a)
			wantAnswers(t, a, db)
		})
	}
}

// randomDatabase returns an empty project and a random database to take over. A test that fails logs the SQL of both.
func randomDatabase(t *testing.T, seed uint64) (*app.App, *pgxpool.Pool) {
	t.Helper()
	db := testkit.NewDatabase(t)
	sql := strings.Join(randomdb.Statements(rand.New(rand.NewPCG(seed, 0)), 6, testkit.Major(t, db)), ";\n")
	testkit.Exec(t, db, sql)
	a := emptyProject(t)
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(a.Config.Root, "schema.graphql"))
			t.Logf("%s\n\n%s", sql, text)
		}
	})
	return a, db
}

func wantNoDrift(t *testing.T, a *app.App, s *scratch.Server, db *pgxpool.Pool) {
	t.Helper()
	if _, err := takeover.RecordBaseline(t.Context(), a, db); err != nil {
		t.Fatal(err)
	}
	found, err := drift.Find(t.Context(), a, db, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found.Differences {
		t.Errorf("drift: %v", d)
	}
}

func wantModels(t *testing.T, a *app.App) {
	t.Helper()
	var names []string
	for _, target := range a.Targets() {
		names = append(names, target.Name)
	}
	jobs, err := a.GenerateJobs(names)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Generate(jobs); err != nil {
		t.Error(err)
	}
}

// wantAnswers sends one query for each list of the API.
func wantAnswers(t *testing.T, a *app.App, db *pgxpool.Pool) {
	t.Helper()
	types, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	api, err := graph.New(types, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := exec.New(exec.Options{API: api, DB: exec.Single(db), Logger: slog.New(slog.DiscardHandler), Introspection: true})
	if err != nil {
		t.Fatal(err)
	}
	shape, err := a.APISchema(types)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range shape.Query.Fields {
		nodes := shape.Types[f.Type.Name()].Fields.ForName("nodes")
		if nodes == nil {
			continue
		}
		query := fmt.Sprintf(`{ %s(first: 2) { totalCount nodes { %s } } }`, f.Name, strings.Join(leaves(shape, shape.Types[nodes.Type.Name()]), " "))
		if answer := post(t, handler, query); strings.Contains(answer, `"errors"`) {
			t.Errorf("%s\n%s", query, answer)
		}
	}
}

// leaves returns the fields of a type without selections and required arguments.
func leaves(s *ast.Schema, t *ast.Definition) (names []string) {
	for _, f := range t.Fields {
		if kind := s.Types[f.Type.Name()].Kind; (kind == ast.Scalar || kind == ast.Enum) && len(f.Arguments) == 0 {
			names = append(names, f.Name)
		}
	}
	return append(names, "__typename")
}

func post(t *testing.T, handler http.Handler, query string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewBufferString(fmt.Sprintf(`{"query": %q}`, query)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(caller.With(t.Context(), caller.Caller{Service: true})))
	return w.Body.String()
}
