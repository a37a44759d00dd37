package exec_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// platform is the API of testdata/platform.graphql.
func platform(t testing.TB, o graph.Options) *graph.API {
	t.Helper()
	text, err := os.ReadFile("../testdata/platform.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, list := sdl.Parse(sdl.Source{Name: "platform.graphql", Text: string(text)})
	if err := list.Err("parse"); err != nil {
		t.Fatal(list)
	}
	api, err := graph.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// database is one with the rows of testdata/platform.sql.
func database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return testkit.NewDatabase(t, testkit.Template(t, "platform", func(ctx context.Context, pool *pgxpool.Pool) error {
		text, err := os.ReadFile("../testdata/platform.sql")
		if err != nil {
			return err
		}
		_, err = pool.Exec(ctx, string(text))
		return err
	}))
}

// client asks a handler as somebody.
type client struct {
	handler http.Handler
	caller  caller.Caller
	db      *pgxpool.Pool // of serve
}

func newClient(t testing.TB, change func(*exec.Options)) client {
	t.Helper()
	api := platform(t, graph.Options{MaxAliases: manyAliases})
	o := exec.Options{API: api, DB: exec.Single(database(t)), Logger: testkit.Logger(t), Introspection: true}
	if change != nil {
		change(&o)
	}
	h, err := exec.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client{handler: h}
}

func (c client) as(caller caller.Caller) client {
	c.caller = caller
	return c
}

// serve answers for a schema, on a database with its enums, then what is before its tables, its tables and rows.
func serve(t testing.TB, text, before string, rows ...string) client {
	t.Helper()
	return serveIn(t, testkit.NewDatabase(t), text, before, rows...)
}

// manyAliases is a limit for documents that tests make.
const manyAliases = 10_000

// serveIn is serve in an empty database.
func serveIn(t testing.TB, db *pgxpool.Pool, text, before string, rows ...string) client {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, sql := range slices.Concat(statements[:len(s.Enums)], []string{ddl.CreateUUIDFunction, before}, statements[len(s.Enums):], rows) {
		testkit.Exec(t, db, sql)
	}
	api, err := graph.New(s, graph.Options{MaxAliases: manyAliases})
	if err != nil {
		t.Fatal(err)
	}
	h, err := exec.New(exec.Options{API: api, DB: exec.Single(db), Logger: testkit.Logger(t), Introspection: true})
	if err != nil {
		t.Fatal(err)
	}
	return client{handler: h, db: db}
}

// parsed is a schema.
func parsed(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	return s
}

// apiOf is the API of a schema.
func apiOf(t testing.TB, text string) *graph.API {
	t.Helper()
	api, err := graph.New(parsed(t, text), graph.Options{MaxAliases: manyAliases})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// send posts a document and returns the answer whole.
func (c client) send(t testing.TB, query string, vars map[string]any) *httptest.ResponseRecorder {
	t.Helper()
	return c.sendIn(t.Context(), t, query, vars)
}

// sendIn is send with a context.
func (c client) sendIn(ctx context.Context, t testing.TB, query string, vars map[string]any) *httptest.ResponseRecorder {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json") // whose status tells how the operation went
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r.WithContext(caller.With(r.Context(), c.caller)))
	return w
}

// data returns the data of an answer without errors, as it was sent.
func (c client) data(t testing.TB, query string, vars map[string]any) string {
	t.Helper()
	w := c.send(t, query, vars)
	text, ok := strings.CutPrefix(strings.TrimSpace(w.Body.String()), `{"data":`)
	if w.Code != http.StatusOK || !ok || !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s\nanswers %d %s", query, w.Code, w.Body)
	}
	return strings.TrimSuffix(text, "}")
}

var service = caller.Caller{Service: true}
