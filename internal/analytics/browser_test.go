package analytics_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/analytics"
)

// upstream keeps what arrives at PostHog.
type upstream struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
	hang bool
}

func newUpstream(t testing.TB) *upstream {
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.seen, u.body = append(u.seen, r), append(u.body, string(body))
		u.mu.Unlock()
		if u.hang {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Set-Cookie", "tracker=1")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Internal", "x")
		if strings.HasSuffix(r.URL.Path, "/config") {
			w.Header().Set("Location", "https://elsewhere.example")
			w.WriteHeader(http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"status":1}`)
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) requests() []*http.Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]*http.Request{}, u.seen...)
}

func browser(t testing.TB, o analytics.BrowserOptions) *analytics.Browser {
	t.Helper()
	o.Path = "/relay"
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := analytics.NewBrowser(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func call(t testing.TB, b http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func TestBrowserEventsPass(t *testing.T) {
	u := newUpstream(t)
	b := browser(t, analytics.BrowserOptions{Host: u.URL, Key: "k"})
	w := call(t, b, http.MethodPost, "/relay/e/?compression=gzip-js&ver=1", "BODY",
		"Cookie", "session=1", "Authorization", "Bearer x", "X-Forwarded-For", "10.0.0.1", "Content-Type", "text/plain", "User-Agent", "Firefox", "Origin", "http://a", "Referer", "http://a/b")
	if w.Code != http.StatusAccepted || w.Body.String() != `{"status":1}` || w.Header().Get("Set-Cookie") != "" || w.Header().Get("X-Internal") != "" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	got := u.requests()[0]
	if got.URL.String() != "/e/?compression=gzip-js&ver=1" || u.body[0] != "BODY" || got.Header.Get("Content-Type") != "text/plain" || got.UserAgent() != "Firefox" {
		t.Errorf("got %s %s %v", got.URL, u.body[0], got.Header)
	}
	for _, name := range []string{"Cookie", "Authorization", "X-Forwarded-For", "Referer"} {
		if value := got.Header.Get(name); value != "" {
			t.Errorf("%s: %s was forwarded", name, value)
		}
	}
}

func TestBrowserPaths(t *testing.T) {
	u := newUpstream(t)
	b := browser(t, analytics.BrowserOptions{Host: u.URL, Key: "k"})
	for request, status := range map[string]int{
		"POST /relay/e/": 202, "POST /relay/i/v0/e/": 202, "POST /relay/batch/": 202, "POST /relay/flags/": 202, "GET /relay/static/exception-autocapture.js": 202,
		"GET /relay/static/1.2.3/recorder.js": 202, "GET /relay/array/phc_x/config.js": 202,
		"GET /relay/array/phc_x/config": 503, // redirects are not followed
		"POST /relay/s/":                404, "GET /relay/e/": 404, "POST /relay/api/projects": 404, "GET /relay/api/users/@me": 404, "GET /relay/": 404,
		"GET /relay/static/../api/x.js": 404, "GET /relay/static/%2e%2e/x.js": 404, "POST /relay//e/": 404, "DELETE /relay/e/": 404, "POST /relay/e/x": 404,
		"POST /relay/@evil.example/e/": 404, "GET /relay/static/x.html": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		before := len(u.requests())
		w := call(t, b, method, path, "")
		if w.Code != status || (w.Code == 404) != (len(u.requests()) == before) {
			t.Errorf("%s: %d, want %d; %d requests arrived", request, w.Code, status, len(u.requests())-before)
		}
	}
}

func TestBrowsersThatRefuse(t *testing.T) {
	u := newUpstream(t)
	b := browser(t, analytics.BrowserOptions{Host: u.URL, Key: "k"})
	for _, header := range []string{"DNT", "Sec-GPC"} {
		if w := call(t, b, http.MethodPost, "/relay/e/", "x", header, "1"); w.Code != http.StatusOK || len(u.requests()) > 0 {
			t.Errorf("%s: %d, and %d requests arrived", header, w.Code, len(u.requests()))
		}
	}
}

func TestBrowserConfig(t *testing.T) {
	b := browser(t, analytics.BrowserOptions{Host: "https://eu.i.posthog.com", Key: "phc_1", Consent: analytics.Required, Environment: "production", Release: "v1"})
	w := call(t, b, http.MethodGet, "/relay/config", "")
	var got map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got["key"] != "phc_1" || got["consent"] != "required" || got["release"] != "v1" || got["environment"] != "production" {
		t.Errorf("got %s", w.Body)
	}
}

func TestBrowserDoesNotWaitForPostHog(t *testing.T) {
	u := newUpstream(t)
	u.hang = true
	b := browser(t, analytics.BrowserOptions{Host: u.URL, Key: "k"})
	began := time.Now()
	var wg sync.WaitGroup
	codes := make(chan int, 80)
	for range cap(codes) {
		wg.Go(func() { codes <- call(t, b, http.MethodPost, "/relay/e/", "x").Code })
	}
	wg.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	for range cap(codes) {
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Errorf("got %d", code)
		}
	}
	if n := len(u.requests()); n > 64 || b.Dropped() != 80 {
		t.Errorf("%d requests waited at once, and %d are counted", n, b.Dropped())
	}
}

func TestBrowserEventsAreLoggedInDevelopment(t *testing.T) {
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, _ = z.Write([]byte(`[{"event":"$pageview","properties":{"distinct_id":"anon_1","$current_url":"http://a"}}]`))
	_ = z.Close()
	for name, body := range map[string]string{
		"compressed": compressed.String(), "one": `{"event":"$pageview","properties":{"distinct_id":"anon_1"}}`,
		"batch": `{"api_key":"k","batch":[{"event":"$pageview","properties":{"distinct_id":"anon_1"}}]}`, "form": "data=%7B%22event%22%3A%22%24pageview%22%2C%22properties%22%3A%7B%22distinct_id%22%3A%22anon_1%22%7D%7D",
	} {
		var log bytes.Buffer
		b := browser(t, analytics.BrowserOptions{Log: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		w := call(t, b, http.MethodPost, "/relay/e/", body)
		if w.Code != http.StatusOK || !strings.Contains(log.String(), "event=$pageview distinct_id=anon_1 from=browser") {
			t.Errorf("%s: %d %s", name, w.Code, log.String())
		}
	}
	b := browser(t, analytics.BrowserOptions{Log: true})
	if w := call(t, b, http.MethodPost, "/relay/e/", "nonsense"); w.Code != http.StatusBadRequest {
		t.Errorf("got %d", w.Code)
	}
	if w := call(t, b, http.MethodGet, "/relay/static/array.js", ""); w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
}
