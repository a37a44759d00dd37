package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/process"
)

// instance is one start of a process.
type instance struct {
	*process.Group
	port  int
	since time.Time
}

// buildError is a failed build. The next build runs when the files change.
type buildError struct{ error }

func (e buildError) Unwrap() error { return e.error }

func isBuild(err error) bool { return errors.As(err, new(buildError)) }

// launch builds the process, starts it and waits until it is ready. The new instance then replaces the old one. If it fails, the old
// one keeps running if there is a handover.
func (r *runner) launch(ctx context.Context) error {
	if r.Build != "" {
		r.setState(Building, "", nil)
		c := r.command(r.Build)
		c.Output = r.output
		if err := process.Run(ctx, c); err != nil {
			return buildError{err}
		}
	}
	r.setState(Starting, "", nil)
	if r.active != nil && !r.Handover {
		r.active.Stop(context.WithoutCancel(ctx))
		r.active = nil
	}
	startedAt := r.now()
	next, err := r.start(ctx)
	if err != nil {
		return err
	}
	old := r.active
	r.active = next
	detail := fmt.Sprintf("(%d ms)", r.now().Sub(startedAt).Milliseconds())
	if next == nil {
		r.setState(Done, detail, nil)
		return nil
	}
	if r.gate != nil {
		r.gate.forwardTo(next.port)
	}
	r.setState(Ready, detail, nil)
	if old != nil {
		r.gate.drain(old.port)
		old.Stop(context.WithoutCancel(ctx))
	}
	return nil
}

// start starts the command and waits until it is ready. The instance is nil if the command was expected to exit, and did.
func (r *runner) start(ctx context.Context) (*instance, error) {
	port := r.Port
	if r.Handover {
		var err error
		if port, err = listen.FreePort(ctx); err != nil {
			return nil, err
		}
	}
	var env []string
	if port != 0 {
		env = []string{"PORT=" + strconv.Itoa(port)}
	}
	matched := make(chan struct{})
	c := r.command(r.Command, env...)
	c.Output = r.output
	if r.Ready.Kind == ReadyLog {
		c.Output = awaitLine(regexp.MustCompile(r.Ready.Value), matched, r.output)
	}
	group, err := process.Start(c)
	if err != nil {
		return nil, err
	}
	next := &instance{Group: group, port: port, since: r.now()}
	exited, err := r.Ready.await(ctx, next, matched, func(d time.Duration) { r.reportWait(d, port) })
	if err == nil && !exited {
		return next, nil
	}
	next.Stop(context.WithoutCancel(ctx))
	return nil, err
}

// reportWait reports that the process is not ready yet.
func (r *runner) reportWait(d time.Duration, port int) {
	r.report(Event{Process: r.Name, State: Starting, Text: fmt.Sprintf("is not ready after %d s; waiting for %s", int(d.Seconds()), r.Ready.describe(port))})
}

// awaitLine closes matched at the first line that matches the pattern, and passes every line on.
func awaitLine(pattern *regexp.Regexp, matched chan struct{}, output func(string)) func(string) {
	waiting := true
	return func(line string) {
		output(line)
		if waiting && pattern.MatchString(line) {
			waiting = false
			close(matched)
		}
	}
}

// claimPort checks that the port is free, and chooses another one otherwise.
func (r *runner) claimPort(ctx context.Context) error {
	if r.Port == 0 {
		return nil
	}
	l, taken, err := listen.Near(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)))
	if err != nil {
		return err
	}
	r.notePort(l, taken)
	return l.Close()
}

// notePort records the port of the process, and warns if it is not the configured one.
func (r *runner) notePort(l net.Listener, taken error) {
	r.mu.Lock()
	r.Port = l.Addr().(*net.TCPAddr).Port
	r.status.Port = r.Port
	r.mu.Unlock()
	if taken != nil {
		r.warn(fmt.Sprintf("%v: using port %d instead", taken, r.Port))
	}
}
