package analytics_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestLargeBatchIsSentInHalves(t *testing.T) {
	for _, most := range []int{3, 1} {
		sink := testkit.NewPostHog(t, testkit.Response{MaxEvents: most, Keep: true})
		c := client(t, sink)
		for _, e := range many(10) {
			c.Capture(e)
		}
		flush(t, c)
		ids := map[string]bool{}
		for _, e := range sink.Confirmed() {
			ids[e.UUID] = true
		}
		if len(ids) != 10 || len(sink.Confirmed()) != 10 || c.Dropped() != 0 {
			t.Errorf("with %d events for each request, %d of 10 events arrived as %d, and %d are lost", most, len(ids), len(sink.Confirmed()), c.Dropped())
		}
	}
}

// PostHog rejects a batch for one event: the others arrive.
func TestOnlyTheBadEventIsRefused(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		sink := testkit.NewPostHog(t, testkit.Response{Status: code, Reject: "bad", Keep: true})
		c := client(t, sink)
		events := many(20)
		events[7].Name = "bad"
		for _, e := range events {
			c.Capture(e)
		}
		flush(t, c)
		if got := len(sink.Confirmed()); got != 19 || c.Dropped() != 1 {
			t.Errorf("%d: %d of 20 events arrived, and %d are lost", code, got, c.Dropped())
		}
	}
}

// When PostHog rejects everything, the search for the events that it rejects ends.
func TestRejectedRequestsAreLimited(t *testing.T) {
	sink := testkit.NewPostHog(t, testkit.Response{Status: http.StatusBadRequest, Keep: true})
	c := client(t, sink)
	for _, e := range many(100) {
		c.Capture(e)
	}
	flush(t, c)
	if got := len(sink.Requests()); got > 80 || c.Dropped() != 100 {
		t.Errorf("%d requests were sent, and %d of 100 events are lost", got, c.Dropped())
	}
}

// When a half fails, only what is not confirmed is sent again.
func TestConfirmedHalfIsNotSentAgain(t *testing.T) {
	sink := testkit.NewPostHog(t, testkit.Response{Status: http.StatusRequestEntityTooLarge}, testkit.Response{}, testkit.Response{Status: http.StatusBadGateway})
	c := client(t, sink)
	for _, e := range many(4) {
		c.Capture(e)
	}
	flush(t, c)
	var sizes []int
	for _, r := range sink.Requests() {
		sizes = append(sizes, len(r.Batch))
	}
	if got := fmt.Sprint(sizes); got != "[4 2 2 2]" || len(sink.Confirmed()) != 4 {
		t.Errorf("the requests have %s events, and %d are confirmed", got, len(sink.Confirmed()))
	}
}

func TestFullQueueDropsAndCounts(t *testing.T) {
	sink := testkit.NewPostHog(t, testkit.Response{Hang: true, Keep: true})
	var log bytes.Buffer
	c := client(t, sink, func(o *analytics.Options) {
		o.Queue, o.Batch, o.Retries, o.Logger = 5, 1, -1, slog.New(slog.NewTextHandler(&log, nil))
	})
	c.Capture(plain)
	sink.AwaitRequest(t) // hangs
	began := time.Now()
	for range 8 {
		c.Capture(plain)
	}
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("capturing took %s while PostHog hangs", took)
	}
	if got := c.Dropped(); got != 3 {
		t.Errorf("%d of 3 events that had no place are counted", got)
	}
	if !strings.Contains(log.String(), "the queue is full") {
		t.Errorf("the log has %q", log.String())
	}
}

func TestRequestsAreLimitedToOneSecond(t *testing.T) {
	sink := testkit.NewPostHog(t, testkit.Response{Hang: true})
	c := client(t, sink)
	c.Capture(plain)
	flush(t, c)
	requests := sink.Requests()
	if len(requests) != 2 {
		t.Fatalf("got %d requests", len(requests))
	}
	if took := pause(t, requests, 1); took < time.Second || took > 3*time.Second {
		t.Errorf("the retry came %s after a request that hangs", took)
	}
}

func TestStopSendsTheRest(t *testing.T) {
	sink := testkit.NewPostHog(t)
	c := client(t, sink)
	for _, e := range many(250) {
		c.Capture(e)
	}
	if err := c.Stop(t.Context()); err != nil || len(sink.Confirmed()) != 250 {
		t.Errorf("%d events arrived: %v", len(sink.Confirmed()), err)
	}
	c.Capture(plain)
	if c.Dropped() != 1 || c.Stop(t.Context()) != nil || c.Flush(t.Context()) != nil {
		t.Errorf("a stopped client has dropped %d events", c.Dropped())
	}
}

func TestStopKeepsItsLimit(t *testing.T) {
	sink := testkit.NewPostHog(t, testkit.Response{Hang: true, Keep: true})
	before := goleak.IgnoreCurrent()
	sender := analytics.NewPostHog(sink.URL, "k", time.Now)
	c, err := analytics.New(analytics.Options{Sender: sender, Logger: slog.New(slog.DiscardHandler), Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	for _, e := range many(20) {
		c.Capture(e)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := c.Stop(ctx); err == nil {
		t.Error("Stop has sent all to a server that hangs")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Stop took %s", took)
	}
	if c.Dropped() != 20 {
		t.Errorf("%d of 20 events are counted as lost", c.Dropped())
	}
	sender.Close()
	sink.CloseClientConnections()
	goleak.VerifyNone(t, before)
}

func TestEventsThatCannotBeSent(t *testing.T) {
	sink := testkit.NewPostHog(t)
	c := client(t, sink)
	for _, value := range []any{math.NaN(), strings.Repeat("x", 1<<20)} {
		c.Capture(analytics.Event{Name: "wrong", DistinctID: "u", Properties: map[string]any{"value": value}})
	}
	c.Capture(plain)
	flush(t, c)
	if got := sink.Confirmed(); len(got) != 1 || got[0].Event != plain.Name || c.Dropped() != 2 {
		t.Errorf("got %v, and %d lost", got, c.Dropped())
	}
}

func TestBatchesHaveALimitOfBytes(t *testing.T) {
	sink := testkit.NewPostHog(t)
	c := client(t, sink, func(o *analytics.Options) { o.BatchBytes = 10_000 })
	for range 10 {
		c.Capture(analytics.Event{Name: "e", DistinctID: "u", Properties: map[string]any{"value": strings.Repeat("x", 4000)}})
	}
	flush(t, c)
	for _, r := range sink.Requests() {
		if len(r.Body) > 15_000 {
			t.Errorf("a request has %d bytes", len(r.Body))
		}
	}
	if len(sink.Confirmed()) != 10 {
		t.Errorf("%d of 10 events arrived", len(sink.Confirmed()))
	}
}

func TestWrongHostIsNamed(t *testing.T) {
	for _, code := range []int{http.StatusMovedPermanently, http.StatusUnauthorized} {
		c := client(t, testkit.NewPostHog(t, testkit.Response{Status: code, Keep: true}))
		c.Capture(plain)
		flush(t, c)
		if got := c.Status(); got.Dropped != 1 || !strings.Contains(got.Reason, fmt.Sprint(code)) {
			t.Errorf("%d: got %+v", code, got)
		}
	}
}

func TestLogInsteadOfSending(t *testing.T) {
	var log bytes.Buffer
	c, err := analytics.New(analytics.Options{Sender: analytics.Log{Logger: slog.New(slog.NewTextHandler(&log, nil))}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	c.Capture(analytics.Event{Name: "prompt_created", DistinctID: "ada", Properties: map[string]any{"tags": []string{"a"}}})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, `msg=event event=prompt_created distinct_id=ada properties="{\"tags\":[\"a\"]}"`) {
		t.Errorf("got %s", got)
	}
}

func TestNoClientCapturesNothing(*testing.T) {
	var c *analytics.Client
	c.Capture(plain)
}

func BenchmarkCapture(b *testing.B) {
	c, err := analytics.New(analytics.Options{Sender: analytics.Log{Logger: slog.New(slog.DiscardHandler)}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	c.Start()
	defer func() { _ = c.Stop(b.Context()) }()
	properties := map[string]any{"operation": "Prompts", "duration_ms": 1.5}
	b.ReportAllocs()
	for b.Loop() {
		c.Capture(analytics.Event{Name: "api_request", DistinctID: "u", Properties: properties})
	}
}
