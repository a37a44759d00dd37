package exec_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func testLogger(t testing.TB) *slog.Logger { return testkit.Logger(t) }

func TestHTTP(t *testing.T) {
	c := newClient(t, nil)
	query := url.Values{"query": {`query A($i: ID!) {user(id: $i) {name}} query B {__typename}`}, "operationName": {"A"}, "variables": {`{"i": "ada"}`}}
	for name, tt := range map[string]struct {
		method, target, body string
		header               map[string]string
		status               int
		want, media          string
	}{
		"GET":                {"GET", "/?" + query.Encode(), "", nil, 200, `{"data":{"user":{"name":"Ada"}}}` + "\n", "application/json; charset=utf-8"},
		"POST":               {"POST", "/", `{"query": "{__typename}"}`, map[string]string{"Content-Type": "application/json"}, 200, `{"data":{"__typename":"Query"}}` + "\n", "application/json; charset=utf-8"},
		"accept":             {"POST", "/", `{"query": "{__typename}"}`, map[string]string{"Content-Type": "application/json; charset=utf-8", "Accept": "application/graphql-response+json, application/json;q=0.9"}, 200, "__typename", "application/graphql-response+json; charset=utf-8"},
		"no query":           {"GET", "/", "", nil, 400, "there is no query", "application/problem+json"},
		"no JSON":            {"POST", "/", `{"query`, map[string]string{"Content-Type": "application/json"}, 400, "no GraphQL request", "application/problem+json"},
		"variables no JSON":  {"GET", "/?query=%7B__typename%7D&variables=x", "", nil, 400, "variables is no JSON object", "application/problem+json"},
		"form":               {"POST", "/", `query=%7B__typename%7D`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 400, "not application/json", "application/problem+json"},
		"text, as CSRF does": {"POST", "/", `{"query": "{__typename}"}`, map[string]string{"Content-Type": "text/plain"}, 400, "not application/json", "application/problem+json"},
		"another method":     {"PUT", "/", "", nil, 400, "only GET and POST", "application/problem+json"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, strings.NewReader(tt.body))
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || w.Header().Get("Content-Type") != tt.media {
				t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestSwap(t *testing.T) {
	c := newClient(t, nil)
	c.data(t, `{users {totalCount}}`, nil)
	s, list := sdl.Parse(sdl.Source{Name: "s.graphql", Text: `type Team @table @auth(rules: [{allow: PUBLIC}]) { title: String! @col(name: "name") }`})
	if len(list) > 0 {
		t.Fatal(list)
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.handler.(*exec.Handler).Swap(api)
	if got := c.data(t, `{teams(first: 1) {nodes {title}}}`, nil); got != `{"teams":{"nodes":[{"title":"Core"}]}}` {
		t.Errorf("got %s", got)
	}
	if w := c.send(t, `{users {totalCount}}`, nil); w.Code != http.StatusBadRequest {
		t.Errorf("the old API still answers: %s", w.Body)
	}
}
