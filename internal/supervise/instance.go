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

// instance is a process that was started.
type instance struct {
	*process.Group
	port  int
	since time.Time
}

// buildError is the failure of a build: the next one is tried when the files change.
type buildError struct{ error }

func (e buildError) Unwrap() error { return e.error }

func isBuild(err error) bool { return errors.As(err, new(buildError)) }

// bring builds the process, starts it and waits until it is ready. Then it takes the place of the one before; where it fails,
// that one stays if it can.
func (r *runner) bring(ctx context.Context) error {
	if r.Build != "" {
		r.become(Building, "", nil)
		c := r.command(r.Build)
		c.Output = r.output
		if err := process.Run(ctx, c); err != nil {
			return buildError{err}
		}
	}
	r.become(Starting, "", nil)
	if r.runs != nil && !r.Handover {
		r.runs.Stop(context.WithoutCancel(ctx))
		r.runs = nil
	}
	began := r.now()
	next, err := r.start(ctx)
	if err != nil {
		return err
	}
	before := r.runs
	r.runs = next
	detail := fmt.Sprintf("(%d ms)", r.now().Sub(began).Milliseconds())
	if next == nil {
		r.become(Done, detail, nil)
		return nil
	}
	if r.gate != nil {
		r.gate.lead(next.port)
	}
	r.become(Ready, detail, nil)
	if before != nil {
		r.gate.drain(before.port)
		before.Stop(context.WithoutCancel(ctx))
	}
	return nil
}

// start starts the command and waits until it is ready; one that was to end, and has, is nil.
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
	said := make(chan struct{})
	c := r.command(r.Command, env...)
	c.Output = r.output
	if r.Ready.Kind == ReadyLog {
		c.Output = awaitLine(regexp.MustCompile(r.Ready.Value), said, r.output)
	}
	group, err := process.Start(c)
	if err != nil {
		return nil, err
	}
	next := &instance{Group: group, port: port, since: r.now()}
	ended, err := r.Ready.await(ctx, next, said, func(d time.Duration) { r.waits(d, port) })
	if err == nil && !ended {
		return next, nil
	}
	next.Stop(context.WithoutCancel(ctx))
	return nil, err
}

// waits tells that the process is not ready yet.
func (r *runner) waits(d time.Duration, port int) {
	r.report(Event{Process: r.Name, State: Starting, Text: fmt.Sprintf("is not ready after %d s: krowoc waits for %s", int(d.Seconds()), r.Ready.wanted(port))})
}

// awaitLine closes said at the first line that fits, and hands every line on.
func awaitLine(fits *regexp.Regexp, said chan struct{}, output func(string)) func(string) {
	waiting := true
	return func(line string) {
		output(line)
		if waiting && fits.MatchString(line) {
			waiting = false
			close(said)
		}
	}
}

// claimPort makes sure that nobody else has the port; where somebody does, it takes a free one.
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

// notePort notes where the process is reached, and tells where that is not as it was said.
func (r *runner) notePort(l net.Listener, taken error) {
	r.mu.Lock()
	r.Port = l.Addr().(*net.TCPAddr).Port
	r.status.Port = r.Port
	r.mu.Unlock()
	if taken != nil {
		r.warn(fmt.Sprintf("%v: it takes %d", taken, r.Port))
	}
}
