package exec_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

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
		"no query":           {"GET", "/", "", nil, 400, "the request has no query", "application/problem+json"},
		"no JSON":            {"POST", "/", `{"query`, map[string]string{"Content-Type": "application/json"}, 400, "not a GraphQL request", "application/problem+json"},
		"variables no JSON":  {"GET", "/?query=%7B__typename%7D&variables=x", "", nil, 400, "variables is not a JSON object", "application/problem+json"},
		"form":               {"POST", "/", `query=%7B__typename%7D`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "not application/json", "application/problem+json"},
		"text, as CSRF does": {"POST", "/", `{"query": "{__typename}"}`, map[string]string{"Content-Type": "text/plain"}, 415, "not application/json", "application/problem+json"},
		"charset":            {"POST", "/", `{"query": "{__typename}"}`, map[string]string{"Content-Type": "application/json; charset=latin1"}, 415, "not application/json", "application/problem+json"},
		"no content type":    {"POST", "/", `{"query": "{__typename}"}`, nil, 415, "not application/json", "application/problem+json"},
		"accept anything":    {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "text/html, */*;q=0.1"}, 200, "__typename", "application/json; charset=utf-8"},
		"accept a family":    {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "application/*"}, 200, "__typename", "application/json; charset=utf-8"},
		"accept by quality":  {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "application/json;q=0.5, application/graphql-response+json;q=0.9"}, 200, "__typename", "application/graphql-response+json; charset=utf-8"},
		"accept the first":   {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "application/graphql-response+json, */*"}, 200, "__typename", "application/graphql-response+json; charset=utf-8"},
		"accept none of it":  {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "text/html"}, 406, "accept application/json or application/graphql-response+json", "application/problem+json"},
		"accept not at all":  {"GET", "/?query=%7B__typename%7D", "", map[string]string{"Accept": "application/json;q=0"}, 406, "Accept", "application/problem+json"},
		"unknown operation":  {"GET", "/?operationName=B&query=query+A+%7B__typename%7D", "", nil, 200, `operation \"B\" not found`, "application/json; charset=utf-8"},
		"a mistake":          {"GET", "/?query=%7B", "", map[string]string{"Accept": "application/json"}, 200, `"code":"INVALID"`, "application/json; charset=utf-8"},
		"a mistake, any":     {"GET", "/?query=%7Bx%7D", "", map[string]string{"Accept": "*/*"}, 200, `"code":"INVALID"`, "application/json; charset=utf-8"},
		"a mistake by type":  {"GET", "/?query=%7Bx%7D", "", map[string]string{"Accept": "application/graphql-response+json"}, 400, `"code":"INVALID"`, "application/graphql-response+json; charset=utf-8"},
		"mutation by GET":    {"GET", "/?query=mutation+%7B__typename%7D", "", nil, 405, "use POST", "application/problem+json"},
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

func TestContentEncoding(t *testing.T) {
	c := newClient(t, nil).as(service)
	get := func(accept, query string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?query="+url.QueryEscape(query), nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		return w
	}
	long := "{users(first: 1) {nodes {" + aliasesOf("name", 200) + "}}}"
	plain := get("", long).Body.String()
	for accept, want := range map[string]string{
		"gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "gzip;q=0.5": "gzip", "*": "br", "deflate": "", "identity": "", "gzip;q=x": "", "*, br;q=0": "gzip",
	} {
		w := get(accept, long)
		if got := w.Header().Get("Content-Encoding"); got != want || !strings.Contains(strings.Join(w.Header().Values("Vary"), ", "), "Accept-Encoding") {
			t.Errorf("%s: %q, %v", accept, got, w.Header())
		}
		if w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: %s of %d bytes", accept, w.Header().Get("Content-Length"), w.Body.Len())
		}
		var body io.Reader = w.Body
		switch want {
		case "br":
			body = brotli.NewReader(w.Body)
		case "gzip":
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != plain {
			t.Errorf("%s: %.100s, %v", accept, text, err)
		}
	}
	if w := get("br", "{__typename}"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a short response is compressed")
	}
}

// aliasesOf repeats a field under different names.
func aliasesOf(field string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d:%s ", i, field)
	}
	return b.String()
}
