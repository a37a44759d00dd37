package exec_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
)

const nested = `query Nested($n: Int) {users(first: 4) {nodes {name prompts(first: $n) {nodes {title owner {name}}}}}}`

// A refusal says what the operation costs, and which list most of it is of.
func TestCostlyOperationsNameTheirLargestList(t *testing.T) {
	c := newClient(t, func(o *execOptions) {
		o.Limits = func(caller.Caller) exec.Limits { return exec.Limits{MaxComplexity: 50} }
	})
	w := c.send(t, nested, map[string]any{"n": 10})
	var answer struct {
		Errors []struct {
			Message    string
			Path       []string
			Extensions struct {
				Code string
				Cost exec.Cost
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	got := answer.Errors[0]
	const want = "the operation can return 133 fields; at most 50 are allowed. Most are of users.nodes.prompts, with up to 10 rows and 120 fields"
	if got.Message != want || !slices.Equal(got.Path, []string{"users", "nodes", "prompts"}) {
		t.Errorf("%s at %v", got.Message, got.Path)
	}
	if got.Extensions.Code != "INVALID" || got.Extensions.Cost != (exec.Cost{Fields: 133, MaxFields: 50, Depth: 5}) {
		t.Errorf("%s", w.Body)
	}
	if c.data(t, nested, map[string]any{"n": 1}) == "" {
		t.Error("a smaller page is refused, too")
	}
}

// Callers have limits of their own for what the same plan allows everybody.
func TestLimitsOfCallers(t *testing.T) {
	of := map[string]exec.Limits{"": {MaxDepth: 2, MaxComplexity: 30, MaxAliases: 8, MaxPageSize: 5}, "PRO": {MaxPageSize: 50}}
	c := newClient(t, func(o *execOptions) {
		o.Limits = func(who caller.Caller) exec.Limits { return of[who.Tier] }
	})
	pro := c.as(caller.Caller{UID: "ada", Tier: "PRO"})
	for query, refusal := range map[string]string{
		`{users(first: 5) {nodes {name}}}`:                                         "",
		`{users(first: 6) {nodes {name}}}`:                                         "a page can have at most 5 rows; this one can have 6",
		`{users {nodes {name}}}`:                                                   "a page can have at most 5 rows; this one can have 20",
		`{users(first: 2) {nodes {prompts(first: 1) {nodes {id}}}}}`:               "the operation is nested 4 levels deep; at most 2 are allowed",
		`{a: users(first: 5) {nodes {a: id b: id c: id d: id e: id f: id g: id}}}`: "the operation can return 36 fields; at most 30 are allowed",
		`{a: users(first: 1) {nodes {...F}} b: users(first: 1) {nodes {...F}}} fragment F on User {a: id b: id c: id}`:                                    "",
		`{users(first: 1) {nodes {...F}} b: users(first: 1) {nodes {...G}}} fragment G on User {d: id ...F} fragment F on User {a: id b: id c: id e: id}`: "the operation has 10 aliases; at most 8 are allowed. 6 of them are in b",
	} {
		if got := c.send(t, query, nil).Body.String(); (refusal == "") != strings.Contains(got, `"data"`) || !strings.Contains(got, refusal) {
			t.Errorf("%s: %s", query, got)
		}
		if got := pro.send(t, query, nil).Body.String(); !strings.Contains(got, `"data"`) {
			t.Errorf("with the tier PRO, %s: %s", query, got)
		}
	}
	if got := pro.send(t, `{users(first: 51) {nodes {id}}}`, nil).Body.String(); !strings.Contains(got, "at most 50 rows") {
		t.Error(got)
	}
}

// The cost is in the answer if the client asks for it, by a header or by an extension.
func TestCostOnDemand(t *testing.T) {
	c := newClient(t, nil)
	const want = `"extensions":{"cost":{"fields":25,"maxFields":10000,"depth":5,"aliases":0}}`
	for name, tt := range map[string]struct {
		header, extensions string
		has                bool
	}{
		"no":                {"", "", false},
		"a header":          {"1", "", true},
		"another":           {"0", "", false},
		"an extension":      {"", `{"cost": true}`, true},
		"one that is false": {"", `{"cost": false}`, false},
	} {
		query := url.Values{"query": {nested}, "variables": {`{"n": 0}`}}
		if tt.extensions != "" {
			query.Set("extensions", tt.extensions)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?"+query.Encode(), nil)
		if tt.header != "" {
			r.Header.Set(request.CostHeader, tt.header)
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if got := w.Body.String(); strings.Contains(got, want) != tt.has || strings.Contains(got, "extensions") != tt.has || !json.Valid([]byte(got)) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
