package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/server/graphiql"
)

func TestWhatIsNotServed(t *testing.T) {
	r := start(t, hello)
	for request, want := range map[string]struct {
		status int
		allow  string
	}{
		"GET /":               {404, ""},
		"GET /graphiql":       {404, ""}, // off unless asked for
		"GET /nothing/here":   {404, ""},
		"POST /graphql/deep":  {404, ""},
		"PUT /graphql":        {405, "GET, HEAD, POST"},
		"DELETE /livez":       {405, "GET, HEAD"},
		"NONSENSE /graphql":   {405, "GET, HEAD, POST"},
		"GET /%2e%2e/secrets": {404, ""},
	} {
		method, path, _ := strings.Cut(request, " ")
		got := r.do(t, method, path, nil)
		if got.StatusCode == http.StatusTemporaryRedirect || got.StatusCode == http.StatusMovedPermanently {
			got = r.do(t, method, got.Header.Get("Location"), nil)
		}
		if got.StatusCode != want.status || got.Header.Get("Content-Type") != problem.MediaType ||
			got.Header.Get("Allow") != want.allow {
			t.Errorf("%s: got %d %s, Allow %q", request, got.StatusCode, got.Header.Get("Content-Type"), got.Header.Get("Allow"))
		}
		if body := got.json(t); body["status"] != float64(want.status) || body["requestId"] == nil {
			t.Errorf("%s: got %s", request, got.body)
		}
	}
}

func TestGraphiQLInDevelopment(t *testing.T) {
	routes, err := graphiql.Routes()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, hello, func(o *server.Options) { o.Routes = append(o.Routes, routes...) })
	if got := r.do(t, "GET", "/", nil); got.StatusCode != http.StatusFound || got.Header.Get("Location") != "/graphiql" {
		t.Errorf("/ leads to %d %s", got.StatusCode, got.Header.Get("Location"))
	}
	page := r.do(t, "GET", "/graphiql", nil)
	policy := page.Header.Get("Content-Security-Policy")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "GraphiQL") || !strings.Contains(policy, "script-src 'self'") {
		t.Errorf("got %d, policy %q", page.StatusCode, policy)
	}
	if got := r.do(t, "GET", "/graphiql/missing.js", nil); got.Header.Get("Content-Type") != problem.MediaType {
		t.Errorf("a missing file is answered with %s", got.Header.Get("Content-Type"))
	}
}

func TestProbes(t *testing.T) {
	database, cache := atomic.Pointer[error]{}, atomic.Pointer[error]{}
	check := func(name string, critical bool, down *atomic.Pointer[error]) health.Check {
		return health.Check{Name: name, Critical: critical, Run: func(context.Context) []health.Measurement {
			if err := down.Load(); err != nil {
				return []health.Measurement{{Status: health.Fail, Output: (*err).Error()}}
			}
			return []health.Measurement{{Status: health.Pass}}
		}}
	}
	checker, err := health.New(health.Options{CacheFor: 1, Version: "1.2.3"},
		check("database", true, &database), check("cache", false, &cache))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, hello, func(o *server.Options) { o.Health = checker })
	expect := func(when string, want map[string]string) {
		t.Helper()
		for path, want := range want {
			got := r.do(t, "GET", path, nil)
			status := got.json(t)["status"]
			if status != want || (got.StatusCode == http.StatusServiceUnavailable) != (want == "fail") {
				t.Errorf("%s: %s is %v with %d, want %s", when, path, status, got.StatusCode, want)
			}
			if got.Header.Get("Content-Type") != health.MediaType || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: headers %v", path, got.Header)
			}
			head := r.do(t, "HEAD", path, nil)
			if head.StatusCode != got.StatusCode || head.body != "" {
				t.Errorf("%s: HEAD answers %d %q", path, head.StatusCode, head.body)
			}
		}
	}
	down := errors.New("down")
	expect("at first", map[string]string{"/livez": "pass", "/startupz": "pass", "/readyz": "pass", "/healthz": "pass"})
	cache.Store(&down)
	expect("cache down", map[string]string{"/livez": "pass", "/startupz": "pass", "/readyz": "pass", "/healthz": "warn"})
	database.Store(&down)
	expect("database down", map[string]string{"/livez": "pass", "/startupz": "pass", "/readyz": "fail", "/healthz": "fail"})
	database.Store(nil)
	expect("database back", map[string]string{"/readyz": "pass", "/healthz": "warn"})

	for message, want := range map[string]int{"the service is not ready": 1, "the service is ready again": 1, "the service is healthy, with concerns": 2, "the service is not healthy": 1} {
		if got := r.logs.find(t, message); len(got) != want {
			t.Errorf("%q is logged %d times, want %d: %v", message, len(got), want, got)
		}
	}
	if got := r.logs.find(t, "the service is not ready"); len(got) == 1 && got[0]["cause"] != "database: down" {
		t.Errorf("the log has %v", got)
	}

	report, err := health.Fetch(t.Context(), r.client, r.url+"/healthz")
	if err != nil || report.Version != "1.2.3" || report.Status != health.Warn || len(report.Checks) != 2 {
		t.Errorf("fetched %+v, %v", report, err)
	}
}

func TestProbesBeforeTheStart(t *testing.T) {
	s, err := server.New(server.Options{Address: ":0", Routes: api(http.NotFound), Health: checker(t)})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/livez": 200, "/startupz": 503, "/readyz": 503} {
		w := httptest.NewRecorder()
		server.HandlerOf(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
}

// FuzzRequestIDs looks for an id that comes back although it could harm a log or a header.
func FuzzRequestIDs(f *testing.F) {
	f.Add("client-42", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("a\r\nb", "ff--")
	f.Fuzz(func(t *testing.T, id, parent string) {
		info := server.InfoOf(http.Header{"X-Request-Id": {id}, "X-Correlation-Id": {parent}, "Traceparent": {parent}})
		for _, got := range []string{info.ID, info.Correlation} {
			if got == "" || len(got) > 128 || strings.ContainsAny(got, "\r\n\x00 \"'<>{}\\") || got != strings.ToValidUTF8(got, "") {
				t.Errorf("%q, %q gives %q", id, parent, got)
			}
		}
	})
}
