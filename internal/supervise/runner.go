package supervise

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/process"
)

// The backoff between restarts of a process that has exited: it starts at firstWait and doubles up to longestWait. It is reset for a
// process that has run for ranAWhile.
const (
	firstWait   = 300 * time.Millisecond
	longestWait = 20 * time.Second
	ranAWhile   = 10 * time.Second
)

// runner keeps one process running. Only its loop uses its fields, except those that the lock guards.
type runner struct {
	Process
	report  func(Event)
	now     func() time.Time
	others  []*runner
	matches func(path string) bool

	restart   chan struct{} // a restart was requested
	quit      chan context.Context
	ended     chan struct{}
	attempted chan struct{} // closed when it is ready or has failed for the first time
	ready     chan struct{} // closed when it is ready for the first time
	gate      *gate         // nil without a handover
	active    *instance     // the instance that is ready
	crashes   int           // in a row

	mu      sync.Mutex
	status  Status
	started bool
}

func newRunner(p Process, o Options) (*runner, error) {
	if err := p.Ready.check(p); err != nil {
		return nil, fault.Wrap(p.Name, err)
	}
	if p.Handover && p.Port == 0 {
		return nil, fault.New(fault.Invalid, p.Name, "handover requires a port")
	}
	matches, err := matcher(p.Dir, p.Watch)
	if err != nil {
		return nil, fault.Wrap(p.Name, err)
	}
	return &runner{
		Process: p, report: o.Report, now: o.Now, matches: matches, restart: make(chan struct{}, 1), quit: make(chan context.Context, 1),
		ended: make(chan struct{}), attempted: make(chan struct{}), ready: make(chan struct{}),
		status: Status{Name: p.Name, State: Waiting, Port: p.Port},
	}, nil
}

// requestRestart requests a restart, unless one is pending.
func (r *runner) requestRestart() {
	select {
	case r.restart <- struct{}{}:
	default:
	}
}

func (r *runner) currentStatus() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// setState records a state and reports it.
func (r *runner) setState(s State, detail string, err error) {
	pid := 0
	if r.active != nil {
		pid = r.active.PID()
	}
	r.mu.Lock()
	r.status = Status{Name: r.Name, State: s, Detail: detail, Port: r.Port, PID: pid}
	r.mu.Unlock()
	r.report(Event{Process: r.Name, State: s, Text: detail, Err: err})
	if s == Ready || s == Done {
		closeOnce(r.ready)
		closeOnce(r.attempted)
	}
	if s == Failed || s == Restarting {
		closeOnce(r.attempted)
	}
}

// closeOnce closes a channel, unless it is closed already; only the loop closes channels.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// stop stops the process, if its loop has started, and returns when it has exited.
func (r *runner) stop(ctx context.Context) {
	r.mu.Lock()
	started := r.started
	r.mu.Unlock()
	if started {
		r.quit <- ctx
		<-r.ended
	}
}

// run is the loop.
func (r *runner) run(ctx context.Context) {
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	defer close(r.ended)
	stopping := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quitting := make(chan struct{})
	go func() {
		defer close(quitting)
		select {
		case stopping = <-r.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := r.prepare(ctx); err != nil {
		r.setState(Failed, err.Error(), err)
	} else {
		r.loop(ctx)
	}
	<-ctx.Done()
	<-quitting
	if r.active != nil {
		r.active.Stop(stopping)
		r.active = nil
	}
	if r.gate != nil {
		r.gate.close()
	}
	r.setState(Stopped, "", nil)
}

// prepare opens the gate, watches the files and waits for the dependencies.
func (r *runner) prepare(ctx context.Context) error {
	if r.Handover {
		gate, err := r.openGate(ctx)
		if err != nil {
			return err
		}
		r.gate = gate
	} else if err := r.claimPort(ctx); err != nil {
		return err
	}
	if r.matches != nil {
		if err := watch(ctx, r.Dir, r.matches, r.requestRestart, r.warn); err != nil {
			return err
		}
	}
	for _, other := range r.others {
		select {
		case <-other.ready:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (r *runner) warn(text string) { r.report(Event{Process: r.Name, Text: text}) }

// loop starts the process, and restarts it on request and after it has exited.
func (r *runner) loop(ctx context.Context) {
	r.requestRestart()
	var pause <-chan time.Time
	for {
		var exited <-chan struct{}
		if r.active != nil {
			exited = r.active.Exited()
		}
		select {
		case <-ctx.Done():
			return
		case <-r.restart:
			pause = r.replace(ctx)
		case <-pause:
			pause = r.replace(ctx)
		case <-exited:
			pause = r.onExit()
		}
	}
}

// replace builds and starts a new instance in place of the active one. It returns a timer for the next attempt, or nil for none.
func (r *runner) replace(ctx context.Context) <-chan time.Time {
	for {
		attempt, cancel := context.WithCancel(ctx)
		var err error
		tried := make(chan struct{})
		go func() {
			defer close(tried)
			err = r.launch(attempt)
		}()
		select {
		case <-tried:
			cancel()
			return r.afterAttempt(ctx, err)
		case <-r.restart: // the files have changed again
			cancel()
			<-tried
		}
	}
}

// afterAttempt reports the result of an attempt and returns a timer for the next one, or nil for none.
func (r *runner) afterAttempt(ctx context.Context, err error) <-chan time.Time {
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		return nil
	case r.active != nil:
		r.report(Event{Process: r.Name, Err: err})
		r.setState(Ready, "the previous version keeps running", nil)
		return nil
	case isBuild(err) || r.Restart == Never:
		r.setState(Failed, err.Error(), err)
		r.failGate(err)
		return nil
	}
	r.failGate(err)
	return r.retryLater(err)
}

// failGate lets the gate answer with the reason why no instance runs.
func (r *runner) failGate(err error) {
	if r.gate != nil {
		r.gate.fail(fmt.Sprintf("%s is not running: %v", r.Name, err))
	}
}

// onExit handles the exit of a process that was ready.
func (r *runner) onExit() <-chan time.Time {
	err := r.active.Err()
	if r.now().Sub(r.active.since) > ranAWhile {
		r.crashes = 0
	}
	r.active = nil
	succeeded := err == nil
	if r.Restart == Never || (r.Restart == OnFailure && succeeded) {
		state := Stopped
		if err != nil {
			state = Failed
		}
		r.setState(state, "", err)
		return nil
	}
	return r.retryLater(err)
}

// retryLater returns a timer for the next start.
func (r *runner) retryLater(err error) <-chan time.Time {
	wait := min(firstWait<<min(r.crashes, 10), longestWait)
	r.crashes++
	r.setState(Restarting, fmt.Sprintf("in %v", wait), err)
	return time.After(wait)
}

// output reports a line of a command's output.
func (r *runner) output(line string) { r.report(Event{Process: r.Name, Output: true, Text: line}) }

func (r *runner) command(line string, env ...string) process.Command {
	all := append(append([]string{}, r.Env...), env...)
	return process.Command{Args: process.Shell(line), Dir: r.Dir, Env: all, Grace: r.Grace}
}
