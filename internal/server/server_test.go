package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/server"
)

func TestOptionsAreChecked(t *testing.T) {
	good := server.Options{Address: ":0", Routes: api(http.NotFound), Health: checker(t)}
	for name, tc := range map[string]struct {
		change func(*server.Options)
		code   fault.Code
	}{
		"an address without port":      {func(o *server.Options) { o.Address = "localhost" }, fault.Invalid},
		"a negative limit":             {func(o *server.Options) { o.MaxBody = -1 }, fault.Invalid},
		"a negative time":              {func(o *server.Options) { o.DrainTimeout = -1 }, fault.Invalid},
		"a probe address without port": {func(o *server.Options) { o.ProbeAddress = "localhost" }, fault.Invalid},
		"a route's negative limit":     {func(o *server.Options) { o.Routes = []server.Route{{Pattern: "/", Policy: server.Policy{MaxBody: -1}}} }, fault.Invalid},
		"a pattern that is wrong": {func(o *server.Options) {
			o.Routes = []server.Route{{Pattern: "GET GET", Handler: http.NotFoundHandler()}}
		}, fault.Internal},
		"a probe's pattern": {func(o *server.Options) {
			o.Routes = []server.Route{{Pattern: "GET /livez", Handler: http.NotFoundHandler()}}
		}, fault.Internal},
		"no health": {func(o *server.Options) { o.Health = nil }, fault.Internal},
	} {
		o := good
		tc.change(&o)
		if _, err := server.New(o); fault.CodeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := server.New(good); err != nil {
		t.Error(err)
	}
}

// readyLog is a log that probes a server as soon as it is said to serve.
type readyLog struct{ status chan string }

func (l readyLog) Write(line []byte) (int, error) {
	var record struct{ Msg, Address string }
	if json.Unmarshal(line, &record) != nil || record.Msg != "serving" {
		return len(line), nil
	}
	response, err := http.Get("http://" + record.Address + "/readyz")
	if err != nil {
		l.status <- err.Error()
		return len(line), nil
	}
	defer response.Body.Close()
	l.status <- response.Status
	return len(line), nil
}

func TestServingIsReady(t *testing.T) {
	log := readyLog{make(chan string, 1)}
	s, err := server.New(server.Options{
		Address: "127.0.0.1:0", Routes: api(http.NotFound), Health: checker(t),
		Logger: slog.New(slog.NewJSONHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	if status := <-log.status; status != "200 OK" {
		t.Errorf("/readyz of a server that says it is serving: %s", status)
	}
}

func TestAddressInUseNamesItsHolder(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	s, err := server.New(server.Options{Address: held.Addr().String(), Routes: api(http.NotFound), Health: checker(t)})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Start(t.Context())
	if fault.CodeOf(err) != fault.Conflict || fault.HintOf(err) == "" ||
		!strings.Contains(err.Error(), "listen on "+held.Addr().String()+": the address is in use") {
		t.Errorf("got %v", err)
	}
	if want := fmt.Sprintf("(pid %d)", os.Getpid()); runtime.GOOS == "linux" && !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not name the holder %s", err, want)
	}
	if addr := s.Addr(); addr != "" {
		t.Errorf("it listens on %s", addr)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop of a server that never served: %v", err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:0":          "this machine does not have that address",
		"127.0.0.1:99999":      "invalid port",
		"nowhere.invalid:8080": "unknown host",
	} {
		s, err := server.New(server.Options{Address: address, Routes: api(http.NotFound), Health: checker(t)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v (%s)", address, err, fault.CodeOf(err))
		}
		_ = s.Stop(t.Context())
	}
}

func TestStartAndStopAreIdempotent(t *testing.T) {
	r := start(t, hello)
	if err := r.Start(t.Context()); err != nil {
		t.Errorf("a second Start: %v", err)
	}
	if got := r.do(t, "GET", "/graphql", nil); got.body != "hello" {
		t.Errorf("got %q", got.body)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := r.Stop(context.Background()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
	if err := r.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
	wg.Wait()
	if err := r.Start(t.Context()); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("Start after Stop: %v", err)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, req *http.Request) {
		close(begun)
		<-release
		if req.Context().Err() != nil {
			t.Error("the context of a request in flight ended")
		}
		hello(w, req)
	})
	got := make(chan answer, 1)
	go func() { got <- r.do(t, "POST", "/graphql", nil) }()
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	for { // until no connection is accepted any more
		conn, err := net.Dial("tcp", r.Addr())
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	if a := <-got; a.StatusCode != http.StatusOK || a.body != "hello" {
		t.Errorf("the request in flight got %d %q", a.StatusCode, a.body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// TestReadyzFailsFirst sees that requests are still served while the probe tells load balancers to send no
// more.
func TestReadyzFailsFirst(t *testing.T) {
	r := start(t, hello, func(o *server.Options) { o.PreStopDelay = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(ctx) }()
	for {
		if a := r.do(t, "GET", "/readyz", nil); a.StatusCode == http.StatusServiceUnavailable {
			if a.json(t)["output"] != "the service is shutting down" {
				t.Errorf("readyz says %s", a.body)
			}
			break
		}
	}
	for path, want := range map[string]int{"/graphql": 200, "/livez": 200, "/startupz": 200, "/healthz": 200} {
		if a := r.do(t, "GET", path, nil); a.StatusCode != want {
			t.Errorf("%s answers %d", path, a.StatusCode)
		}
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestStopCutsOffWhatDoesNotFinish(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	r := start(t, func(_ http.ResponseWriter, req *http.Request) {
		close(begun)
		<-req.Context().Done()
		close(ended)
	}, func(o *server.Options) { o.DrainTimeout = 20 * time.Millisecond })
	failed := make(chan error, 1)
	go func() {
		resp, err := r.client.Get(r.url + "/graphql")
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	<-begun
	err := r.Stop(context.Background())
	if fault.CodeOf(err) != fault.Timeout || !strings.Contains(err.Error(), "1 of the requests in flight did not finish") {
		t.Errorf("Stop: %v", err)
	}
	<-ended
	if err := <-failed; err == nil {
		t.Error("the client got an answer")
	}
}

func TestStopEndsHijackedConnections(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, req *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		defer conn.Close()
		close(begun)
		<-req.Context().Done()
		close(ended)
	})
	conn := r.dial(t)
	send(t, conn, "GET /graphql HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	if err := r.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	select {
	case <-ended:
	default:
		t.Error("Stop returned before the hijacked connection's handler did")
	}
}

func TestStopGivesUpWithItsContext(t *testing.T) {
	r := start(t, hello, func(o *server.Options) { o.PreStopDelay = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Stop(ctx); err != nil {
		t.Errorf("an idle server's Stop: %v", err)
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, req *http.Request) { _, _ = io.Copy(w, req.Body) }, func(o *server.Options) {
		o.ReadHeaderTimeout, o.ReadTimeout, o.IdleTimeout = 20*time.Millisecond, 40*time.Millisecond, 20*time.Millisecond
	})
	for name, sent := range map[string]string{
		"half a header": "POST /graphql HTTP/1.1\r\nHos",
		"half a body":   "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
		"nothing":       "",
	} {
		conn := r.dial(t)
		send(t, conn, "%s", sent)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: the connection stays open", name)
		}
	}
}
