package analytics_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/testkit"
)

// reporter returns a reporter of a sink.
func reporter(t testing.TB, change ...func(*analytics.ReporterOptions)) (*analytics.Reporter, *analytics.Client, *testkit.PostHog) {
	t.Helper()
	sink := testkit.NewPostHog(t)
	c := client(t, sink)
	o := analytics.ReporterOptions{Client: c, Consent: analytics.Required, Sample: 1}
	for _, f := range change {
		f(&o)
	}
	r, err := analytics.NewReporter(o)
	if err != nil {
		t.Fatal(err)
	}
	return r, c, sink
}

// visit calls f in a request of somebody, with headers.
func visit(t testing.TB, r *analytics.Reporter, who caller.Caller, headers map[string]string, f func(*http.Request)) {
	t.Helper()
	in := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
	for name, value := range headers {
		in.Header.Set(name, value)
	}
	ctx := request.With(caller.With(in.Context(), who), &request.Info{ID: "r1", Correlation: "c1"})
	r.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r) })).ServeHTTP(httptest.NewRecorder(), in.WithContext(ctx))
}

// Who an event is about: docs/analytics.md has the same table.
func TestConsent(t *testing.T) {
	const anonymous = "anon_0190d4a1"
	key := caller.Caller{UID: "ada", Key: "k1"}
	for name, tt := range map[string]struct {
		who     caller.Caller
		headers map[string]string
		assumed bool
		id      string // "" is nobody
		profile bool
	}{
		"no header":                     {who: ada},
		"no header, anonymous":          {},
		"the caller":                    {who: ada, headers: map[string]string{"X-PostHog-Distinct-Id": "ada"}, id: "ada", profile: true},
		"an ID that the browser made":   {headers: map[string]string{"X-PostHog-Distinct-Id": anonymous}, id: anonymous},
		"the same, of a user":           {who: ada, headers: map[string]string{"X-PostHog-Distinct-Id": anonymous}, id: anonymous},
		"somebody else":                 {who: ada, headers: map[string]string{"X-PostHog-Distinct-Id": "bob"}},
		"a user, without a log-in":      {headers: map[string]string{"X-PostHog-Distinct-Id": "ada"}},
		"Do Not Track":                  {who: ada, headers: map[string]string{"X-PostHog-Distinct-Id": "ada", "DNT": "1"}},
		"Global Privacy Control":        {headers: map[string]string{"X-PostHog-Distinct-Id": anonymous, "Sec-GPC": "1"}},
		"a machine":                     {who: key, headers: map[string]string{"X-PostHog-Distinct-Id": "ada"}},
		"the service":                   {who: caller.Caller{UID: "ada", Service: true}, headers: map[string]string{"X-PostHog-Distinct-Id": "ada"}},
		"a machine with a browser's ID": {who: key, headers: map[string]string{"X-PostHog-Distinct-Id": anonymous}},
		"the service, the same":         {who: caller.Caller{Service: true}, headers: map[string]string{"X-PostHog-Distinct-Id": anonymous}},
		"assumed":                       {who: ada, assumed: true, id: "ada", profile: true},
		"assumed, with Do Not Track":    {who: ada, assumed: true, headers: map[string]string{"DNT": "1"}},
		"assumed, with another's ID":    {who: ada, assumed: true, headers: map[string]string{"X-PostHog-Distinct-Id": "bob"}},
		"assumed, a machine":            {who: key, assumed: true},
		"a user with a browser's ID":    {who: caller.Caller{UID: anonymous}, assumed: true},
		"an ID that is not plain":       {headers: map[string]string{"X-PostHog-Distinct-Id": "anon_<b>"}},
		"an ID that is very long":       {headers: map[string]string{"X-PostHog-Distinct-Id": "anon_" + strings.Repeat("x", 200)}},
		"an ID like a PostHog constant": {who: ada, headers: map[string]string{"X-PostHog-Distinct-Id": "$posthog_cookieless"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c, sink := reporter(t, func(o *analytics.ReporterOptions) {
				if tt.assumed {
					o.Consent = analytics.Assumed
				}
			})
			headers := map[string]string{"X-PostHog-Session-Id": "s1"}
			for n, v := range tt.headers {
				headers[n] = v
			}
			for range 2 {
				visit(t, r, tt.who, headers, func(in *http.Request) {
					r.Capture(in.Context(), "prompt_execution", map[string]any{"model": "m"})
					r.Capture(in.Context(), "prompt_execution", nil)
				})
			}
			flush(t, c)
			checkPerson(t, sink.Confirmed(), tt.id, tt.profile)
		})
	}
}

// checkPerson checks the events of two requests with two events each.
func checkPerson(t *testing.T, events []testkit.PostHogEvent, id string, profile bool) {
	t.Helper()
	if len(events) != 4 {
		t.Fatalf("got %d events", len(events))
	}
	sameRequest, other := events[0].DistinctID == events[1].DistinctID, events[0].DistinctID != events[2].DistinctID
	for _, e := range events {
		_, anonymous := e.Properties["$process_person_profile"]
		session := e.Properties["$session_id"]
		switch {
		case id == "" && (!sameRequest || !other || !newID.MatchString(e.DistinctID)):
			t.Errorf("an event of nobody has the ID %s; one of the same request: %t, of another: %t", e.DistinctID, sameRequest, !other)
		case id != "" && e.DistinctID != id:
			t.Errorf("got %s, want %s", e.DistinctID, id)
		case anonymous == profile, (session != nil) != (id != ""):
			t.Errorf("got %v", e.Properties)
		}
		if correlated := e.Properties["correlation_id"] == "c1"; correlated != (id != "") {
			t.Errorf("an event about %q has the correlation ID %v", id, e.Properties["correlation_id"])
		}
		if e.Properties["request_id"] != "r1" || e.Properties["$geoip_disable"] != true {
			t.Errorf("got %v", e.Properties)
		}
	}
}

func TestOperationsAreReported(t *testing.T) {
	r, c, sink := reporter(t, func(o *analytics.ReporterOptions) { o.Sample = 1 })
	x := track(t, false)
	x.options.Observers, x.options.Panicked = []exec.Observer{r}, r.Panicked
	x.serveWith(t, x.outbox)
	x.ask(t, ada, `query Notes { notes { nodes { text } } }`)
	x.ask(t, ada, create)
	x.ask(t, ada, `query Wrong { nothing }`)
	x.ask(t, ada, `query Secret { notes(where: {text: {eq: "SECRET-VALUE"}}) { totalCount } }`)
	testkit.Exec(t, x.db, `ALTER TABLE notes RENAME COLUMN stars TO gone`)
	x.ask(t, ada, `query Stars { notes(where: {text: {eq: "SECRET-VALUE"}}) { nodes { stars } } }`)
	flush(t, c)
	var got []string
	for _, e := range sink.Confirmed() {
		switch e.Event {
		case "api_request":
			if ms, _ := e.Properties["duration_ms"].(float64); ms <= 0 || ms > 60_000 {
				t.Errorf("the duration is %v", e.Properties["duration_ms"])
			}
			got = append(got, fmt.Sprint(e.Properties["operation"], " ", e.Properties["type"], " ", e.Properties["error_code"]))
		case "error":
			got = append(got, fmt.Sprint("error ", e.Properties["operation"], " ", e.Properties["error_code"]))
		case "$exception":
			got = append(got, fmt.Sprint("exception ", e.Properties["$exception_list"]))
		}
	}
	want := []string{
		"Notes query <nil>", "Write mutation <nil>", "<nil> unknown invalid", "Secret query <nil>", "error Stars internal",
		"exception [map[mechanism:map[handled:true synthetic:false type:generic] type:internal error value:run an operation (SQLSTATE 42703)]]", "Stars query internal",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	for _, r := range sink.Requests() {
		if strings.Contains(string(r.Body), "SECRET") {
			t.Errorf("a request has a value: %s", r.Body)
		}
	}
}

func TestSample(t *testing.T) {
	for sample, want := range map[float64]int{0: 0, 0.5: 5, 1: 10} {
		var n int
		r, c, sink := reporter(t, func(o *analytics.ReporterOptions) {
			o.Sample, o.Random = sample, func() float64 { n++; return float64(n-1) / 10 }
		})
		for range 10 {
			r.Settle(t.Context(), &exec.Operation{Time: time.Now()})
		}
		flush(t, c)
		if got := len(sink.Confirmed()); got != want {
			t.Errorf("%v: %d of 10 are reported", sample, got)
		}
	}
}

//go:noinline
func explode(list []int, i int) int { return list[i] }

func TestPanicsHaveTheirStack(t *testing.T) {
	r, c, sink := reporter(t)
	for _, cause := range []func(){
		func() { explode(nil, 7) },
		func() { panic(errors.New("SECRET-VALUE")) },
		func() { panic(http.ErrAbortHandler) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the server does not learn of the panic")
				}
			}()
			visit(t, r, ada, nil, func(*http.Request) { cause() })
		}()
	}
	flush(t, c)
	events := sink.Confirmed()
	if len(events) != 2 {
		t.Fatalf("got %d events", len(events))
	}
	list := fmt.Sprint(events[0].Properties["$exception_list"])
	for _, part := range []string{"type:runtime error", "value:index out of range [7] with length 0", "handled:false", "platform:go", "filename:analytics/report_test.go"} {
		if !strings.Contains(list, part) {
			t.Errorf("%q is not in %s", part, list)
		}
	}
	entries, _ := events[0].Properties["$exception_list"].([]any)
	first, _ := entries[0].(map[string]any)
	trace, _ := first["stacktrace"].(map[string]any)
	frames, _ := trace["frames"].([]any)
	last, _ := frames[len(frames)-1].(map[string]any)
	if function := fmt.Sprint(last["function"]); !strings.HasSuffix(function, ".explode") || last["in_app"] != true {
		t.Errorf("the last frame is %v", last)
	}
	if second := fmt.Sprint(events[1].Properties["$exception_list"]); strings.Contains(second, "SECRET") || !strings.Contains(second, "type:*errors.errorString") {
		t.Errorf("got %s", second)
	}
}

func TestErrorsHaveNoValues(t *testing.T) {
	r, c, sink := reporter(t, func(o *analytics.ReporterOptions) { o.Sample = 0 })
	server := &pgconn.PgError{Code: "42P01", Message: `SECRET`, Detail: "SECRET"}
	r.Settle(t.Context(), &exec.Operation{Err: fault.Wrap("read notes", &fault.Error{Code: fault.Internal, Op: "run an operation", Message: "SECRET", Err: server})})
	flush(t, c)
	if got := sink.Confirmed(); len(got) != 2 || !strings.Contains(fmt.Sprint(got[1].Properties), "value:read notes: run an operation (SQLSTATE 42P01)") {
		t.Errorf("got %v", got)
	}
	if strings.Contains(string(sink.Requests()[0].Body), "SECRET") {
		t.Errorf("got %s", sink.Requests()[0].Body)
	}
}

// An outage does not fill the queue.
func TestFailuresAreLimited(t *testing.T) {
	r, c, sink := reporter(t, func(o *analytics.ReporterOptions) { o.Sample = 0 })
	for range 100 {
		r.Settle(t.Context(), &exec.Operation{Err: fault.New(fault.Unavailable, "", "")})
	}
	flush(t, c)
	if got := len(sink.Confirmed()); got < 20 || got > 25 || int(c.Dropped()) != 100-got {
		t.Errorf("%d of 100 failures arrived, and %d are counted as lost", got, c.Dropped())
	}
}

func TestLogIns(t *testing.T) {
	r, c, sink := reporter(t)
	visit(t, r, caller.Caller{}, map[string]string{"X-PostHog-Distinct-Id": "anon_1"}, func(in *http.Request) {
		r.LoggedIn(in.Context(), "", "password", fault.New(fault.Unauthenticated, "log in", "SECRET"))
		r.LoggedIn(in.Context(), "ada", "password", nil)
	})
	flush(t, c)
	var got []string
	for _, e := range sink.Confirmed() {
		got = append(got, fmt.Sprint(e.Event, " ", e.DistinctID, " ", e.Properties["method"], " ", e.Properties["success"], " ", e.Properties["error_code"]))
	}
	if text := strings.Join(got, "\n"); text != "login anon_1 password false unauthenticated\nlogin anon_1 password true <nil>" {
		t.Errorf("got\n%s", text)
	}
}

func TestNoReporterReportsNothing(t *testing.T) {
	var r *analytics.Reporter
	r.Capture(t.Context(), "e", nil)
	r.Panicked(t.Context(), "x")
	r.LoggedIn(t.Context(), "ada", "password", nil)
}
