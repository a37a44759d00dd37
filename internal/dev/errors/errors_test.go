package errors_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/dev/errors"
	"github.com/krowoc/krowoc/internal/fault"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// source has one error.
type source struct {
	since    time.Time
	category string
}

func (s *source) List(_ context.Context, since time.Time, category string) ([]errors.Category, []errors.Error, error) {
	s.since, s.category = since, category
	e, _ := s.Find(context.Background(), "3f2a9bc4d5e6f708")
	return []errors.Category{{Name: "internal", Count: 3}}, []errors.Error{e}, nil
}

func (s *source) Find(_ context.Context, fingerprint string) (errors.Error, error) {
	if fingerprint != "3f2a9bc4d5e6f708" {
		return errors.Error{}, fault.New(fault.NotFound, "show an error", "there is none")
	}
	return errors.Error{
		Fingerprint: fingerprint, Category: "internal", Where: "graphql query notes", Message: "a <script> is wrong", Count: 3, Total: 4,
		LastSeen: at, Trend: []int64{0, 1, 2}, Samples: []errors.Sample{{Time: at, RequestID: "request-42", TraceID: "0af7651916cd43dd8448eb211c80319c", Stack: "main.f"}},
	}, nil
}

// page returns the status and the text of a page.
func page(t *testing.T, p *errors.Pages, path string) (int, string) {
	t.Helper()
	mux := http.NewServeMux()
	p.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(text)
}

func TestPages(t *testing.T) {
	t.Parallel()
	var s source
	p := &errors.Pages{Source: func() errors.Source { return &s }, Now: func() time.Time { return at }}
	_, list := page(t, p, "/errors/?since=1h&category=internal")
	for _, want := range []string{
		`<a href="/errors/3f2a9bc4d5e6f708">a &lt;script&gt; is wrong</a>`, `<td>3</td>`, `viewBox="0 0 3 20"`, `<rect x="1" y="10.0" width="0.8" height="10.0"/><rect x="2" y="0.0"`,
		`<option value="internal" selected>internal (3)</option>`, `<option selected>1h</option>`, `data-live="/errors/events"`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %s:\n%s", want, list)
		}
	}
	if s.category != "internal" || !s.since.Equal(at.Add(-time.Hour)) {
		t.Errorf("asked for %q since %s", s.category, s.since)
	}
	_, one := page(t, p, "/errors/3f2a9bc4d5e6f708")
	for _, want := range []string{`<a href="/traces/0af7651916cd43dd8448eb211c80319c">`, `krowoc dev logs | grep -F &#39;[quest-42]&#39;`, `<pre>main.f</pre>`, `4, of them 3 in 24 hours`} {
		if !strings.Contains(one, want) {
			t.Errorf("the error has no %s:\n%s", want, one)
		}
	}
	if status, _ := page(t, p, "/errors/0000"); status != http.StatusNotFound {
		t.Errorf("an unknown error: %d", status)
	}
}

// A session shows the page before its API runs.
func TestPagesWithoutList(t *testing.T) {
	t.Parallel()
	p := &errors.Pages{Source: func() errors.Source { return nil }, Now: time.Now}
	if status, text := page(t, p, "/errors/"); status != http.StatusOK || !strings.Contains(text, "No errors.") {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := page(t, p, "/errors/3f2a"); status != http.StatusNotFound {
		t.Errorf("an error: %d", status)
	}
}
