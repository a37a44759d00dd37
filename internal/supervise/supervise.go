// Package supervise runs the processes of a development stack: in the order of their dependencies, started again when they
// end or when their files change, and gone when the stack goes.
package supervise

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Process is a command that is kept running.
type Process struct {
	Name    string
	Command string // a line for the shell
	Build   string // a line for the shell, run before each start; where it fails, what runs goes on running
	Dir     string // absolute
	Env     []string
	Port    int // where it is reached, on localhost; it finds it in $PORT. 0 is none
	// Handover keeps the old process until the new one is ready: Port is then ours, and leads to the one of the two that is
	// ready. Each finds a port of its own in $PORT.
	Handover bool
	Ready    Readiness
	Restart  Policy
	After    []string // names of the processes that are to be ready before this one starts
	Watch    []string // patterns of files, relative to Dir, whose change starts it anew
	Grace    time.Duration
}

// Policy says when a process that has ended is started again.
type Policy string

// The policies.
const (
	Always    Policy = "always"
	OnFailure Policy = "on-failure"
	Never     Policy = "never"
)

// State is what a process is doing.
type State string

// The states.
const (
	Waiting    State = "waiting" // for others
	Building   State = "building"
	Starting   State = "starting"
	Ready      State = "ready"
	Done       State = "done" // its command was to end, and has
	Failed     State = "failed"
	Restarting State = "restarting"
	Stopped    State = "stopped"
)

// Status is how a process is.
type Status struct {
	Name   string
	State  State
	Detail string // more of the state, such as why it failed
	Port   int
	PID    int // 0 while none runs
}

// Event is something that happened to a process.
type Event struct {
	Process string
	Output  bool   // Text is a line that it has written
	State   State  // that it has come to, where that is the event
	Text    string // of people
	Err     error
}

// Options say what to supervise.
type Options struct {
	Processes []Process
	Report    func(Event) // called from many goroutines
	Now       func() time.Time
}

// Supervisor runs processes.
type Supervisor struct {
	runners map[string]*runner
	order   []string // dependencies first
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// New checks the processes. Names must be unique, and dependencies known and without a cycle.
func New(o Options) (*Supervisor, error) {
	const op = "read dev.processes"
	s := &Supervisor{runners: map[string]*runner{}, cancel: func() {}}
	for _, p := range o.Processes {
		if s.runners[p.Name] != nil {
			return nil, fault.New(fault.Invalid, op, "there are two called "+p.Name)
		}
		r, err := newRunner(p, o)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		s.runners[p.Name] = r
	}
	for _, p := range o.Processes {
		if err := s.place(p.Name, nil); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	return s, nil
}

// place puts a process into the order, after those that it needs.
func (s *Supervisor) place(name string, path []string) error {
	if slices.Contains(s.order, name) {
		return nil
	}
	if slices.Contains(path, name) {
		return fault.New(fault.Invalid, name, "it waits for itself: "+strings.Join(append(path, name), " → "))
	}
	r := s.runners[name]
	for _, other := range r.After {
		if s.runners[other] == nil {
			return fault.New(fault.Invalid, name, fmt.Sprintf("it is to start after %s, which there is not", other))
		}
		if err := s.place(other, append(path, name)); err != nil {
			return err
		}
		r.others = append(r.others, s.runners[other])
	}
	s.order = append(s.order, name)
	return nil
}

// Start starts the processes in the background.
func (s *Supervisor) Start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, name := range s.order {
		r := s.runners[name]
		s.wg.Go(func() { r.run(ctx) })
	}
}

// Settle waits until every process has been ready, or has failed, once.
func (s *Supervisor) Settle(ctx context.Context) error {
	for _, r := range s.runners {
		select {
		case <-r.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Restart starts a process anew, whatever it does now.
func (s *Supervisor) Restart(name string) error {
	r := s.runners[name]
	if r == nil {
		return fault.New(fault.NotFound, "restart "+name, "there is no such process")
	}
	r.renew()
	return nil
}

// Status returns how the processes are, dependencies first.
func (s *Supervisor) Status() []Status {
	list := make([]Status, 0, len(s.order))
	for _, name := range s.order {
		list = append(list, s.runners[name].current())
	}
	return list
}

// Stop ends the processes, those first that need others, and returns when all are gone. When ctx ends, by force.
func (s *Supervisor) Stop(ctx context.Context) {
	for _, name := range slices.Backward(s.order) {
		s.runners[name].stop(ctx)
	}
	s.cancel()
	s.wg.Wait()
}
