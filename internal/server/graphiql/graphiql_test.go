package graphiql_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/server/graphiql"
)

func newMux(t *testing.T) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	routes, err := graphiql.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		mux.Handle(r.Pattern, r.Handler)
	}
	return mux
}

func get(mux *http.ServeMux, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if header != nil {
		r.Header = header
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// TestPageIsWhole follows every reference of the page: each leads to a file of this server.
func TestPageIsWhole(t *testing.T) {
	mux := newMux(t)
	resp := get(mux, "/graphiql", nil)
	page, _ := io.ReadAll(resp.Body)
	if resp.Code != http.StatusOK || resp.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d %s", resp.Code, resp.Header().Get("Content-Type"))
	}
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(page), -1)
	types := map[string]string{".js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
	files := 0
	for _, reference := range references {
		path := reference[1]
		if path == "data:," {
			continue
		}
		files++
		plain := get(mux, "/"+path, nil)
		body, _ := io.ReadAll(plain.Body)
		if plain.Code != http.StatusOK || len(body) < 20 {
			t.Errorf("%s: %d, %d bytes", path, plain.Code, len(body))
		}
		if got, want := plain.Header().Get("Content-Type"), types[path[len(path)-3:]]; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
		if strings.Contains(string(body), "sourceMappingURL") {
			t.Errorf("%s asks for a source map that is not there", path)
		}
	}
	if files != 6 {
		t.Errorf("the page refers to %d files, want 6", files)
	}
}

func TestCompressionAndTags(t *testing.T) {
	mux := newMux(t)
	const path = "/graphiql/graphiql.min.js"
	plain := get(mux, path, nil)
	zipped := get(mux, path, http.Header{"Accept-Encoding": {"br, gzip"}})
	long, _ := io.ReadAll(plain.Body)
	short, _ := io.ReadAll(zipped.Body)
	if zipped.Header().Get("Content-Encoding") != "gzip" || len(short)*2 > len(long) {
		t.Errorf("%q, %d of %d bytes", zipped.Header().Get("Content-Encoding"), len(short), len(long))
	}
	tag := zipped.Header().Get("Etag")
	if tag == plain.Header().Get("Etag") {
		t.Errorf("both forms have the tag %s", tag)
	}
	again := get(mux, path, http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": {tag}})
	if again.Code != http.StatusNotModified {
		t.Errorf("a file that the client has is sent again: %d", again.Code)
	}
	if csp := zipped.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") {
		t.Errorf("policy %q", csp)
	}
}
