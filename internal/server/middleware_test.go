package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/server"
)

func TestRequestIDs(t *testing.T) {
	var logger *slog.Logger
	r := start(t, func(w http.ResponseWriter, req *http.Request) {
		logger.InfoContext(req.Context(), "below")
		_, _ = io.WriteString(w, request.From(req.Context()).ID)
	})
	logger = slog.New(server.LogRequestID(slog.NewJSONHandler(r.logs, nil))).With("part", "api")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	const long = "0123456789012345678901234567890123456789012345678901234567890123456789" +
		"01234567890123456789012345678901234567890123456789012345678"
	for name, tc := range map[string]struct {
		header []string
		want   string // "" is a new one
	}{
		"none":                  {nil, ""},
		"its own":               {[]string{"X-Request-ID", "client-42/a:b"}, "client-42/a:b"},
		"a UUID":                {[]string{"X-Request-ID", "0192f0c1-1111-7000-8000-000000000000"}, "0192f0c1-1111-7000-8000-000000000000"},
		"too long":              {[]string{"X-Request-ID", long}, ""},
		"the longest":           {[]string{"X-Request-ID", long[:128]}, long[:128]},
		"with markup":           {[]string{"X-Request-ID", `<script>`}, ""},
		"with a quote":          {[]string{"X-Request-ID", `a"b`}, ""},
		"with a space":          {[]string{"X-Request-ID", "a b"}, ""},
		"not ASCII":             {[]string{"X-Request-ID", "é"}, ""},
		"empty":                 {[]string{"X-Request-ID", ""}, ""},
		"two of them":           {[]string{"X-Request-ID", "a", "X-Request-ID", "b"}, ""},
		"a trace":               {[]string{"Traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}, trace},
		"a later trace version": {[]string{"Traceparent", "cc-" + trace + "-00f067aa0ba902b7-01-more"}, trace},
		"both":                  {[]string{"X-Request-ID", "mine", "Traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}, "mine"},
		"a trace after a bad id": {[]string{"X-Request-ID", "{}", "Traceparent",
			"00-" + trace + "-00f067aa0ba902b7-01"}, trace},
		"a trace with more":          {[]string{"Traceparent", "00-" + trace + "-00f067aa0ba902b7-01-more"}, ""},
		"trace version ff":           {[]string{"Traceparent", "ff-" + trace + "-00f067aa0ba902b7-01"}, ""},
		"a trace of zeros":           {[]string{"Traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, ""},
		"a parent of zeros":          {[]string{"Traceparent", "00-" + trace + "-0000000000000000-01"}, ""},
		"a trace in capitals":        {[]string{"Traceparent", "00-" + strings.ToUpper(trace) + "-00f067aa0ba902b7-01"}, ""},
		"a trace that is cut":        {[]string{"Traceparent", "00-" + trace}, ""},
		"two traces":                 {[]string{"Traceparent", "00-" + trace + "-00f067aa0ba902b7-01", "Traceparent", "x"}, ""},
		"an id within another field": {[]string{"X-Request-Id", "ok\tnot"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.do(t, "GET", "/graphql", nil, tc.header...)
			id := got.Header.Get(request.IDHeader)
			if got.body != id || (tc.want != "" && id != tc.want) {
				t.Errorf("header %q, context %q, want %q", id, got.body, tc.want)
			}
			if tc.want == "" && (len(id) != 36 || id[14] != '7') {
				t.Errorf("%q is no UUID version 7", id)
			}
			for _, message := range []string{"request", "below"} {
				records := r.logs.find(t, message)
				if last := records[len(records)-1]; last["request_id"] != id {
					t.Errorf("the log's %q has id %v, want %q", message, last["request_id"], id)
				}
			}
		})
	}
}

// A correlation ID comes back in header, log and problem. Without one, it is the ID of the request.
func TestCorrelationIDs(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, req *http.Request) {
		problem.Write(w, req, fault.New(fault.NotFound, "", "nothing here"))
	})
	for name, tc := range map[string]struct {
		header []string
		want   string
	}{
		"its own":      {[]string{"X-Request-ID", "r-1", "X-Correlation-ID", "checkout-7"}, "checkout-7"},
		"none":         {[]string{"X-Request-ID", "r-1"}, "r-1"},
		"with a quote": {[]string{"X-Request-ID", "r-1", "X-Correlation-ID", `a"b`}, "r-1"},
		"two of them":  {[]string{"X-Request-ID", "r-1", "X-Correlation-ID", "a", "X-Correlation-ID", "b"}, "r-1"},
		"too long":     {[]string{"X-Request-ID", "r-1", "X-Correlation-ID", strings.Repeat("x", 129)}, "r-1"},
	} {
		got := r.do(t, "GET", "/graphql", nil, tc.header...)
		records := r.logs.find(t, "request")
		logged := records[len(records)-1]["correlation_id"]
		if got.Header.Get(request.CorrelationHeader) != tc.want || got.json(t)["correlationId"] != tc.want || logged != tc.want {
			t.Errorf("%s: header %q, problem %v, log %v, want %q", name, got.Header.Get(request.CorrelationHeader), got.json(t), logged, tc.want)
		}
		if id := got.Header.Get(request.IDHeader); id != "r-1" {
			t.Errorf("%s: the request is %q", name, id)
		}
	}
}

// TestRequestIDCannotSplitTheAnswer sends what a client library would refuse to.
func TestRequestIDCannotSplitTheAnswer(t *testing.T) {
	r := start(t, hello)
	for _, id := range []string{"a\r\n Set-Cookie: x=1", "a\x00b", "a\rSet-Cookie: x=1"} {
		conn := r.dial(t)
		send(t, conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: %s\r\n\r\n", id)
		got, _ := io.ReadAll(conn)
		if strings.Contains(strings.ToLower(string(got)), "set-cookie") || strings.Contains(string(got), "\x00") {
			t.Errorf("%q comes back: %q", id, got)
		}
	}
}

func TestAccessLog(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})
	r.do(t, "GET", "/graphql?token=hunter2", nil, "User-Agent", strings.Repeat("é", 500), "Authorization", "Basic hunter3")
	r.do(t, "GET", "/livez", nil)
	records := r.logs.find(t, "request")
	if len(records) != 1 { // that of the probe is not there
		t.Fatalf("%d records", len(records))
	}
	first := records[0]
	for name, want := range map[string]any{
		"level": "INFO", "method": "GET", "path": "/graphql", "status": 418.0, "bytes": 15.0, "remote": "127.0.0.1",
	} {
		if first[name] != want {
			t.Errorf("%s = %v, want %v", name, first[name], want)
		}
	}
	if agent := first["user_agent"].(string); len(agent) > 300 || !strings.HasSuffix(agent, "…") {
		t.Errorf("user agent of %d bytes", len(agent))
	}
	if duration, ok := first["duration_ms"].(float64); !ok || duration <= 0 || duration > 60_000 {
		t.Errorf("duration %v", first["duration_ms"])
	}
	if text := r.logs.String(); strings.Contains(text, "hunter") {
		t.Errorf("the log holds a secret: %s", text)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		panic("hunter2 in the machine")
	})
	got := r.do(t, "POST", "/graphql", strings.NewReader("{}"), "X-Request-ID", "r-1")
	body := got.json(t)
	if got.StatusCode != http.StatusInternalServerError || got.Header.Get("Content-Type") != problem.MediaType ||
		body["requestId"] != "r-1" || body["instance"] != "/graphql" || body["status"] != 500.0 {
		t.Errorf("got %d %v", got.StatusCode, body)
	}
	if strings.Contains(got.body, "hunter2") || strings.Contains(got.body, ".go:") {
		t.Errorf("the client sees %s", got.body)
	}
	records := r.logs.find(t, "a handler panicked")
	if len(records) != 1 || records[0]["request_id"] != "r-1" || records[0]["panic"] != "hunter2 in the machine" ||
		!strings.Contains(fmt.Sprint(records[0]["stack"]), "middleware_test.go") {
		t.Errorf("the log has %v", records)
	}
	if again := r.do(t, "GET", "/livez", nil); again.StatusCode != http.StatusOK {
		t.Error("the server is gone")
	}
}

func TestPanicAfterTheHeaderAbortsTheConnection(t *testing.T) {
	for name, value := range map[string]any{"a bug": "late", "an abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strings.Repeat("x", 1000))
				_ = http.NewResponseController(w).Flush()
				panic(value)
			})
			resp, err := r.client.Get(r.url + "/graphql")
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the client takes half an answer for a whole one: %v", err)
			}
			_ = r.Stop(t.Context()) // the log is complete
			panics := r.logs.find(t, "a handler panicked")
			if wantLogged := value == "late"; (len(panics) == 1) != wantLogged {
				t.Errorf("logged: %v", panics)
			}
			if access := r.logs.find(t, "request"); len(access) != 1 || access[0]["aborted"] != true {
				t.Errorf("the access log has %v", access)
			}
		})
	}
}

// endless is a body of unknown length, so that it is sent in chunks.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	clear(p[:n])
	e.left -= n
	return n, nil
}

func TestBodyLimit(t *testing.T) {
	readAll := func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.ReadAll(req.Body); err != nil { // as gqlgen does: its own answer to what it could not read
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors":[]}`)
			return
		}
		hello(w, req)
	}
	silent := func(_ http.ResponseWriter, req *http.Request) { _, _ = io.ReadAll(req.Body) }
	viaProblem := func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.ReadAll(req.Body); err != nil {
			problem.Write(w, req, fault.Wrap("read", err))
		}
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		body    io.Reader
		want    int
	}{
		"just right":               {readAll, strings.NewReader(strings.Repeat("x", 1000)), 200},
		"one more":                 {readAll, strings.NewReader(strings.Repeat("x", 1001)), 413},
		"chunked, just right":      {readAll, &endless{1000}, 200},
		"chunked":                  {readAll, &endless{1001}, 413},
		"chunked, silent handler":  {silent, &endless{5000}, 413},
		"chunked, handler with it": {viaProblem, &endless{5000}, 413},
		"chunked, huge":            {readAll, &endless{300 << 10}, 413},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, tc.handler, func(o *server.Options) { o.MaxBody = 1000 })
			got := r.do(t, "POST", "/graphql", tc.body)
			if got.StatusCode != tc.want {
				t.Fatalf("got %d %s", got.StatusCode, got.body)
			}
			if tc.want != 413 {
				return
			}
			if got.Header.Get("Content-Type") != problem.MediaType || got.json(t)["status"] != 413.0 {
				t.Errorf("got %s %s", got.Header.Get("Content-Type"), got.body)
			}
			if access := r.logs.find(t, "request"); len(access) != 1 || access[0]["status"] != 413.0 {
				t.Errorf("the access log has %v", access)
			}
		})
	}
}

func TestHugeDeclaredBodyIsNotRead(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler is reached") })
	conn := r.dial(t)
	send(t, conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
		t.Errorf("got %d, close %t", resp.StatusCode, resp.Close)
	}
}

func TestStreamingWorksThroughTheMiddleware(t *testing.T) {
	sent, seen := make(chan struct{}), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Errorf("EnableFullDuplex: %v", err)
		}
		_, _ = io.WriteString(w, "one\n")
		w.(http.Flusher).Flush()
		close(sent)
		<-seen
		_, _ = io.WriteString(w, "two\n")
	})
	resp, err := r.client.Get(r.url + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-sent
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); line != "one\n" {
		t.Errorf("before the end: %q, %v", line, err)
	}
	close(seen)
	if line, err := lines.ReadString('\n'); line != "two\n" {
		t.Errorf("at the end: %q, %v", line, err)
	}
}

func TestHeadersThatProtectBrowsers(t *testing.T) {
	r := start(t, hello)
	got := r.do(t, "GET", "/graphql", nil)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler is reached") })
	for _, sent := range []string{
		"\x16\x03\x01 this is TLS\r\n\r\n",
		"GET /graphql HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("x", 100<<10) + "\r\n\r\n",
		"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nabcde",
	} {
		conn := r.dial(t)
		send(t, conn, "%s", sent)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.40q: %v", sent, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode < 400 || resp.StatusCode == http.StatusInternalServerError {
			t.Errorf("%.40q: %s", sent, resp.Status)
		}
	}
}
