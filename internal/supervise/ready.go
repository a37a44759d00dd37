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

// Readiness says when a process is ready.
type Readiness struct {
	Kind    ReadyKind
	Value   string        // the path of ReadyHTTP, the regular expression of ReadyLog
	Timeout time.Duration // 0 is DefaultReadyTimeout
	Remind  time.Duration // how often people are told that it is waited for; 0 is every 5 seconds
}

// ReadyKind is a way to see that a process is ready.
type ReadyKind string

// The kinds.
const (
	ReadyStarted ReadyKind = ""     // as soon as it runs, or accepts connections where it has a port
	ReadyTCP     ReadyKind = "tcp"  // accepts connections on its port
	ReadyHTTP    ReadyKind = "http" // answers GET with a status below 400
	ReadyLog     ReadyKind = "log"  // has written a line that fits
	ReadyExit    ReadyKind = "exit" // has ended with exit code 0
)

// DefaultReadyTimeout is how long a process may take to be ready.
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
	return Readiness{}, fault.New(fault.Invalid, "read ready", fmt.Sprintf("%q says nothing about when it is ready", text),
		"write tcp, exit, http:/path or log:text that it writes")
}

func (r Readiness) check(p Process) error {
	if (r.Kind == ReadyTCP || r.Kind == ReadyHTTP) && p.Port == 0 {
		return fault.New(fault.Invalid, "ready: "+string(r.Kind), "there is no port to ask", "add port")
	}
	return nil
}

// askEvery is how often an instance is asked whether it is ready.
const askEvery = 10 * time.Millisecond

const defaultRemind = 5 * time.Second

// await waits until an instance is ready; ended says that it has ended, as it was to. waits is told how long it has waited.
func (r Readiness) await(ctx context.Context, i *instance, said <-chan struct{}, waits func(time.Duration)) (ended bool, err error) {
	limit := r.Timeout
	if limit == 0 {
		limit = DefaultReadyTimeout
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	remind := time.NewTicker(cmp.Or(r.Remind, defaultRemind))
	defer remind.Stop()
	for began := time.Now(); ; {
		if r.answers(ctx, i.port) {
			return false, nil
		}
		select {
		case <-tick.C:
		case <-remind.C:
			waits(time.Since(began))
		case <-said:
			return false, nil
		case <-i.Exited():
			if err := i.Err(); err != nil || r.Kind == ReadyExit {
				return true, err
			}
			return true, fault.New(fault.Unavailable, "start", "it ended before it was ready")
		case <-ctx.Done():
			return false, ctx.Err()
		case <-timeout.C:
			return false, fault.New(fault.Timeout, "start", fmt.Sprintf("it was not ready within %v (%s)", limit, r))
		}
	}
}

func (r Readiness) String() string { return strings.TrimSuffix(string(r.Kind)+":"+r.Value, ":") }

// answers reports whether what can be asked is ready.
func (r Readiness) answers(ctx context.Context, port int) bool {
	switch {
	case r.Kind == ReadyLog || r.Kind == ReadyExit:
		return false
	case r.Kind == ReadyHTTP:
		return answersHTTP(ctx, "http://localhost:"+strconv.Itoa(port)+r.Value)
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

// dialTimeout bounds one attempt to connect.
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

func answersHTTP(ctx context.Context, url string) bool {
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

// wanted says what is waited for.
func (r Readiness) wanted(port int) string {
	switch r.Kind {
	case ReadyHTTP:
		return fmt.Sprintf("GET %s on port %d", r.Value, port)
	case ReadyLog:
		return "a line with " + r.Value
	case ReadyExit:
		return "its end"
	}
	return fmt.Sprintf("a connection to port %d", port)
}
