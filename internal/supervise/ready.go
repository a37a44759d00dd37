package supervise

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Readiness is the readiness check of a process.
type Readiness struct {
	Kind    ReadyKind
	Value   string        // the path of ReadyHTTP, the regular expression of ReadyLog
	Timeout time.Duration // 0 is DefaultReadyTimeout
	Remind  time.Duration // how often the wait is reported; 0 is every 5 seconds
}

// ReadyKind is the kind of a readiness check.
type ReadyKind string

// The kinds.
const (
	ReadyStarted ReadyKind = ""     // it runs, and accepts connections if it has a port
	ReadyTCP     ReadyKind = "tcp"  // it accepts connections on its port
	ReadyHTTP    ReadyKind = "http" // it answers GET with a status below 400
	ReadyLog     ReadyKind = "log"  // it has written a line that matches
	ReadyExit    ReadyKind = "exit" // it has exited with code 0
)

// DefaultReadyTimeout is how long a process may take to become ready.
const DefaultReadyTimeout = 60 * time.Second

// ParseReadiness reads tcp, exit, http:/path or log:regular expression.
func ParseReadiness(text string) (Readiness, error) {
	kind, value, _ := strings.Cut(text, ":")
	switch r := (Readiness{Kind: ReadyKind(kind), Value: value}); r.Kind {
	case ReadyStarted, ReadyTCP, ReadyExit:
		if value == "" {
			return r, nil
		}
	case ReadyHTTP:
		if strings.HasPrefix(value, "/") {
			return r, nil
		}
	case ReadyLog:
		if _, err := regexp.Compile(value); err != nil {
			return r, fault.New(fault.Invalid, "read ready", err.Error())
		}
		return r, nil
	}
	return Readiness{}, fault.New(fault.Invalid, "read ready", fmt.Sprintf("invalid readiness check %q", text),
		"write tcp, exit, http:/path or log:text")
}

func (r Readiness) check(p Process) error {
	if (r.Kind == ReadyTCP || r.Kind == ReadyHTTP) && p.Port == 0 {
		return fault.New(fault.Invalid, "ready: "+string(r.Kind), "the check requires a port", "add port: …")
	}
	return nil
}

// probeInterval is the time between two probes of an instance.
const probeInterval = 10 * time.Millisecond

const defaultRemind = 5 * time.Second

// await waits until an instance is ready. exited reports that it has exited as expected. reportWait is called with the time waited.
func (r Readiness) await(ctx context.Context, i *instance, matched <-chan struct{}, reportWait func(time.Duration)) (exited bool, err error) {
	limit := r.Timeout
	if limit == 0 {
		limit = DefaultReadyTimeout
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	remind := time.NewTicker(cmp.Or(r.Remind, defaultRemind))
	defer remind.Stop()
	for startedAt := time.Now(); ; {
		if r.probe(ctx, i.port) {
			return false, nil
		}
		select {
		case <-tick.C:
		case <-remind.C:
			reportWait(time.Since(startedAt))
		case <-matched:
			return false, nil
		case <-i.Exited():
			if err := i.Err(); err != nil || r.Kind == ReadyExit {
				return true, err
			}
			return true, fault.New(fault.Unavailable, "start", "it exited before it was ready")
		case <-ctx.Done():
			return false, ctx.Err()
		case <-timeout.C:
			return false, fault.New(fault.Timeout, "start", fmt.Sprintf("it was not ready within %v (%s)", limit, r))
		}
	}
}

func (r Readiness) String() string { return strings.TrimSuffix(string(r.Kind)+":"+r.Value, ":") }

// probe reports whether an instance is ready, as far as its port shows.
func (r Readiness) probe(ctx context.Context, port int) bool {
	switch {
	case r.Kind == ReadyLog || r.Kind == ReadyExit:
		return false
	case r.Kind == ReadyHTTP:
		return probeHTTP(ctx, "http://localhost:"+strconv.Itoa(port)+r.Value)
	case port == 0:
		return true
	}
	conn, err := dial(ctx, port)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// dialTimeout limits one attempt to connect.
const dialTimeout = 2 * time.Second

// dial connects to localhost, which is 127.0.0.1 for some programs and ::1 for others.
func dial(ctx context.Context, port int) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		if six, sixErr := d.DialContext(ctx, "tcp", net.JoinHostPort("::1", strconv.Itoa(port))); sixErr == nil {
			return six, nil
		}
	}
	return conn, err
}

func probeHTTP(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	req.Close = true
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return false
	}
	_, _ = io.CopyN(io.Discard, res.Body, 1<<20)
	res.Body.Close()
	return res.StatusCode < http.StatusBadRequest
}

// describe returns what the check waits for.
func (r Readiness) describe(port int) string {
	switch r.Kind {
	case ReadyHTTP:
		return fmt.Sprintf("GET %s on port %d", r.Value, port)
	case ReadyLog:
		return "a line that matches " + r.Value
	case ReadyExit:
		return "its exit"
	}
	return fmt.Sprintf("a connection to port %d", port)
}
