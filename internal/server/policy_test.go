package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/server"
)

// route adds a route with a policy.
func route(pattern string, h http.HandlerFunc, p server.Policy) func(*server.Options) {
	return func(o *server.Options) {
		o.Routes = append(o.Routes, server.Route{Pattern: pattern, Handler: h, Policy: p})
	}
}

// until writes and flushes as long as the client and the server let it, or until so many lines are sent, pausing after
// each.
func until(lines int, pause time.Duration, ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for range lines {
			if _, err := io.WriteString(w, "line\n"); err != nil {
				ended <- err
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				ended <- err
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				ended <- context.Cause(r.Context())
				return
			}
		}
		ended <- nil
	}
}

// A stream may take longer than both deadlines of the server, whether its request has a body or not; another route with
// the same handler is cut.
func TestOnlyStreamsOutliveTheDeadlines(t *testing.T) {
	const deadline, lines, pause = 500 * time.Millisecond, 7, 100 * time.Millisecond
	ended := make(chan error, 4)
	slow := until(lines, pause, ended)
	r := start(t, hello, func(o *server.Options) { o.WriteTimeout, o.ReadTimeout = deadline, deadline },
		route("/stream", slow, server.Policy{Stream: true}),
		route("/plain", slow, server.Policy{}),
		route("/longer", slow, server.Policy{WriteTimeout: time.Minute}),
	)
	var streams sync.WaitGroup
	for _, body := range []io.Reader{nil, strings.NewReader("{}"), &endless{10}} {
		streams.Go(func() {
			if got := r.do(t, http.MethodPost, "/stream", body); got.body != strings.Repeat("line\n", lines) {
				t.Errorf("the stream ends after %q", got.body)
			}
			if err := <-ended; err != nil {
				t.Errorf("the stream's handler: %v", err)
			}
		})
	}
	streams.Wait()
	resp, err := r.client.Get(r.url + "/plain")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a plain answer may take longer than its deadline: %q", text)
	}
	<-ended
}

// Of a route where some requests are streams, the others are cut.
func TestSomeRequestsOfARouteAreStreams(t *testing.T) {
	const deadline, lines, pause = 500 * time.Millisecond, 7, 100 * time.Millisecond
	ended := make(chan error, 2)
	streams := func(r *http.Request) bool { return r.URL.RawQuery == "stream" }
	r := start(t, hello, func(o *server.Options) { o.WriteTimeout = deadline },
		route("/some", until(lines, pause, ended), server.Policy{Streams: streams}))
	if got := r.do(t, http.MethodGet, "/some?stream", nil); got.body != strings.Repeat("line\n", lines) {
		t.Errorf("the stream ends after %q", got.body)
	}
	resp, err := r.client.Get(r.url + "/some")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("another answer may take longer than its deadline: %q", text)
	}
	<-ended
	<-ended
}

// A route may have a longer or a shorter time to answer than the server gives.
func TestWriteTimeoutOfARoute(t *testing.T) {
	const lines, pause = 8, 10 * time.Millisecond
	ended := make(chan error, 1)
	slow := until(lines, pause, ended)
	shorter := start(t, hello, route("/short", slow, server.Policy{WriteTimeout: 20 * time.Millisecond}))
	resp, err := shorter.client.Get(shorter.url + "/short")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the route's shorter deadline is ignored")
	}
	<-ended
	longer := start(t, hello, func(o *server.Options) { o.WriteTimeout = 20 * time.Millisecond },
		route("/long", slow, server.Policy{WriteTimeout: time.Minute}))
	if got := longer.do(t, http.MethodGet, "/long", nil); got.body != strings.Repeat("line\n", lines) {
		t.Errorf("the route's longer deadline is ignored: %q", got.body)
	}
	<-ended
}

func TestMaxBodyOfARoute(t *testing.T) {
	size := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			hello(w, r)
		}
	}
	r := start(t, size, func(o *server.Options) { o.MaxBody = 100 },
		route("POST /large", size, server.Policy{MaxBody: 1000}), route("POST /small", size, server.Policy{MaxBody: 10}))
	for path, limit := range map[string]int{"/graphql": 100, "/large": 1000, "/small": 10} {
		for extra, want := range []int{http.StatusOK, http.StatusRequestEntityTooLarge} {
			if got := r.do(t, http.MethodPost, path, strings.NewReader(strings.Repeat("x", limit+extra))); got.StatusCode != want {
				t.Errorf("%s: %d bytes are answered %d", path, limit+extra, got.StatusCode)
			}
			if got := r.do(t, http.MethodPost, path, &endless{limit + extra}); got.StatusCode != want {
				t.Errorf("%s: %d bytes in chunks are answered %d", path, limit+extra, got.StatusCode)
			}
		}
	}
}

// Streams are counted, and end when the server drains: those that listen at once, those whose client does not read after
// a moment. Other requests still finish.
func TestDrainEndsStreams(t *testing.T) {
	ended := make(chan error, 1)
	release, answered := make(chan struct{}), make(chan answer, 1)
	plain := func(w http.ResponseWriter, r *http.Request) { <-release; hello(w, r) }
	stuck := make(chan struct{})
	r := start(t, plain, route("/stream", until(1_000_000, time.Hour, ended), server.Policy{Stream: true}),
		route("/stuck", func(w http.ResponseWriter, _ *http.Request) {
			defer close(stuck)
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, server.Policy{Stream: true}))
	resp, err := r.client.Get(r.url + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	deaf := r.dial(t) // it never reads
	send(t, deaf, "GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
	go func() { answered <- r.do(t, http.MethodPost, "/graphql", nil) }()
	for r.Streams() != 2 || r.InFlight() != 3 { // the test's deadline bounds the wait
		runtime.Gosched()
	}
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	if err := <-ended; fault.CodeOf(err) != fault.Canceled || !strings.Contains(err.Error(), "shutting down") {
		t.Errorf("the stream ends because of %v", err)
	}
	<-stuck
	close(release)
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	if got := <-answered; got.body != "hello" {
		t.Errorf("the request in flight is answered %q", got.body)
	}
	if text, err := bufio.NewReader(resp.Body).ReadString('x'); !errors.Is(err, io.EOF) {
		t.Errorf("the stream is not closed in order: %q, %v", text, err)
	}
	if n := r.Streams(); n != 0 {
		t.Errorf("%d streams are left", n)
	}
	if log := r.logs.find(t, "stopping"); len(log) != 1 || log[0]["streams"] != 2.0 {
		t.Errorf("the log has %v", log)
	}
}

// With an address of their own, probes are answered there and only there, to the end of the drain; nothing else is.
func TestProbeAddress(t *testing.T) {
	r := start(t, hello, func(o *server.Options) { o.ProbeAddress, o.PreStopDelay = "127.0.0.1:0", time.Hour },
		route("GET /metrics", hello, server.Policy{Probe: true}))
	probes := &running{Server: r.Server, url: "http://" + r.ProbeAddr(), client: r.client, logs: r.logs}
	for path, want := range map[string][2]int{ // at the API, at the probes
		"/graphql": {200, 404}, "/livez": {404, 200}, "/readyz": {404, 200}, "/healthz": {404, 200}, "/metrics": {404, 200},
	} {
		if a, p := r.do(t, http.MethodGet, path, nil), probes.do(t, http.MethodGet, path, nil); a.StatusCode != want[0] || p.StatusCode != want[1] {
			t.Errorf("%s: %d at the API, %d at the probes, want %v", path, a.StatusCode, p.StatusCode, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(ctx) }()
	for probes.do(t, http.MethodGet, "/readyz", nil).StatusCode != http.StatusServiceUnavailable { // the test's deadline bounds the wait
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	if conn, err := net.Dial("tcp", r.ProbeAddr()); err == nil {
		conn.Close()
		t.Error("the probe address is still served")
	}
}

func TestProbeAddressInUse(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	s, err := server.New(server.Options{Address: "127.0.0.1:0", ProbeAddress: held.Addr().String(), Routes: api(hello), Health: checker(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); fault.CodeOf(err) != fault.Conflict || s.Addr() != "" {
		t.Errorf("Start: %v, and it listens on %q", err, s.Addr())
	}
	held.Close()
	if err := s.Start(t.Context()); err != nil { // nothing is left of the first attempt
		t.Error(err)
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
