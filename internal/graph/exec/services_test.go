package exec_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	farservice "github.com/krowoc/krowoc/internal/graph/service"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/testkit"
)

const serviceSchema = `
	enum Mood { GOOD SO_SO }
	type Person @table(key: ["id"]) @auth(rules: [{ allow: PUBLIC, where: "this.open" }, { allow: OWNER, field: "id" }]) {
	  id: ID! @col(dataType: "text")
	  name: String!
	  open: Boolean!
	  secret: String @auth(rules: [{ allow: OWNER, field: "id" }])
	}
	type Quote { price: Decimal! mood: Mood tags: [String!] at: DateTime }
	extend type Query {
	  quote(of: String = "x", by: Mood, many: [Int!]): Quote @http(url: "${FAR}/quote") @auth(rules: [{ allow: PUBLIC }])
	  numbers: [Int!]! @http(url: "${FAR}/numbers") @auth(rules: [{ allow: PUBLIC }])
	  echo(segment: String!): String @http(url: "${FAR}/echo/{segment}/end") @auth(rules: [{ allow: PUBLIC }])
	  found: [Person!]! @http(url: "${FAR}/found") @auth(rules: [{ allow: PUBLIC }])
	  one: Person @http(url: "${FAR}/one") @auth(rules: [{ allow: PUBLIC }])
	  closed: Int @http(url: "${FAR}/numbers") @auth(rules: [])
	}
	extend type Mutation {
	  charge(cents: Int!): Quote @http(url: "${FAR}/quote") @auth(rules: [{ allow: AUTHENTICATED }])
	  enlist: [Person!]! @http(url: "${FAR}/found") @auth(rules: [{ allow: AUTHENTICATED }])
	}`

const serviceSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// far is a service whose answers a test decides. It verifies each request as a receiver of Standard Webhooks does.
type far struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by path
	bodies  []string
	headers []http.Header
	paths   []string
}

func newFar(t *testing.T) *far {
	t.Helper()
	f := &far{answers: map[string]http.HandlerFunc{}}
	receiver, err := standardwebhooks.NewWebhook(serviceSecret)
	if err != nil {
		t.Fatal(err)
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = receiver.Verify(body, r.Header)
		}
		if err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		f.mu.Lock()
		f.bodies, f.headers, f.paths = append(f.bodies, string(body)), append(f.headers, r.Header), append(f.paths, r.URL.EscapedPath())
		answer := f.answers[r.URL.Path]
		f.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *far) answer(path string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = h
}

// says answers a path with JSON.
func (f *far) says(path, text string) {
	f.answer(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func serveWithServices(t *testing.T, f *far, rows ...string) client {
	t.Helper()
	c := serve(t, serviceSchema, "", rows...)
	services, err := farservice.New(farservice.Options{Secrets: serviceSecret, Timeout: 2 * time.Second, MaxAnswer: 1000, Lookup: func(string) (string, bool) { return f.URL, true }})
	if err != nil {
		t.Fatal(err)
	}
	h, err := exec.New(exec.Options{API: apiOf(t, serviceSchema), DB: exec.Single(c.db), Logger: testkit.Logger(t), Services: services})
	if err != nil {
		t.Fatal(err)
	}
	c.handler = h
	return c
}

func TestServicesAnswerFields(t *testing.T) {
	f := newFar(t)
	c := serveWithServices(t, f, `INSERT INTO people VALUES ('ada', 'Ada', false, 'a'), ('bob', 'Bob', true, 'b'), ('eve', 'Eve', false, 'e')`)
	f.says("/quote", `{"price": 1.50, "mood": "SO_SO", "tags": ["a\"<"], "at": "2026-01-01T01:00:00+01:00", "more": {"x": 1}}`)
	f.says("/numbers", `[3, 1, 2]`)
	f.says("/echo/a/b/end", `"far"`)
	f.says("/found", `[{"id": "eve"}, {"id": "bob"}, "ada", {"id": "none"}]`)
	f.says("/one", `null`)
	ada := caller.Caller{UID: "ada"}
	for _, tt := range []struct {
		who         caller.Caller
		query, want string
	}{
		{anonymous, `{quote {price mood tags at __typename}}`, `{"data":{"quote":{"price":"1.50","mood":"SO_SO","tags":["a\"\u003c"],"at":"2026-01-01T00:00:00Z","__typename":"Quote"}}}`},
		{anonymous, `{a: numbers people {totalCount} b: numbers one {name} __typename}`, `{"data":{"a":[3,1,2],"people":{"totalCount":1},"b":[3,1,2],"one":null,"__typename":"Query"}}`},
		{anonymous, `{echo(segment: "a/b")}`, `{"data":{"echo":"far"}}`},
		{anonymous, `{echo(segment: "..")}`, `"code":"INVALID"`},
		{anonymous, `{found {id secret}}`, `{"data":{"found":[{"id":"bob","secret":null}]}}`},
		{ada, `{found {id secret}}`, `{"data":{"found":[{"id":"bob","secret":null},{"id":"ada","secret":"a"}]}}`},
		{caller.Caller{Service: true}, `{closed}`, `"code":"UPSTREAM"`}, // a list
		{ada, `{closed}`, `"code":"FORBIDDEN"`},
		{anonymous, `mutation {charge(cents: 1) {price}}`, `"code":"UNAUTHENTICATED"`},
		{ada, `mutation {charge(cents: 1) {price}}`, `{"data":{"charge":{"price":"1.50"}}}`},
		{ada, `mutation {enlist {id secret}}`, `{"data":{"enlist":[{"id":"bob","secret":null},{"id":"ada","secret":"a"}]}}`},
		{ada, `mutation {charge(cents: 1) {price} enlist {id}}`, `must be the only field of its mutation`},
		{ada, `{` + manyCalls(11) + `}`, `more than 10 times`},
	} {
		if got := c.as(tt.who).send(t, tt.query, nil).Body.String(); !strings.Contains(got, tt.want) {
			t.Errorf("%s as %+v: %s, want %s", tt.query, tt.who, got, tt.want)
		}
	}
}

func manyCalls(n int) (s string) {
	for i := range n {
		s += fmt.Sprintf("n%d: numbers ", i)
	}
	return s
}

// A request tells the service what is asked, by whom, and in which request, and nothing of its credentials.
func TestServiceRequests(t *testing.T) {
	f := newFar(t)
	c := serveWithServices(t, f)
	f.says("/quote", `null`)
	ada := caller.Caller{UID: "ada", Roles: []string{"admin"}, Tier: "PRO"}
	ctx := request.With(t.Context(), &request.Info{ID: "r1", Correlation: "c1"})
	c.as(ada).sendIn(ctx, t, `query($m: [Int!]) {quote(by: GOOD, many: $m) {price}}`, map[string]any{"m": []int{7, 8}})
	var got struct {
		Field     string
		Arguments json.RawMessage
		Caller    json.RawMessage
	}
	if len(f.bodies) != 1 {
		t.Fatal(f.bodies)
	}
	if err := json.Unmarshal([]byte(f.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Field != "Query.quote" || string(got.Arguments) != `{"of":"x","by":"GOOD","many":[7,8]}` || string(got.Caller) != `{"uid":"ada","roles":["admin"],"tier":"PRO"}` {
		t.Errorf("the service got %s", f.bodies[0])
	}
	h := f.headers[0]
	if h.Get("X-Request-ID") != "r1" || h.Get("X-Correlation-ID") != "c1" || h.Get("Idempotency-Key") != "" || h.Get("Authorization") != "" || h.Get("Cookie") != "" {
		t.Errorf("the service got %v", h)
	}

	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r := httptest.NewRequestWithContext(caller.With(t.Context(), ada), http.MethodPost, "/graphql", strings.NewReader(`{"query": "mutation {charge(cents: 1) {price}}"}`))
	for name, value := range map[string]string{"Content-Type": "application/json", "Idempotency-Key": `"k 1"`, "Traceparent": parent, "Authorization": "Bearer x", "Cookie": "a=b"} {
		r.Header.Set(name, value)
	}
	c.handler.ServeHTTP(httptest.NewRecorder(), r)
	if h := f.headers[1]; h.Get("Idempotency-Key") != "k 1" || h.Get("Traceparent") != parent || h.Get("Authorization") != "" || h.Get("Cookie") != "" {
		t.Errorf("the service got %v", h)
	}
}

// An answer of a service is not kept by browsers and proxies, as that of a query of the database is.
func TestServicesAnswerGET(t *testing.T) {
	f := newFar(t)
	c := serveWithServices(t, f)
	f.says("/numbers", `[1]`)
	for query, kept := range map[string]bool{"{numbers}": false, "{people{totalCount}}": true} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query="+query, nil)
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		isKept := w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store"
		if w.Code != http.StatusOK || isKept != kept {
			t.Errorf("%s: %d %v %s", query, w.Code, w.Header(), w.Body)
		}
	}
}

// Whatever a service does, the client gets an error with a code and a place, and nothing that the service did not mean for it.
func TestServicesThatFail(t *testing.T) {
	f := newFar(t)
	c := serveWithServices(t, f)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(other.Close)
	status := func(code int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	const problem = "application/problem+json"
	for name, tt := range map[string]struct {
		answer     http.HandlerFunc
		code, want string
	}{
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Second):
				t.Error("the call was not ended")
			}
		}, "UNAVAILABLE", ""},
		"closed": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "UNAVAILABLE", ""},
		"half": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "[1")
			panic(http.ErrAbortHandler)
		}, "UNAVAILABLE", ""},
		"500":  {status(500, "text/html", "leak"), "UNAVAILABLE", ""},
		"503":  {status(503, problem, `{"detail": "leak"}`), "UNAVAILABLE", ""},
		"huge": {status(200, jsonMedia, "["+strings.Repeat("1,", 1000)+"1]"), "UPSTREAM", ""},
		"long": {status(200, jsonMedia, "["+strings.Repeat("1,", 100)+"1]"), "UPSTREAM", ""},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, "UPSTREAM", ""},
		"no JSON":         {status(200, jsonMedia, "[1"), "UPSTREAM", ""},
		"two values":      {status(200, jsonMedia, "[1] [2]"), "UPSTREAM", ""},
		"nothing":         {status(204, jsonMedia, ""), "UPSTREAM", ""},
		"null":            {status(200, jsonMedia, "null"), "UPSTREAM", ""},
		"null in a list":  {status(200, jsonMedia, "[1,null]"), "UPSTREAM", ""},
		"texts":           {status(200, jsonMedia, `["leak"]`), "UPSTREAM", ""},
		"no whole number": {status(200, jsonMedia, `[1.5]`), "UPSTREAM", ""},
		"large number":    {status(200, jsonMedia, `[3000000000]`), "UPSTREAM", ""},
		"404":             {status(404, "text/plain", "leak"), "UPSTREAM", ""},
		"400 problem":     {status(400, problem, `{"title": "Bad", "detail": "too\nmany"}`), "INVALID", "too many"},
		"401 problem":     {status(401, problem, `{"title": "who?"}`), "UNAUTHENTICATED", "who?"},
		"403 problem":     {status(403, problem, `{}`), "FORBIDDEN", "forbidden"},
		"404 problem":     {status(404, problem+"; charset=utf-8", `{"detail": "gone"}`), "NOT_FOUND", "gone"},
		"409 problem":     {status(409, problem, `{"detail": "twice"}`), "CONFLICT", "twice"},
		"429":             {status(429, "text/plain", "leak"), "RATE_LIMITED", ""},
		"418 problem":     {status(418, problem, `{"detail": "teapot"}`), "INVALID", "teapot"},
	} {
		f.answer("/numbers", tt.answer)
		w := c.send(t, `{people {totalCount} numbers}`, nil)
		var got struct {
			Errors []struct {
				Message    string
				Path       []string
				Extensions struct{ Code string }
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Errors) != 1 {
			t.Errorf("%s: %s", name, w.Body)
			continue
		}
		e := got.Errors[0]
		if e.Extensions.Code != tt.code || !strings.Contains(e.Message, tt.want) || len(e.Path) != 1 || e.Path[0] != "numbers" || strings.Contains(w.Body.String(), "leak") {
			t.Errorf("%s: %s, want %s", name, w.Body, tt.code)
		}
		if retry := w.Header().Get("Retry-After"); tt.code == "RATE_LIMITED" && retry != "7" {
			t.Errorf("%s: Retry-After is %q", name, retry)
		}
	}
}

const jsonMedia = "application/json"

// A server does not start without what the calls need, and no error shows a secret.
func TestServicesNeedTheirConfiguration(t *testing.T) {
	for name, tt := range map[string]struct {
		o    farservice.Options
		want string
	}{
		"no secret":     {farservice.Options{}, "graphql.http.secret is not set"},
		"wrong secret":  {farservice.Options{Secrets: "hidden"}, "graphql.http.secret is not valid"},
		"short secret":  {farservice.Options{Secrets: "whsec_aGlkZGVu"}, "graphql.http.secret is not valid"},
		"no variable":   {farservice.Options{Secrets: serviceSecret}, "FAR"},
		"no TLS":        {farservice.Options{Secrets: serviceSecret, Lookup: func(string) (string, bool) { return "http://hidden.example", true }}, "has no TLS"},
		"TLS":           {farservice.Options{Secrets: serviceSecret, Lookup: func(string) (string, bool) { return "https://hidden.example", true }}, ""},
		"trusted":       {farservice.Options{Secrets: serviceSecret, Plain: true, Lookup: func(string) (string, bool) { return "http://hidden.example", true }}, ""},
		"loopback":      {farservice.Options{Secrets: serviceSecret, Lookup: func(string) (string, bool) { return "http://127.0.0.1:1", true }}, ""},
		"with password": {farservice.Options{Secrets: serviceSecret, Lookup: func(string) (string, bool) { return "https://a:hidden@b.example", true }}, "user or a password"},
	} {
		if tt.o.Lookup == nil {
			tt.o.Lookup = func(string) (string, bool) { return "", false }
		}
		client, err := farservice.New(tt.o)
		if err == nil {
			err = client.Check(parsed(t, serviceSchema))
		}
		text := fmt.Sprint(err)
		if isRefused := err != nil; isRefused != (tt.want != "") || (isRefused && !strings.Contains(text, tt.want)) || strings.Contains(text, "hidden") {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
