package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/testkit"
)

// answer is the part of an answer that tells of errors.
type answer struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Locations  []struct{ Line, Column int }
		Extensions struct{ Code, Hint, Field, Constraint string }
	}
}

func (c client) mistakes(t *testing.T, query string, vars map[string]any) (int, answer) {
	t.Helper()
	w := c.send(t, query, vars)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Errors) == 0 {
		t.Fatalf("%s\nanswers %d %s", query, w.Code, w.Body)
	}
	return w.Code, a
}

// Whatever a client gets wrong is answered before any SQL runs, with status 400, the code INVALID and
// words that say what to do.
func TestMistakesOfClients(t *testing.T) {
	var db counting
	c := newClient(t, func(o *execOptions) { db.Conn = conn(*o); o.DB = exec.Single(&db) }).as(service)
	for query, want := range map[string]string{
		`{`:                            "Expected Name",
		`{promts {totalCount}}`:        `Did you mean "prompts"`,
		`{prompts {nodes {titel}}}`:    `Did you mean "title"`,
		`mutation {createPrompt {id}}`: `argument "data" of type "PromptCreate!" is required`,
		`mutation {createPrompt(data: {title: "a", body: "b", ownerId: "a", x: 1}) {id}}`: `Field "x" is not defined by type "PromptCreate"`,
		`subscription {prompts {x}}`:                                              "subscription",
		`{prompts}`:                                                               "must have a selection",
		`{prompt {id}}`:                                                           `argument "id" of type "ID!" is required`,
		`{prompt(id: "x") {id}}`:                                                  `"x" is not a valid ID`,
		`{prompts(first: -1) {totalCount}}`:                                       "first must be between 0 and 100; it is -1",
		`{prompts(first: 101) {totalCount}}`:                                      "first must be between 0 and 100; it is 101",
		`{prompts(last: 101) {totalCount}}`:                                       "last must be between 0 and 100; it is 101",
		`{prompts(first: 1, last: 1) {totalCount}}`:                               "first or last, not both",
		`{prompts(orderBy: [{}]) {totalCount}}`:                                   "each element of orderBy names one field",
		`{prompts(orderBy: [{title: ASC, id: ASC}]) {totalCount}}`:                "each element of orderBy names one field",
		`{prompts(orderBy: [{parameters: ASC}]) {totalCount}}`:                    "parameters",
		`{prompts(where: {title: {eq: null}}) {totalCount}}`:                      "title.eq cannot be null",
		`{prompts(where: {title: null}) {totalCount}}`:                            "title cannot be null",
		`{prompts(where: {executions: {some: null}}) {totalCount}}`:               "executions.some cannot be null",
		`{prompts(where: {score: {eq: 3000000000}}) {totalCount}}`:                "3000000000",
		`{prompts(where: {cost: {eq: "1,5"}}) {totalCount}}`:                      `"1,5" is not a valid Decimal`,
		`{prompts(where: {createdAt: {gt: "yesterday"}}) {totalCount}}`:           `"yesterday" is not a valid DateTime`,
		`{prompts(where: {title: {eq: "a\u0000b"}}) {totalCount}}`:                "U+0000",
		`{prompts(where: {visibility: {eq: SECRET}}) {totalCount}}`:               "SECRET",
		`{executions(where: {day: {eq: "2026-02-30"}}) {totalCount}}`:             `not a valid Date`,
		`{executions(where: {latency: {eq: "1 day"}}) {totalCount}}`:              `not a valid Duration`,
		`{executions(where: {payload: {eq: "%%"}}) {totalCount}}`:                 `not a valid Bytes`,
		`{executions(where: {tokens: {eq: "9223372036854775808"}}) {totalCount}}`: `not a valid Int64`,
		`{prompts(where: {cost: {in: ["1", null]}}) {totalCount}}`:                "",
		`query($a: Int!) {prompts(first: $a) {totalCount}}`:                       "a value of the type Int! is required",
		`query A {users {totalCount}} query B {users {totalCount}}`:               "the document has 2 operations",
		`{prompts {nodes {...F}}} fragment F on Prompt {...F}`:                    "fragment",
		`{prompts {nodes {title: body title}}}`:                                   "conflict",
	} {
		code, a := c.mistakes(t, query, nil)
		e := a.Errors[0]
		if code != http.StatusBadRequest || e.Extensions.Code != "INVALID" || !strings.Contains(e.Message, want) || a.Data != nil {
			t.Errorf("%s\nanswers %d %+v", query, code, e)
		}
	}
	for vars, want := range map[string]string{
		`{"w": {"visibility": {"eq": "public"}}}`:         `"public" is not a valid Visibility`,
		`{"w": {"visibility": {"eq": 1}}}`:                "",
		`{"w": {"createdAt": {"eq": {"a": 1}}}}`:          "cannot be an object",
		`{"w": {"createdAt": {"eq": [1]}}}`:               "cannot be a list",
		`{"w": {"title": {"in": [null]}}}`:                "cannot be null",
		`{"w": {"nope": 1}}`:                              `PromptWhere has no field "nope"`,
		`{"w": {"and": [null]}}`:                          "null",
		`{"w": [1]}`:                                      "",
		`{"w": "x"}`:                                      "",
		`{"w": {"title": {"eq": "x", "isNull": "true"}}}`: "",
	} {
		var variables map[string]any
		if err := json.Unmarshal([]byte(vars), &variables); err != nil {
			t.Fatal(err)
		}
		code, a := c.mistakes(t, `query($w: PromptWhere) {prompts(where: $w) {totalCount}}`, variables)
		if e := a.Errors[0]; code != http.StatusBadRequest || e.Extensions.Code != "INVALID" || !strings.Contains(e.Message, want) {
			t.Errorf("%s answers %d %+v", vars, code, e)
		}
	}
	if db.queries != 0 {
		t.Errorf("%d statements ran", db.queries)
	}
}

// An error of a field has the field's path and location, whoever finds it.
func TestErrorsAreLocated(t *testing.T) {
	queries := newClient(t, nil).as(service)
	mutations := blog(t).as(ada)
	for name, tt := range map[string]struct {
		client client
		query  string
		vars   map[string]any
		want   string // path, line:column
	}{
		"planner, a literal":        {queries, "{\n  users {\n    nodes { prompts(first: 500) { totalCount } }\n  }\n}", nil, "users.nodes.prompts 3:13"},
		"planner, an alias":         {queries, `{a: users {b: edges {c: node {d: prompts(first: 1, last: 1) {totalCount}}}}}`, nil, "a.b.c.d 1:31"},
		"binding, a page size":      {queries, `query($n: Int) {users {nodes {prompts(first: $n) {totalCount}}}}`, map[string]any{"n": 500}, "users.nodes.prompts 1:31"},
		"binding, a filter":         {queries, `query($w: PromptWhere) {users {nodes {prompts(where: $w) {totalCount}}}}`, map[string]any{"w": map[string]any{"id": map[string]any{"eq": "x"}}}, "users.nodes.prompts 1:39"},
		"binding, a cursor":         {queries, `query($c: String) {a: users(after: $c) {totalCount}}`, map[string]any{"c": "x"}, "a 1:20"},
		"binding, a key":            {queries, `{prompt(id: "x") {id}}`, nil, "prompt 1:2"},
		"introspection":             {queries, `{a: __schema {` + strings.Repeat("types {name} ", 3) + bigIntrospection() + `}}`, nil, "a 1:2"},
		"validation":                {queries, `{users {nodes {titel}}}`, nil, " 1:16"},
		"mutation, a value":         {mutations, `mutation {a: createPost(data: {title: "New", price: "a"}) {title}}`, nil, "a 1:11"},
		"mutation, null":            {mutations, `mutation {createPost(data: {title: "New", tags: null}) {title}}`, nil, "createPost 1:11"},
		"mutation, its selection":   {mutations, `mutation {createPost(data: {title: "New"}) {posts(first: 900) {totalCount}}}`, nil, "createPost.posts 1:45"},
		"mutation, a constraint":    {mutations, `mutation {a: createPost(data: {title: "A"}) {id} b: createPost(data: {title: ""}) {id}}`, nil, "b 1:50"},
		"mutation, no such row":     {mutations, `mutation {a: createPost(data: {title: "A"}) {id} updatePost(id: "` + post2 + `", data: {}) {id}}`, nil, "updatePost 1:50"},
		"mutation, not allowed":     {mutations, `mutation {createPost(data: {title: "A", ownerId: "bob"}) {id}}`, nil, "createPost 1:11"},
		"mutation, not by a caller": {mutations.as(anonymous), `mutation {createPost(data: {title: "A"}) {id}}`, nil, "createPost 1:11"},
	} {
		_, a := tt.client.mistakes(t, tt.query, tt.vars)
		e := a.Errors[0]
		var path []string
		for _, key := range e.Path {
			path = append(path, fmt.Sprint(key))
		}
		got := strings.Join(path, ".")
		for _, l := range e.Locations {
			got += fmt.Sprintf(" %d:%d", l.Line, l.Column)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q of %+v", name, got, tt.want, e)
		}
	}
}

// bigIntrospection is a selection of __schema whose answer is over the limit.
func bigIntrospection() string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "t%d: types {fields {name description args {name description}} inputFields {name description}} ", i)
	}
	return b.String()
}

// Text of a client is never SQL.
func TestInjection(t *testing.T) {
	c := newClient(t, nil).as(service)
	for _, evil := range []string{
		`'; DROP TABLE prompts; --`, `' OR '1'='1`, `\'; SELECT 1; --`, `$1`, `{"a"}`, `","`, "\\", `"`, "%", "E'\\n'", "\u2028", "🌍", "}}{{",
	} {
		vars := map[string]any{"s": evil, "w": map[string]any{"title": map[string]any{"eq": evil}, "tags": map[string]any{"hasAny": []any{evil}}}}
		for _, query := range []string{
			`query($s: String!) {prompts(where: {or: [{title: {eq: $s}}, {title: {in: [$s]}}, {body: {contains: $s, startsWith: $s, endsWith: $s}}, {tags: {hasAll: [$s, $s]}}]}) {totalCount}}`,
			`query($w: PromptWhere) {prompts(where: $w) {totalCount}}`,
			`query($s: ID!) {user(id: $s) {id}}`,
		} {
			if got := c.data(t, query, vars); got != `{"prompts":{"totalCount":0}}` && got != `{"user":null}` && evil != "\\" && evil != "}}{{" {
				t.Errorf("%q: %s", evil, got)
			}
		}
		if got := c.as(caller.Caller{UID: evil, Roles: []string{evil}}).data(t, `{prompts {totalCount} profiles {totalCount}}`, nil); got != `{"prompts":{"totalCount":2},"profiles":{"totalCount":1}}` {
			t.Errorf("as %q: %s", evil, got)
		}
	}
	if got := c.data(t, `query($s: String) {prompts(where: {title: {eq: $s}}) {totalCount}}`, map[string]any{"s": `Summarise "this"`}); got != `{"prompts":{"totalCount":1}}` {
		t.Errorf("an honest quote finds %s", got)
	}
}

func TestLimits(t *testing.T) {
	c := newClient(t, func(o *execOptions) {
		o.API = platform(t, graph.Options{MaxDepth: 4, MaxComplexity: 200, MaxPageSize: 50, DefaultPageSize: 5})
		o.MaxDocument, o.MaxTokens = 5000, 400
	}).as(service)
	bomb := "{users {nodes {...F0}}}"
	for i := range 10 {
		next := "fragment F%d on User {a: profile {user {...F%e}} b: profile {user {...F%e}}}"
		bomb += strings.NewReplacer("%d", string(rune('0'+i)), "%e", string(rune('1'+i))).Replace(next)
	}
	bomb = strings.ReplaceAll(bomb, "{...F:}", "{id}")
	for name, tt := range map[string]struct {
		query, want string
		vars        map[string]any
	}{
		"depth":             {`{users {nodes {prompts {nodes {owner {prompts {totalCount}}}}}}}`, "is nested 5 levels deep; at most 4 are allowed", nil},
		"rows":              {`{users(first: 50) {nodes {a: id b: id c: id d: id e: id}}}`, "can return", nil},
		"rows by variable":  {`query($n: Int) {users(first: $n) {nodes {a: id b: id c: id d: id e: id}}}`, "can return", map[string]any{"n": 50}},
		"rows of rows":      {`{users(first: 20) {nodes {prompts(first: 20) {nodes {id}}}}}`, "can return", nil},
		"tokens":            {"{users {nodes {" + strings.Repeat("id ", 500) + "}}}", "exceeded token limit", nil},
		"document":          {"{users {totalCount}} #" + strings.Repeat("x", 5000), "", nil},
		"fragments":         {bomb, "", nil},
		"conditions":        {`query($w: UserWhere) {users(where: $w) {totalCount}}`, "more than 200 fields and conditions", map[string]any{"w": wide(150)}},
		"nested conditions": {`query($w: UserWhere) {users(where: $w) {totalCount}}`, "nested more than 20 levels", map[string]any{"w": deep(30)}},
	} {
		started := time.Now()
		w := c.send(t, tt.query, tt.vars)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if d := time.Since(started); d > 5*time.Second {
			t.Errorf("%s: answered after %s", name, d)
		}
	}
	c.data(t, `query($n: Int) {users(first: $n) {nodes {a: id b: id c: id d: id e: id}}}`, map[string]any{"n": 10})
}

func wide(n int) map[string]any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"name": map[string]any{"eq": "x"}}
	}
	return map[string]any{"or": list}
}

func deep(n int) map[string]any {
	where := map[string]any{"name": map[string]any{"eq": "x"}}
	for range n {
		where = map[string]any{"not": where}
	}
	return where
}

// A table of 120 fields: Postgres's functions take 100 arguments.
func TestWideSelections(t *testing.T) {
	c := newClient(t, nil).as(service)
	query := `{prompt(id: "` + prompt1 + `") {`
	want := `{"prompt":{`
	for i := range 120 {
		key := "f" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		query += key + ": score "
		want += `"` + key + `":3,`
	}
	if got := c.data(t, query+"}}", nil); got != strings.TrimSuffix(want, ",")+"}}" {
		t.Errorf("got %s", got)
	}
}

// failing answers every statement with an error.
type failing struct{ err error }

func (f failing) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, f.err }

func (f failing) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults { return nil }

func (f failing) Begin(context.Context) (pgx.Tx, error) { return nil, f.err }

// Whoever asks for what the schema does not offer learns what would.
func TestKindsOfOperationsThatAreNotOffered(t *testing.T) {
	c := serve(t, `type Note @table @auth(rules: [{allow: PUBLIC, operations: [READ]}]) { text: String }`, "")
	for query, want := range map[string]string{
		"mutation { createNote(data: {}) { id } }": "@auth allow mutations",
		"subscription { notes { totalCount } }":    "@live on a type allows subscriptions",
	} {
		if _, a := c.mistakes(t, query, nil); !strings.Contains(a.Errors[0].Extensions.Hint, want) {
			t.Errorf("%s: %+v", query, a.Errors)
		}
	}
}

func TestErrorsOfPostgres(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		status int
		code   string
		media  string
	}{
		"shutting down":   {&pgconn.PgError{Code: "57P01", Message: "terminating secret"}, 503, "unavailable", "application/problem+json"},
		"timeout":         {&pgconn.PgError{Code: "57014", Message: "secret: statement timeout"}, 504, "TIMEOUT", "application/graphql-response+json; charset=utf-8"},
		"drifted schema":  {&pgconn.PgError{Code: "42703", Message: `column "secret" does not exist`}, 500, "INTERNAL", "application/graphql-response+json; charset=utf-8"},
		"no permission":   {&pgconn.PgError{Code: "42501", Message: `secret denied`}, 500, "INTERNAL", "application/graphql-response+json; charset=utf-8"},
		"unknown mistake": {errors.New("secret"), 500, "INTERNAL", "application/graphql-response+json; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, func(o *execOptions) { o.DB = exec.Single(failing{tt.err}) })
			w := c.send(t, `{users {totalCount}}`, nil)
			body := w.Body.String()
			if w.Code != tt.status || !strings.Contains(body, `"code":"`+tt.code+`"`) || w.Header().Get("Content-Type") != tt.media {
				t.Errorf("%d %s %s", w.Code, w.Header(), body)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("the client learns %s", body)
			}
		})
	}
}

// An API over a Postgres that is not there answers 503, and by itself again once it is.
func TestPostgresIsAway(t *testing.T) {
	away, err := pgxpool.New(t.Context(), "postgres://u:secret@/db?host="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	var db switched
	c := newClient(t, func(o *execOptions) { db.Conn = conn(*o); o.DB = exec.Single(&db) })
	here := db.Conn
	c.data(t, `{users {totalCount}}`, nil)
	db.Conn = away
	if w := c.send(t, `{users {totalCount}}`, nil); w.Code != 503 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
	}
	db.Conn = here
	c.data(t, `{users {totalCount}}`, nil)
	var name string
	rows, err := here.Query(t.Context(), "SELECT current_database()::text")
	if err == nil {
		name, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, testkit.NewDatabase(t), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	c.data(t, `{users {totalCount}}`, nil)
}

// switched is a database that another can take the place of.
type switched struct{ exec.Conn }

// slow is a database whose statements take a minute, and says when one has begun.
type slow struct {
	exec.Conn
	begun chan struct{}
}

func (s slow) Query(ctx context.Context, _ string, _ ...any) (pgx.Rows, error) {
	close(s.begun)
	return s.Conn.Query(ctx, "SELECT pg_sleep(60)::text, 'slow query of a test'")
}

func TestTimeout(t *testing.T) {
	c := newClient(t, func(o *execOptions) {
		o.DB = exec.Single(slow{conn(*o), make(chan struct{})})
		o.Timeout = 50 * time.Millisecond
	})
	if code, a := c.mistakes(t, `{users {totalCount}}`, nil); code != 504 || a.Errors[0].Extensions.Code != "TIMEOUT" {
		t.Errorf("%d %+v", code, a)
	}
}

func TestClientThatLeavesEndsItsStatement(t *testing.T) {
	var db exec.Conn
	begun := make(chan struct{})
	c := newClient(t, func(o *execOptions) { db = conn(*o); o.DB = exec.Single(slow{db, begun}) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/graphql?query=%7Busers%7BtotalCount%7D%7D", nil)
		c.handler.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-begun
	cancel()
	<-done
	for { // Postgres hears of it in its own time, and the test's deadline bounds the wait
		rows, _ := db.Query(t.Context(), "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%slow query of a test%' AND state = 'active'")
		running := rows.Next()
		rows.Close()
		if !running {
			return
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]exec.Options{
		"nothing":          {},
		"negative timeout": {API: platform(t, graph.Options{}), DB: exec.Single(failing{}), Logger: testLogger(t), Timeout: -1},
	} {
		if _, err := exec.New(o); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
