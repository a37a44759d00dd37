package health_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// serve answers every request alike until the test ends, and returns the address and a client for it.
func serve(t *testing.T, status int, mediaType, body string) (string, *http.Client) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL, s.Client()
}

func TestFetch(t *testing.T) {
	for name, tc := range map[string]struct {
		status          int
		mediaType, body string
		want            health.Status
		output          string
	}{
		"a report":                 {200, health.MediaType, `{"status":"pass"}`, health.Pass, ""},
		"a warning":                {200, health.MediaType + "; charset=utf-8", `{"status":"warn","output":"late"}`, health.Warn, "late"},
		"a failure":                {503, health.MediaType, `{"status":"fail","output":"dead"}`, health.Fail, "dead"},
		"Spring Boot":              {200, "application/json", `{"status":"UP"}`, health.Pass, ""},
		"Spring Boot down":         {503, "application/json", `{"status":"DOWN"}`, health.Fail, "HTTP 503 Service Unavailable"},
		"Terminus":                 {200, "application/json", `{"status":"ok","info":{}}`, health.Pass, ""},
		"Terminus failing":         {200, "application/json", `{"status":"error"}`, health.Fail, ""},
		"a status nobody knows":    {200, health.MediaType, `{"status":"fine"}`, health.Fail, ""},
		"plain":                    {200, "text/plain", "OK", health.Pass, ""},
		"plain, unavailable":       {503, "text/plain", "", health.Fail, "HTTP 503 Service Unavailable"},
		"not there":                {404, "text/html", "<html>", health.Fail, "HTTP 404 Not Found"},
		"JSON without status":      {200, "application/json", `{"name":"x"}`, health.Pass, ""},
		"broken JSON":              {200, health.MediaType, `{"status":"pa`, health.Pass, ""},
		"broken JSON, unavailable": {503, health.MediaType, `[1,2`, health.Fail, "HTTP 503 Service Unavailable"},
		"a status belied by HTTP":  {500, health.MediaType, `{"status":"pass"}`, health.Fail, "HTTP 500 Internal Server Error"},
	} {
		address, client := serve(t, tc.status, tc.mediaType, tc.body)
		r, err := health.Fetch(t.Context(), client, address)
		if err != nil || r.Status != tc.want || r.Output != tc.output {
			t.Errorf("%s: %s %q, %v", name, r.Status, r.Output, err)
		}
	}
}

func TestFetchKeepsTheMeasurements(t *testing.T) {
	address, client := serve(t, 200, health.MediaType, `{"status":"ok","checks":{"db:lag":[
		{"componentId":"a","observedValue":1.5,"observedUnit":"s","status":"UP","time":"2026-05-09T05:00:00Z"},{"observedValue":"x"}]}}`)
	r, err := health.Fetch(t.Context(), client, address)
	if err != nil {
		t.Fatal(err)
	}
	lag := r.Checks["db:lag"]
	if len(lag) != 2 || lag[0].Status != health.Pass || lag[0].ObservedValue != 1.5 || lag[0].Time.Hour() != 5 || lag[1].Status != "" {
		t.Errorf("got %+v", lag)
	}
}

func TestFetchThatCannotSucceed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx     context.Context
		address string
		want    fault.Code
	}{
		"nobody there":     {t.Context(), "http://me:hunter2@" + closed.Addr().String() + "/healthz?token=hunter2", fault.Unavailable},
		"interrupted":      {gone, "http://" + closed.Addr().String(), fault.Canceled},
		"no address":       {t.Context(), "", fault.Invalid},
		"no scheme":        {t.Context(), "localhost:8080", fault.Invalid},
		"another scheme":   {t.Context(), "file:///etc/passwd", fault.Invalid},
		"a broken address": {t.Context(), "http://a b:hunter2@/%zz", fault.Invalid},
	} {
		_, err := health.Fetch(tc.ctx, &http.Client{Transport: &http.Transport{}}, tc.address)
		if fault.CodeOf(err) != tc.want {
			t.Errorf("%s: %v (%s)", name, err, fault.CodeOf(err))
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v holds a secret", name, err)
		}
		if tc.want != fault.Canceled && fault.HintOf(err) == "" {
			t.Errorf("%s: %v has no hint", name, err)
		}
	}
}

// FuzzFetch feeds what a stranger may answer.
func FuzzFetch(f *testing.F) {
	f.Add(200, health.MediaType, `{"status":"pass","checks":{"a:b":[{"observedValue":[1,{}]}]}}`)
	f.Add(503, "application/json", `{"status":null}`)
	f.Add(200, ";;", `{"checks":{"a":null}}`)
	f.Fuzz(func(t *testing.T, status int, mediaType, body string) {
		client := &http.Client{Transport: roundTrip(func(*http.Request) *http.Response {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Content-Type": {mediaType}}, Body: io.NopCloser(strings.NewReader(body)),
			}
		})}
		r, err := health.Fetch(t.Context(), client, "http://service/")
		if err == nil && r.Status != health.Pass && r.Status != health.Warn && r.Status != health.Fail {
			t.Errorf("status %q", r.Status)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
