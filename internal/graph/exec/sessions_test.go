package exec_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// browsers are the sessions of ann.
type browsers struct {
	list  []graph.Session
	calls []string
}

func (b *browsers) Mine(_ context.Context, who caller.Caller) ([]graph.Session, error) {
	b.calls = append(b.calls, "mine "+who.UID)
	return b.list, nil
}

func (b *browsers) End(_ context.Context, who caller.Caller, id string) (graph.Session, error) {
	b.calls = append(b.calls, "end "+id+" of "+who.UID)
	if id != "s1" {
		return graph.Session{}, fault.New(fault.NotFound, "", "no such session")
	}
	return b.list[0], nil
}

func (b *browsers) EndOthers(_ context.Context, who caller.Caller) ([]graph.Session, error) {
	b.calls = append(b.calls, "end others of "+who.UID)
	return b.list[1:], nil
}

// withSessions is a client of an API with sessions, and of rows that everybody may read.
func withSessions(t *testing.T, change func(*exec.Options)) (client, *browsers) {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000, time.UTC)
	b := &browsers{list: []graph.Session{
		{ID: "s1", Method: "password", Address: "192.0.2.1", UserAgent: `a "browser"`, Started: at, Seen: at.Add(time.Hour), Current: true}, {ID: "s2", Method: "acme", Started: at, Seen: at},
	}}
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: notesSchema})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	api, err := graph.New(s, graph.Options{Sessions: true, MaxAliases: manyAliases})
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, notesSchema, "", "INSERT INTO notes (text) VALUES ('n')")
	o := exec.Options{API: api, DB: exec.Single(c.db), Logger: testkit.Logger(t), Introspection: true, Sessions: b, Concurrency: 1}
	if change != nil {
		change(&o)
	}
	if c.handler, err = exec.New(o); err != nil {
		t.Fatal(err)
	}
	return c, b
}

const notesSchema = `type Note @table(key: ["text"]) @auth(rules: [{ allow: PUBLIC }]) { text: String! }`

func TestSessions(t *testing.T) {
	c, b := withSessions(t, nil)
	ann := caller.Caller{UID: "ann"}
	for _, tt := range []struct {
		name, query string
		caller      caller.Caller
		want, calls string
	}{
		{"all fields", `{mySessions {id method address userAgent startedAt seenAt current __typename}}`, ann,
			`{"data":{"mySessions":[{"id":"s1","method":"password","address":"192.0.2.1","userAgent":"a \"browser\"","startedAt":"2026-01-02T03:04:05.000006Z","seenAt":"2026-01-02T04:04:05.000006Z","current":true,"__typename":"MySession"},{"id":"s2"`, "mine ann"},
		{"aliases, fragments and rows", `{a: mySessions {x: id ...F} notes {totalCount} mySessions {...F}} fragment F on MySession {current}`, ann,
			`{"data":{"a":[{"x":"s1","current":true},{"x":"s2","current":false}],"notes":{"totalCount":1},"mySessions":[{"current":true},{"current":false}]}}`, "mine ann"},
		{"too many", "{" + aliases(101) + "}", ann, "the operation can return", ""},
		{"anonymous", `{mySessions {id}}`, caller.Caller{}, "UNAUTHENTICATED", ""},
		{"a role without a person", `{mySessions {id}}`, caller.Caller{Roles: []string{"admin"}}, "FORBIDDEN", ""},
		{"the key of a machine", `{mySessions {id}}`, caller.Caller{UID: "ann", Key: "k"}, "FORBIDDEN", ""},
		{"the service", `{mySessions {id}}`, caller.Caller{UID: "ann", Service: true}, "FORBIDDEN", ""},
		{"end", `mutation {endSession(id: "s1") {id}}`, ann, `{"data":{"endSession":{"id":"s1"}}}`, "end s1 of ann"},
		{"end by a variable", `mutation ($id: ID = "s1") {__typename gone: endSession(id: $id) {x: current}}`, ann, `{"data":{"__typename":"Mutation","gone":{"x":true}}}`, "end s1 of ann"},
		{"end a number", `mutation {endSession(id: 7) {id}}`, ann, `"code":"NOT_FOUND"`, "end 7 of ann"},
		{"end another's", `mutation {endSession(id: "s9") {id}}`, ann, `"path":["endSession"]`, "end s9 of ann"},
		{"end without an ID", `mutation {endSession {id}}`, ann, `"code":"INVALID"`, ""},
		{"end null", `mutation ($id: ID) {endSession(id: $id) {id}}`, ann, `"code":"INVALID"`, ""},
		{"end others", `mutation {endOtherSessions {id current}}`, ann, `{"data":{"endOtherSessions":[{"id":"s2","current":false}]}}`, "end others of ann"},
		{"end anonymously", `mutation {endOtherSessions {id}}`, caller.Caller{}, "UNAUTHENTICATED", ""},
		{"end as the key of a machine", `mutation {endSession(id: "s1") {id}}`, caller.Caller{UID: "ann", Key: "k"}, "FORBIDDEN", ""},
		{"end and write", `mutation {createNote(data: {text: "x"}) {text} endSession(id: "s1") {id}}`, ann, "must be the only field", ""},
		{"end two", `mutation {a: endSession(id: "s1") {id} b: endSession(id: "s2") {id}}`, ann, "must be the only field", ""},
		{"end two, but one", `mutation ($no: Boolean = false) {a: endSession(id: "s1") {id} b: endSession(id: "s2") @include(if: $no) {id}}`, ann, `{"data":{"a":{"id":"s1"}}}`, "end s1 of ann"},
		{"a query that ends", `{endSession(id: "s1") {id}}`, ann, "Cannot query field", ""},
		{"introspection", `{__type(name: "MySession") {fields {name}}}`, caller.Caller{}, `{"name":"seenAt"}`, ""},
	} {
		b.calls = nil
		got := c.as(tt.caller).send(t, tt.query, nil).Body.String()
		if calls := strings.Join(b.calls, ", "); !strings.Contains(got, tt.want) || calls != tt.calls {
			t.Errorf("%s: %s after %q, want %s after %q", tt.name, got, calls, tt.want, tt.calls)
		}
	}
}

func aliases(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("b", i) + ": mySessions {id}")
	}
	return b.String()
}

// No cache answers with sessions, and a server without them says so.
func TestSessionsThatAreNotServed(t *testing.T) {
	cached := &everything{}
	c, _ := withSessions(t, func(o *exec.Options) { o.Cache = cached })
	ann := caller.Caller{UID: "ann"}
	for range 2 {
		if got := c.as(ann).send(t, `{mySessions {id}}`, nil).Body.String(); !strings.Contains(got, `"s1"`) {
			t.Errorf("with a cache: %s", got)
		}
	}
	if cached.asked != 0 || cached.kept != 0 {
		t.Errorf("the cache was asked %d times and kept %d answers", cached.asked, cached.kept)
	}
	c, _ = withSessions(t, func(o *exec.Options) { o.Sessions = nil })
	if got := c.as(ann).send(t, `{mySessions {id}}`, nil); got.Code != http.StatusForbidden {
		t.Errorf("without sessions: %d %s", got.Code, got.Body)
	}
	c = serve(t, notesSchema, "")
	for _, query := range []string{`{mySessions {id}}`, `mutation {endOtherSessions {id}}`} {
		if got := c.as(ann).send(t, query, nil).Body.String(); !strings.Contains(got, "Cannot query field") {
			t.Errorf("an API without sessions: %s", got)
		}
	}
}

// everything is a cache that counts.
type everything struct{ asked, kept int }

func (*everything) Name() string { return "everything" }

func (e *everything) Get(context.Context, *exec.Operation) (data json.RawMessage, ok bool) {
	e.asked++
	return nil, false
}

func (e *everything) Put(context.Context, *exec.Operation) { e.kept++ }

// A type that has the name of the API for sessions is refused by its name, and only where there are sessions.
func TestNamesOfSessions(t *testing.T) {
	const rules = ` @auth(rules: [{ allow: PUBLIC }]) { x: Int }`
	for text, clash := range map[string]bool{
		"type MySession @table" + rules: true, "type MySessions @table" + rules: true, "enum MySession { A } type A @table @auth(rules: []) { x: MySession }": true,
		"type Session @table" + rules: false, "type MySession @table @auth(rules: []) { x: Int }": false,
	} {
		s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if list.Errors() > 0 {
			t.Fatal(list)
		}
		_, err := graph.New(s, graph.Options{Sessions: true, MaxAliases: manyAliases})
		if got := err != nil; got != clash || (clash && !strings.Contains(err.Error(), "is a name of the API for the sessions of browsers")) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := graph.New(s, graph.Options{}); err != nil {
			t.Errorf("%s without sessions: %v", text, err)
		}
	}
	s, _ := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: "type A @table @auth(rules: []) { x: Int }"})
	if api, err := graph.New(s, graph.Options{Sessions: true, MaxAliases: manyAliases}); err != nil || strings.Contains(api.SDL(), "nothing: Boolean") || !strings.Contains(api.SDL(), "endOtherSessions: [MySession!]!") {
		t.Errorf("an API of sessions alone: %v", err)
	}
}
