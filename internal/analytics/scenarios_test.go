package analytics_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// client returns a client of a sink. Its retries are quick.
func client(t testing.TB, sink *testkit.PostHog, change ...func(*analytics.Options)) *analytics.Client {
	t.Helper()
	sender := analytics.NewPostHog(sink.URL, "phc_test_key", time.Now)
	o := analytics.Options{
		Sender: sender, Logger: slog.New(slog.DiscardHandler), Every: time.Minute, Backoff: 250 * time.Millisecond,
		Properties: map[string]any{"$lib": "krowoc", "$lib_version": "1.2.3"},
	}
	for _, f := range change {
		f(&o)
	}
	c, err := analytics.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.Stop(ctx)
		sender.Close()
	})
	return c
}

func flush(t testing.TB, c *analytics.Client) {
	t.Helper()
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var plain = analytics.Event{Name: "test_event", DistinctID: "test_user"}

// scenario is one of PostHog's public SDK scenarios for servers, by its name there:
// https://github.com/PostHog/posthog-sdk-test-harness/blob/main/contracts/capture_tests.yaml.
type scenario struct {
	name      string
	responses []testkit.Response
	events    []analytics.Event // default: plain
	check     func(t *testing.T, requests []testkit.PostHogRequest)
}

func status(codes ...int) (list []testkit.Response) {
	for _, code := range codes {
		list = append(list, testkit.Response{Status: code})
	}
	return list
}

func many(n int) (list []analytics.Event) {
	for i := range n {
		list = append(list, analytics.Event{Name: fmt.Sprintf("test_event_%d", i), DistinctID: "test_user"})
	}
	return list
}

// first checks the first event.
func first(check func(t *testing.T, e testkit.PostHogEvent)) func(*testing.T, []testkit.PostHogRequest) {
	return func(t *testing.T, requests []testkit.PostHogRequest) {
		if len(requests) != 1 || len(requests[0].Batch) != 1 {
			t.Fatalf("got %d requests", len(requests))
		}
		check(t, requests[0].Batch[0])
	}
}

// attempts checks the number of requests, and that each has the same events with the same times.
func attempts(n int) func(*testing.T, []testkit.PostHogRequest) {
	return func(t *testing.T, requests []testkit.PostHogRequest) {
		if len(requests) != n {
			t.Fatalf("got %d requests, want %d", len(requests), n)
		}
		for _, r := range requests[1:] {
			if !slices.EqualFunc(r.Batch, requests[0].Batch, func(a, b testkit.PostHogEvent) bool { return a.UUID == b.UUID && a.Timestamp == b.Timestamp }) {
				t.Errorf("a retry has other events: %v, first %v", r.Batch, requests[0].Batch)
			}
		}
	}
}

func unique(n int) func(*testing.T, []testkit.PostHogRequest) {
	return func(t *testing.T, requests []testkit.PostHogRequest) {
		ids := map[string]bool{}
		for _, r := range requests {
			for _, e := range r.Batch {
				ids[e.UUID] = true
			}
		}
		if len(requests) != 1 || len(ids) != n {
			t.Errorf("%d requests have %d different ids, want 1 and %d", len(requests), len(ids), n)
		}
	}
}

func pause(t *testing.T, requests []testkit.PostHogRequest, i int) time.Duration {
	t.Helper()
	return requests[i].Time.Sub(requests[i-1].Time)
}

var scenarios = []scenario{
	{name: "event_has_required_fields", check: first(func(t *testing.T, e testkit.PostHogEvent) {
		if e.Event != "test_event" || e.DistinctID != "test_user" {
			t.Errorf("got %+v", e)
		}
	})},
	{name: "event_has_uuid", check: first(func(t *testing.T, e testkit.PostHogEvent) {
		if id, err := uuid.Parse(e.UUID); err != nil || id.Version() != 7 {
			t.Errorf("got %s", e.UUID)
		}
	})},
	{name: "event_has_lib_properties", check: first(func(t *testing.T, e testkit.PostHogEvent) {
		if e.Properties["$lib"] != "krowoc" || e.Properties["$lib_version"] != "1.2.3" {
			t.Errorf("got %v", e.Properties)
		}
	})},
	{name: "token_is_present", check: func(t *testing.T, requests []testkit.PostHogRequest) {
		if requests[0].Key != "phc_test_key" {
			t.Errorf("got %q", requests[0].Key)
		}
	}},
	{
		name:   "custom_properties_preserved",
		events: []analytics.Event{{Name: "test_event", DistinctID: "u", Properties: map[string]any{"custom_string": "hello", "custom_number": 42, "custom_bool": true}}},
		check: first(func(t *testing.T, e testkit.PostHogEvent) {
			want := map[string]any{"custom_string": "hello", "custom_number": 42.0, "custom_bool": true, "$lib": "krowoc", "$lib_version": "1.2.3"}
			if !maps.Equal(e.Properties, want) {
				t.Errorf("got %v", e.Properties)
			}
		}),
	},
	{
		name: "non_utc_event_timestamp_is_converted_to_utc",
		events: []analytics.Event{{
			Name: "test_event", DistinctID: "u", Time: time.Date(2025, 1, 2, 8, 34, 5, 0, time.FixedZone("", 19800)),
			Properties: map[string]any{"timestamp_like": "2025-01-02T08:34:05+05:30"},
		}},
		check: first(func(t *testing.T, e testkit.PostHogEvent) {
			if e.Timestamp != "2025-01-02T03:04:05.000Z" || e.Properties["timestamp_like"] != "2025-01-02T08:34:05+05:30" {
				t.Errorf("got %+v", e)
			}
		}),
	},
	{name: "event_has_timestamp", check: first(func(t *testing.T, e testkit.PostHogEvent) {
		if at, err := time.Parse(time.RFC3339, e.Timestamp); err != nil || time.Since(at) > time.Minute {
			t.Errorf("got %s", e.Timestamp)
		}
	})},
	{name: "retries_on_503", responses: status(503, 503, 200), check: attempts(3)},
	{name: "does_not_retry_on_400", responses: status(400), check: attempts(1)},
	{name: "does_not_retry_on_401", responses: status(401), check: attempts(1)},
	{name: "does_not_retry_on_403", responses: status(403), check: attempts(1)},
	{name: "does_not_retry_on_413", responses: status(413), check: attempts(1)},
	{name: "retries_on_408", responses: status(408, 200), check: attempts(2)},
	{name: "retries_on_500", responses: status(500, 200), check: attempts(2)},
	{name: "retries_on_502", responses: status(502, 200), check: attempts(2)},
	{name: "retries_on_504", responses: status(504, 200), check: attempts(2)},
	{name: "max_retries_respected", responses: status(503, 503, 503, 503, 503), check: attempts(4)},
	{name: "respects_retry_after_header", responses: []testkit.Response{{Status: 429, RetryAfter: "3"}}, check: func(t *testing.T, requests []testkit.PostHogRequest) {
		if attempts(2)(t, requests); pause(t, requests, 1) < 2500*time.Millisecond {
			t.Errorf("the retry came after %s", pause(t, requests, 1))
		}
	}},
	{name: "implements_backoff", responses: status(503, 503, 503), check: func(t *testing.T, requests []testkit.PostHogRequest) {
		attempts(4)(t, requests)
		// Each wait is half to all of 250, 500 and 1000 ms.
		for i, least := range []time.Duration{125, 250, 500} {
			if got := pause(t, requests, i+1); got < least*time.Millisecond {
				t.Errorf("retry %d came after %s", i+1, got)
			}
		}
	}},
	{name: "generates_unique_uuids", events: many(5), check: unique(5)},
	{name: "different_events_have_different_uuids", events: []analytics.Event{plain, plain}, check: unique(2)},
	{name: "no_duplicate_events_in_batch", events: many(5), check: unique(5)},
	{name: "preserves_uuid_and_timestamp_on_batch_retry", responses: status(503), events: many(3), check: attempts(2)},
	{name: "sends_gzip_when_enabled", check: func(t *testing.T, requests []testkit.PostHogRequest) {
		if requests[0].Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("got %v", requests[0].Header)
		}
	}},
	{name: "uses_proper_batch_structure", check: func(t *testing.T, requests []testkit.PostHogRequest) {
		var body map[string]json.RawMessage
		if err := json.Unmarshal(requests[0].Body, &body); err != nil || body["api_key"] == nil || body["batch"] == nil || requests[0].Path != "/batch/" {
			t.Errorf("%s: %s", requests[0].Path, requests[0].Body)
		}
	}},
	{name: "flush_with_no_events_sends_nothing", events: []analytics.Event{}, check: func(t *testing.T, requests []testkit.PostHogRequest) {
		if len(requests) > 0 {
			t.Errorf("got %d requests", len(requests))
		}
	}},
	{name: "multiple_events_batched_together", events: many(5), check: unique(5)},
}

func TestPostHogScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			sink := testkit.NewPostHog(t, s.responses...)
			c := client(t, sink)
			if s.events == nil {
				s.events = []analytics.Event{plain}
			}
			for _, e := range s.events {
				c.Capture(e)
			}
			flush(t, c)
			s.check(t, sink.Requests())
			checkCounts(t, c, len(s.events), sink)
		})
	}
}

// checkCounts checks that every event is counted as delivered or dropped.
func checkCounts(t *testing.T, c *analytics.Client, events int, sink *testkit.PostHog) {
	t.Helper()
	got := c.Status()
	if confirmed := len(sink.Confirmed()); int(got.Delivered) != confirmed || int(got.Dropped) != events-confirmed {
		t.Errorf("%d of %d events are confirmed; got %+v", confirmed, events, got)
	}
	requests := sink.Requests()
	failed := len(requests) > 0 && requests[len(requests)-1].Status != http.StatusOK
	refused := failed && slices.Contains([]int{400, 413}, requests[len(requests)-1].Status)
	if (got.Reason != "") != (failed && !refused) {
		t.Errorf("the last request failed: %t; got the reason %q", failed, got.Reason)
	}
}
