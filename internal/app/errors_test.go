package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// marked is a value that no table may have.
const marked = "marker4711"

// failing answers requests that say how to fail, as a part of the program with a fault or a mistake would.
func failing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch how := r.Header.Get("Fail"); how {
		case "":
			next.ServeHTTP(w, r)
		case "panic":
			panic(errors.New("the user " + marked + " is wrong"))
		default:
			problem.Write(w, r, &fault.Error{Code: fault.Code(how), Op: "ask a service", Message: fmt.Sprintf("it says %q to %s@example.com", marked, marked)})
		}
	})
}

// recorded is a server of the prompt platform whose errors a test reads.
type recorded struct {
	url      string
	db       *pgxpool.Pool
	recorder *errorlog.Recorder
}

func newRecorded(t *testing.T, environ ...string) recorded {
	t.Helper()
	database := testkit.DatabaseURL(t)
	a := newApp(t, repository, append(environ, "DATABASE_URL=", "KROWOC_DATABASE_URL="+database)...)
	apptest.MigrateAndSeed(t, a)
	db, err := pg.Connect(t.Context(), pg.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	r := a.NewErrors(db)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	url := api(t, a, app.ServerOptions{
		Errors: r, Authenticators: []server.Authenticator{app.ActAs{}},
		Middleware: []server.Middleware{{Stage: server.Limit, Name: "failing", Wrap: failing}},
	})
	return recorded{url, db, r}
}

// flush waits until all is written.
func (r recorded) flush(t *testing.T) {
	t.Helper()
	if err := r.recorder.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// send sends a request with pairs of header names and values, and returns its status.
func (r recorded) send(t *testing.T, method, path, body string, header ...string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// graphql sends an operation, which fails with status 200.
func (r recorded) graphql(t *testing.T, user, query, variables string, header ...string) {
	t.Helper()
	body := fmt.Sprintf(`{"query": %q, "variables": %s}`, query, variables)
	r.send(t, http.MethodPost, "/graphql", body, append([]string{app.ActAsHeader, user}, header...)...)
}

// Errors of every category arrive from the edges of a real server, each on one edge alone, and no value of a user is in the table.
func TestErrorsOfAServer(t *testing.T) {
	r := newRecorded(t, "KROWOC_ENV=development")
	const newUser = `mutation Create($id: String!, $email: String!) {createUser(data: {id: $id, email: $email, name: "` + marked + ` Lovelace"}) {id}}`
	user := func(id, email string) string { return fmt.Sprintf(`{"id": %q, "email": %q}`, id, email) }

	r.graphql(t, marked, newUser, user(marked, marked+"@example.com"))           // succeeds
	r.graphql(t, marked+"2", newUser, user(marked+"2", marked+"@example.com"))   // the address is taken
	r.graphql(t, marked+"3", newUser, user(marked+"3", strings.ToUpper(marked))) // not an address
	r.graphql(t, marked, newUser, user(marked+"4", marked+"4@example.com"))      // somebody else
	r.graphql(t, marked, `{`+marked+` {id}}`, "{}")                              // not a field
	r.graphql(t, marked, `{prompts(first: "`+marked+`") {totalCount}}`, "{}")    // not a number
	r.graphql(t, marked, `query `+"Q"+` {user(id: {`+marked+`: 1}) {id}}`, "{}") // not an argument
	r.graphql(t, marked, `mutation {deleteTeam(id: "0190f3c2-1111-7abc-8def-0123456789ab") {id}}`, "{}")
	for _, code := range append([]fault.Code{fault.Canceled}, errorlog.Categories...) {
		r.send(t, http.MethodGet, "/graphql?query="+marked+"&token="+marked, "", "Fail", string(code), "Cookie", "session="+marked)
	}
	r.send(t, http.MethodPost, "/graphql", "{}", "Fail", "panic")
	r.send(t, http.MethodGet, "/users/"+marked+"?email="+marked, "")
	r.send(t, http.MethodPost, "/graphql", marked)
	r.send(t, http.MethodPost, "/graphql", "{}", "Authorization", "Bearer "+marked+strings.Repeat("x", 30))
	if status := r.send(t, http.MethodPost, errorlog.ReceiverPath, `{"message": "'`+marked+`' is not defined", "url": "`+r.url+`/users/`+marked+`?x=`+marked+`"}`, "Origin", r.url, "Content-Type", "text/plain"); status != http.StatusNoContent {
		t.Errorf("a report of a browser: %d", status)
	}
	r.flush(t)

	got := testkit.Value(t, r.db, `SELECT string_agg(DISTINCT category, ' ' ORDER BY category) FROM krowoc.errors WHERE edge = 'http'`)
	if want := "conflict forbidden internal invalid not_found rate_limited timeout unauthenticated unavailable upstream"; got != want {
		t.Errorf("over HTTP, the categories are %s", got)
	}
	if got := testkit.Value(t, r.db, `SELECT string_agg(edge || ' ' || n, ', ' ORDER BY edge) FROM (SELECT edge, sum(count) AS n FROM krowoc.errors GROUP BY 1) AS e`); got != "browser 1, graphql 7, http 14" {
		t.Errorf("the edges have %s:\n%s", got, testkit.Value(t, r.db, `SELECT string_agg(concat_ws(', ', edge, category, place, message, count), E'\n' ORDER BY edge) FROM krowoc.errors`))
	}
	for _, row := range []string{
		"graphql, conflict, mutation createUser", "graphql, not_found, mutation deleteTeam", "graphql, invalid, document", "http, not_found, no route", "http, internal, POST /graphql, serve a request: panic",
	} {
		if got := testkit.Value(t, r.db, `SELECT count(*)::text FROM krowoc.errors WHERE starts_with(concat_ws(', ', edge, category, place, message), $1)`, row); got == "0" {
			t.Errorf("no row is %s:\n%s", row, testkit.Value(t, r.db, `SELECT string_agg(concat_ws(', ', edge, category, place, message), E'\n') FROM krowoc.errors`))
		}
	}
	if got := testkit.Value(t, r.db, `SELECT coalesce(string_agg(e::text, E'\n'), '') FROM krowoc.errors AS e WHERE strpos(lower(e::text), $1) > 0`, marked); got != "" {
		t.Errorf("the table has values of users:\n%s", got)
	}
	stack := testkit.Value(t, r.db, `SELECT samples->0->>'stack' FROM krowoc.errors WHERE message LIKE '%panic%'`)
	if !strings.HasPrefix(stack, "github.com/krowoc/krowoc/internal/app_test.failing") {
		t.Errorf("the stack of the panic is %s", stack)
	}
	sample := testkit.Value(t, r.db, `SELECT samples->0->>'operation' || ' ' || (samples->0->>'environment') || ' ' || (samples->0->>'release') || ' ' || length(samples->0->>'requestId') FROM krowoc.errors WHERE category = 'conflict' AND edge = 'graphql'`)
	if sample != "Create development 1.2.3 36" {
		t.Errorf("the sample is %s", sample)
	}
}

// `krowoc serve` records errors without any set-up, reports the list and the issuers in /healthz, and does not take reports of browsers.
func TestServeRecordsErrors(t *testing.T) {
	database := testkit.DatabaseURL(t)
	apptest.MigrateAndSeed(t, newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+database))
	url := serve(t, database)
	r := recorded{url: url}
	r.send(t, http.MethodPost, "/graphql", `{"query": "{nonsense}"}`)
	if status := r.send(t, http.MethodPost, errorlog.ReceiverPath, `{"message": "x"}`, "Origin", url); status != http.StatusNotFound {
		t.Errorf("a report of a browser: %d", status)
	}
	db, err := pg.Connect(t.Context(), pg.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		got := testkit.Value(t, db, "SELECT coalesce(string_agg(edge || ' ' || category || ' ' || place, ', ' ORDER BY edge), '') FROM krowoc.errors")
		if got == "graphql invalid document, http not_found no route" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the list has %q", got)
		}
	}
	_, _, report := get(t, url+"/healthz", nil)
	if !strings.Contains(report, `"errors:lost":[{"componentType":"component","observedValue":0,"status":"pass"`) {
		t.Errorf("the report is %s", report)
	}
}

// A server whose role may not write the tables serves, stays ready, and warns in /healthz.
func TestErrorsWithoutRights(t *testing.T) {
	database := testkit.DatabaseURL(t)
	apptest.MigrateAndSeed(t, newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+database))
	db, err := pg.Connect(t.Context(), pg.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const role = "app_errors_reader"
	testkit.Exec(t, db, "CREATE ROLE "+role+" LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
	at := strings.Index(database, "@")
	url := serve(t, "postgres://"+role+":x"+database[at:])
	r := recorded{url: url}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		r.send(t, http.MethodPost, "/graphql", `{"query": "{nonsense}"}`)
		status, _, report := get(t, url+"/healthz", nil)
		if status == http.StatusOK && strings.Contains(report, `"status":"warn"`) && strings.Contains(report, "errors have not been written to the database since") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the report is %d %s", status, report)
		}
	}
	if status, _, report := get(t, url+"/readyz", nil); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, report)
	}
}
