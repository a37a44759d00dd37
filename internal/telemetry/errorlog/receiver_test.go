package errorlog_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/server/cors"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// receiver returns a handler whose clock a test moves.
func receiver(t *testing.T, o errorlog.ReceiverOptions) http.Handler {
	t.Helper()
	h, err := errorlog.NewReceiver(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// report sends a report as a browser does and returns the status.
func report(t *testing.T, h http.Handler, body, address string, header ...string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://api.example.com/errors", strings.NewReader(body))
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	r.Header.Set("Origin", "http://api.example.com")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if address != "" {
		r.RemoteAddr = address
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestReportsThatAreRefused(t *testing.T) {
	t.Parallel()
	r := errorlog.New(errorlog.Options{DB: migrated(t)})
	h := receiver(t, errorlog.ReceiverOptions{Recorder: r, Allowed: cors.Allowed([]string{"https://app.example.com", "https://*.preview.example.com"}), PublicURL: "https://www.example.com/"})
	const good = `{"message": "x is not a function"}`
	for name, tc := range map[string]struct {
		body   string
		header []string
		want   int
	}{
		"a page of the server":       {good, nil, 204},
		"as JSON":                    {good, []string{"Content-Type", "application/json"}, 204},
		"a listed origin":            {good, []string{"Origin", "https://app.example.com"}, 204},
		"a pattern":                  {good, []string{"Origin", "https://a.preview.example.com"}, 204},
		"not of the pattern":         {good, []string{"Origin", "https://preview.example.com"}, 403},
		"the public URL":             {good, []string{"Origin", "https://www.example.com"}, 204},
		"behind a proxy":             {good, []string{"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "same-origin"}, 204},
		"another origin":             {good, []string{"Origin", "https://evil.example"}, 403},
		"no origin":                  {good, []string{"Origin", ""}, 403},
		"an opaque origin":           {good, []string{"Origin", "null"}, 403},
		"a form":                     {good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400},
		"no JSON":                    {"x", nil, 400},
		"no message":                 {`{"message": " "}`, nil, 400},
		"a list":                     {`[]`, nil, 400},
		"too large":                  {`{"message": "` + strings.Repeat("x", errorlog.MaxReport) + `"}`, nil, 413},
		"a message that is a number": {`{"message": 1}`, nil, 400},
	} {
		if got := report(t, h, tc.body, "", tc.header...); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	if got := r.Waiting(); got != 6 {
		t.Errorf("%d reports were taken", got)
	}
}

// Pages of all origins may report if they may call the API. Programs without an origin may not.
func TestReportsOfAllOrigins(t *testing.T) {
	t.Parallel()
	h := receiver(t, errorlog.ReceiverOptions{Recorder: errorlog.New(errorlog.Options{}), Allowed: cors.Allowed([]string{"*"})})
	for origin, want := range map[string]int{"https://a.example": http.StatusNoContent, "": http.StatusForbidden} {
		if got := report(t, h, `{"message": "x"}`, "", "Origin", origin); got != want {
			t.Errorf("%q: %d", origin, got)
		}
	}
}

// Nobody fills the list with refusals.
func TestRefusalsAreNoErrors(t *testing.T) {
	t.Parallel()
	h := receiver(t, errorlog.ReceiverOptions{Recorder: errorlog.New(errorlog.Options{})})
	for body, want := range map[string]bool{`{"message": "x"}`: false, "x": true, strings.Repeat("x", errorlog.MaxReport+1): true} {
		info := &request.Info{}
		r := httptest.NewRequestWithContext(request.With(t.Context(), info), http.MethodPost, "http://api.example.com/errors", strings.NewReader(body))
		r.Header.Set("Content-Type", "text/plain")
		r.Header.Set("Origin", "http://api.example.com")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if info.FailureNoted() != want {
			t.Errorf("%.20s: the failure is noted: %t", body, info.FailureNoted())
		}
	}
}

func TestReportsAreLimited(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	r := errorlog.New(errorlog.Options{DB: migrated(t)})
	h := receiver(t, errorlog.ReceiverOptions{Recorder: r, Now: func() time.Time { return now }})
	count := func(n int, address string) (accepted int) {
		for range n {
			if report(t, h, `{"message": "x"}`, address) == http.StatusNoContent {
				accepted++
			}
		}
		return accepted
	}
	if n := count(100, "10.0.0.1:1"); n != 60 {
		t.Errorf("%d reports of one address were accepted", n)
	}
	others := 0
	for i := range 100 {
		others += count(10, "10.0.1."+string(rune('0'+i%10))+string(rune('0'+i/10))+":1")
	}
	if others != 540 {
		t.Errorf("%d reports of other addresses were accepted", others)
	}
	now = now.Add(time.Minute)
	if n := count(1, "10.0.0.1:1"); n != 1 {
		t.Error("a minute later, no report is accepted")
	}
}

// Errors of browsers: equal for other values, origins, releases and positions; what may be personal is gone.
func TestErrorsOfBrowsers(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	h := receiver(t, errorlog.ReceiverOptions{Recorder: r})
	for _, body := range []string{
		`{"message": "Cannot read properties of undefined (reading 'marker')", "url": "https://a.example/users/42/marker@x.example/edit?token=marker#marker", "release": "2.0.0", "traceId": "0af7651916cd43dd8448eb211c80319c",
		  "stack": "TypeError: marker\n    at render (https://a.example/assets/index-BX3a91Zk.js?marker:1:2345)\n    at async Object.load (https://a.example/assets/index-BX3a91Zk.js:7:1)"}`,
		`{"message": "Cannot read properties of undefined (reading 'other')", "url": "https://b.example/", "release": "not a release, marker", "traceId": "marker",
		  "stack": "render@https://b.example/assets/index-AAAAAAAA.js:9:99\nload@https://b.example/assets/index-AAAAAAAA.js:99:9\nmarker"}`,
	} {
		if status := report(t, h, body, ""); status != http.StatusNoContent {
			t.Fatalf("%d", status)
		}
	}
	stop()
	all := testkit.Value(t, db, "SELECT string_agg(e::text, E'\n') FROM krowoc.errors AS e")
	if strings.Contains(all, "marker") {
		t.Errorf("the table has a marker: %s", all)
	}
	got := testkit.Value(t, db, "SELECT string_agg(concat_ws(', ', edge, category, place, message, count, samples->0->>'release'), '; ') FROM krowoc.errors")
	const one = "browser, internal, render /assets/index.js, Cannot read properties of undefined (reading '…'), "
	if got != one+"1, 2.0.0; "+one+"1, 1.2.3" && got != one+"1, 1.2.3; "+one+"1, 2.0.0" && got != one+"2, 1.2.3" {
		t.Errorf("got %s", got)
	}
	if got := testkit.Value(t, db, "SELECT count(*)::text FROM krowoc.errors, jsonb_array_elements(samples) s WHERE s->>'page' LIKE '/users/#/%' OR s->>'page' = '/'"); got == "0" {
		t.Errorf("no page: %s", all)
	}
}
