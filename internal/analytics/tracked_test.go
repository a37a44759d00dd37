package analytics_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

const notes = `
enum Size { SMALL LARGE }

type Note
  @table
  @track(event: "note_created", on: [CREATE], properties: ["id", "size", "tags", "parent", "stars"])
  @track(event: "note_written", on: [CREATE, UPDATE, DELETE], properties: ["size"])
  @auth(rules: [{ allow: OWNER, field: "owner" }]) {
  text: String! @length(max: 20) @pii
  owner: String! @default(expr: "auth.uid") @pii
  size: Size! @default(value: SMALL)
  tags: [String!]! @default(value: [])
  stars: Int
  parent: Note
  children: [Note!]!
}`

// tracked is an API whose mutations cause events.
type tracked struct {
	db      *pgxpool.Pool
	sink    *testkit.PostHog
	client  *analytics.Client
	outbox  *analytics.Outbox
	options exec.Options
	handler http.Handler
}

// silent is a pause of a relay that never comes by itself during a test.
const silent = time.Hour

func track(t testing.TB, enforced bool, change ...func(*analytics.OutboxOptions)) *tracked {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: notes})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	x := &tracked{db: testkit.NewDatabase(t), sink: testkit.NewPostHog(t)}
	if _, err := own.Apply(t.Context(), x.db); err != nil {
		t.Fatal(err)
	}
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range slices.Concat([]string{ddl.CreateUUIDFunction}, statements) {
		testkit.Exec(t, x.db, sql)
	}
	api, err := graph.New(s, graph.Options{Policed: enforced})
	if err != nil {
		t.Fatal(err)
	}
	x.options = exec.Options{API: api, DB: exec.Single(x.db), Logger: testkit.Logger(t)}
	if enforced {
		security := rls.Options{Enforce: true}
		tables, err := api.Policies()
		if err != nil {
			t.Fatal(err)
		}
		plan, err := rls.Make(t.Context(), x.db, tables, security)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range plan.Up {
			testkit.Exec(t, x.db, sql)
		}
		x.options.Enforce = &exec.Enforcement{Security: security}
	}
	x.client = client(t, x.sink)
	x.outbox = x.relay(t, change...)
	stop(t, x.outbox) // it has seen the table; tests start relays of their own
	return x.serveWith(t, x.outbox)
}

// serveWith serves the API with an outbox.
func (x *tracked) serveWith(t testing.TB, b *analytics.Outbox) *tracked {
	t.Helper()
	x.options.Outbox = b
	return x.serve(t)
}

// serve serves the API with its options.
func (x *tracked) serve(t testing.TB) *tracked {
	t.Helper()
	h, err := exec.New(x.options)
	if err != nil {
		t.Fatal(err)
	}
	x.handler = h
	return x
}

// relay starts a relay of the table.
func (x *tracked) relay(t testing.TB, change ...func(*analytics.OutboxOptions)) *analytics.Outbox {
	t.Helper()
	o := analytics.OutboxOptions{Pool: x.db, Client: x.client, Consent: analytics.Required, Every: silent, Idle: silent}
	for _, f := range change {
		f(&o)
	}
	b, err := analytics.NewOutbox(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Start(t.Context())
	t.Cleanup(func() { stop(t, b) })
	return b
}

func stop(t testing.TB, b *analytics.Outbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// ask sends a document with headers, and returns the answer.
func (x *tracked) ask(t testing.TB, who caller.Caller, document string, headers ...string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(`{"query":`+quote(document)+`}`))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	ctx := request.With(caller.With(r.Context(), who), &request.Info{ID: "r1", Correlation: "c1"})
	w := httptest.NewRecorder()
	analytics.Visit(x.handler).ServeHTTP(w, r.WithContext(ctx))
	return w.Body.String()
}

// rows returns what waits in the table, without what differs between runs.
func (x *tracked) rows(t testing.TB) string {
	t.Helper()
	return testkit.Value(t, x.db, `SELECT coalesce(string_agg(event || ' ' || (properties - 'id' - 'parent' - '$geoip_disable')::text, E'\n' ORDER BY id), '') FROM krowoc.outbox`)
}

func (x *tracked) count(t testing.TB) string {
	t.Helper()
	return testkit.Value(t, x.db, "SELECT count(*)::text FROM krowoc.outbox")
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

var ada = caller.Caller{UID: "ada"}
