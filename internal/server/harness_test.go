package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logs collects what a server logs, as JSON lines.
type logs struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.String()
}

// find returns the records with a message.
func (l *logs) find(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(l.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if record["msg"] == message {
			found = append(found, record)
		}
	}
	return found
}

// running is a server with what a test needs to speak to it.
type running struct {
	*server.Server
	url    string
	client *http.Client
	logs   *logs
}

// start runs a server on a free port until the test ends, with graphql as its API.
func start(t *testing.T, graphql http.HandlerFunc, change ...func(*server.Options)) *running {
	t.Helper()
	r := &running{logs: &logs{}, client: &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	o := server.Options{
		Address: "127.0.0.1:0", Routes: api(graphql), Health: checker(t),
		Logger: slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + s.Addr()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		_ = s.Stop(context.Background())
	})
	return r
}

// api is the one route of most tests.
func api(h http.HandlerFunc) []server.Route {
	return []server.Route{{Pattern: "GET /graphql", Handler: h}, {Pattern: "POST /graphql", Handler: h}}
}

func checker(t *testing.T, checks ...health.Check) *health.Checker {
	t.Helper()
	c, err := health.New(health.Options{}, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%q: %v", a.body, err)
	}
	return v
}

// do sends a request with pairs of header names and values.
func (r *running) do(t *testing.T, method, path string, body io.Reader, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(content)}
}

// dial opens a bare connection, for what a client library would refuse to send.
func (r *running) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(conn, format, args...); err != nil {
		t.Fatal(err)
	}
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }
