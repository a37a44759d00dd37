package exec_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

// get sends a query by GET with the tags that a client knows.
func (c client) get(t testing.TB, query, tags string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?"+url.Values{"query": {query}}.Encode(), nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if tags != "" {
		r.Header.Set("If-None-Match", tags)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r.WithContext(caller.With(r.Context(), c.caller)))
	return w
}

// An answer that the client has is not sent again, until a row in it changes.
func TestAnswersThatAreKnownAreNotSentAgain(t *testing.T) {
	c := serve(t, `type Note @table @auth(rules: [{allow: PUBLIC, operations: [READ]}]) { title: String! }`, "",
		`INSERT INTO notes (title) VALUES ('a')`)
	const query = `{notes {nodes {title}}}`
	first := c.get(t, query, "")
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || !strings.HasPrefix(tag, `W/"`) || first.Header().Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	for _, tags := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
		w := c.get(t, query, tags)
		if w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") != "private, no-cache" {
			t.Errorf("for %s: %d %v %s", tags, w.Code, w.Header(), w.Body)
		}
		if vary := strings.Join(w.Header().Values("Vary"), ", "); vary != "Authorization, Cookie, Accept, Accept-Encoding" {
			t.Errorf("Vary: %s", vary)
		}
	}
	person := c.as(caller.Caller{UID: "a"}).get(t, query, "")
	if person.Header().Get("Cache-Control") != "no-store" || person.Header().Get("ETag") == "" {
		t.Errorf("of a person: %v", person.Header())
	}
	testkit.Exec(t, c.db, `INSERT INTO notes (title) VALUES ('b')`)
	changed := c.get(t, query, tag)
	if changed.Code != http.StatusOK || changed.Header().Get("ETag") == tag || !strings.Contains(changed.Body.String(), `"b"`) {
		t.Errorf("after a change: %d %v %s", changed.Code, changed.Header(), changed.Body)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{"an error": c.get(t, `{nowhere}`, "*"), "a POST": c.send(t, query, nil)} {
		if w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" || w.Code == http.StatusNotModified {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}
