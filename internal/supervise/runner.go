package supervise

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/process"
)

// How long to wait before a process that has ended is started again: the first wait is doubled each time, up to the longest.
// One that has run for a while begins anew.
const (
	firstWait   = 300 * time.Millisecond
	longestWait = 20 * time.Second
	ranAWhile   = 10 * time.Second
)

// runner keeps one process running. Its fields are those of its loop, but for what the lock guards.
type runner struct {
	Process
	report  func(Event)
	now     func() time.Time
	others  []*runner
	matches func(path string) bool

	again   chan struct{} // it is to start anew
	quit    chan context.Context
	ended   chan struct{}
	settled chan struct{} // ready or failed for the first time
	ready   chan struct{} // ready for the first time
	gate    *gate         // nil without a handover
	runs    *instance     // the one that is ready
	crashes int           // one soon after the other

	mu     sync.Mutex
	status Status
	began  bool
}

func newRunner(p Process, o Options) (*runner, error) {
	if err := p.Ready.check(p); err != nil {
		return nil, fault.Wrap(p.Name, err)
	}
	if p.Handover && p.Port == 0 {
		return nil, fault.New(fault.Invalid, p.Name, "only a process with a port can be kept until the next one is ready")
	}
	matches, err := matcher(p.Dir, p.Watch)
	if err != nil {
		return nil, fault.Wrap(p.Name, err)
	}
	return &runner{
		Process: p, report: o.Report, now: o.Now, matches: matches, again: make(chan struct{}, 1), quit: make(chan context.Context, 1),
		ended: make(chan struct{}), settled: make(chan struct{}), ready: make(chan struct{}),
		status: Status{Name: p.Name, State: Waiting, Port: p.Port},
	}, nil
}

// renew has the process start anew; a wish that is not granted yet is not made twice.
func (r *runner) renew() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

func (r *runner) current() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// become notes a state and tells of it.
func (r *runner) become(s State, detail string, err error) {
	pid := 0
	if r.runs != nil {
		pid = r.runs.PID()
	}
	r.mu.Lock()
	r.status = Status{Name: r.Name, State: s, Detail: detail, Port: r.Port, PID: pid}
	r.mu.Unlock()
	r.report(Event{Process: r.Name, State: s, Text: detail, Err: err})
	if s == Ready || s == Done {
		closeOnce(r.ready)
		closeOnce(r.settled)
	}
	if s == Failed || s == Restarting {
		closeOnce(r.settled)
	}
}

// closeOnce closes a channel that only the loop closes.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// stop ends the process, if its loop has begun, and returns when it is gone.
func (r *runner) stop(ctx context.Context) {
	r.mu.Lock()
	began := r.began
	r.mu.Unlock()
	if began {
		r.quit <- ctx
		<-r.ended
	}
}

// run is the loop.
func (r *runner) run(ctx context.Context) {
	r.mu.Lock()
	r.began = true
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
		r.become(Failed, err.Error(), err)
	} else {
		r.loop(ctx)
	}
	<-ctx.Done()
	<-quitting
	if r.runs != nil {
		r.runs.Stop(stopping)
		r.runs = nil
	}
	if r.gate != nil {
		r.gate.close()
	}
	r.become(Stopped, "", nil)
}

// prepare opens the gate, watches the files and waits for the others.
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
		if err := watch(ctx, r.Dir, r.matches, r.renew, r.warn); err != nil {
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

// loop starts the process, and again whenever it is to be.
func (r *runner) loop(ctx context.Context) {
	r.renew()
	var pause <-chan time.Time
	for {
		var over <-chan struct{}
		if r.runs != nil {
			over = r.runs.Exited()
		}
		select {
		case <-ctx.Done():
			return
		case <-r.again:
			pause = r.replace(ctx)
		case <-pause:
			pause = r.replace(ctx)
		case <-over:
			pause = r.onExit()
		}
	}
}

// replace builds and starts the process, in the place of the one that runs. It returns when to try again, nil for never.
func (r *runner) replace(ctx context.Context) <-chan time.Time {
	for {
		attempt, cancel := context.WithCancel(ctx)
		var err error
		tried := make(chan struct{})
		go func() {
			defer close(tried)
			err = r.bring(attempt)
		}()
		select {
		case <-tried:
			cancel()
			return r.settle(ctx, err)
		case <-r.again: // the files have changed meanwhile
			cancel()
			<-tried
		}
	}
}

// settle says what has come of an attempt.
func (r *runner) settle(ctx context.Context, err error) <-chan time.Time {
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		return nil
	case r.runs != nil:
		r.report(Event{Process: r.Name, Err: err})
		r.become(Ready, "the one before keeps running", nil)
		return nil
	case isBuild(err) || r.Restart == Never:
		r.become(Failed, err.Error(), err)
		r.shut(err)
		return nil
	}
	r.shut(err)
	return r.later(err)
}

// shut has the gate say why nobody is behind it.
func (r *runner) shut(err error) {
	if r.gate != nil {
		r.gate.fail(fmt.Sprintf("%s does not run: %v", r.Name, err))
	}
}

// onExit decides what follows the end of a process that was ready.
func (r *runner) onExit() <-chan time.Time {
	err := r.runs.Err()
	if r.now().Sub(r.runs.since) > ranAWhile {
		r.crashes = 0
	}
	r.runs = nil
	if r.Restart == Never || r.Restart == OnFailure && err == nil {
		state := Stopped
		if err != nil {
			state = Failed
		}
		r.become(state, "", err)
		return nil
	}
	return r.later(err)
}

// later returns the moment of the next start.
func (r *runner) later(err error) <-chan time.Time {
	wait := min(firstWait<<min(r.crashes, 10), longestWait)
	r.crashes++
	r.become(Restarting, fmt.Sprintf("again in %v", wait), err)
	return time.After(wait)
}

// output hands on what a command writes.
func (r *runner) output(line string) { r.report(Event{Process: r.Name, Output: true, Text: line}) }

func (r *runner) command(line string, env ...string) process.Command {
	all := append(append([]string{}, r.Env...), env...)
	return process.Command{Args: process.Shell(line), Dir: r.Dir, Env: all, Grace: r.Grace}
}
