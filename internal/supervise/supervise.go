// Package supervise runs the processes of a development stack in the order of their dependencies. It restarts them when they exit or
// when their files change, and stops them with the stack.
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

// Process is a command to keep running.
type Process struct {
	Name    string
	Command string // a shell command
	Build   string // a shell command to run before each start; if it fails, the old instance keeps running
	Dir     string // absolute
	Env     []string
	Port    int // on localhost, passed in $PORT; 0 is none
	// Handover keeps the old instance until the new one is ready. The supervisor then listens on Port and forwards to the
	// ready instance; each instance gets its own port in $PORT.
	Handover bool
	Ready    Readiness
	Restart  Policy
	After    []string // names of processes that must be ready before this one starts
	Watch    []string // patterns of files, relative to Dir, that restart it when they change
	Grace    time.Duration
}

// Policy determines when a process that has exited is restarted.
type Policy string

// The policies.
const (
	Always    Policy = "always"
	OnFailure Policy = "on-failure"
	Never     Policy = "never"
)

// State is the state of a process.
type State string

// The states.
const (
	Waiting    State = "waiting" // for its dependencies
	Building   State = "building"
	Starting   State = "starting"
	Ready      State = "ready"
	Done       State = "done" // its command was expected to exit, and did
	Failed     State = "failed"
	Restarting State = "restarting"
	Stopped    State = "stopped"
)

// Status is the current status of a process.
type Status struct {
	Name   string
	State  State
	Detail string // details of the state, such as why it failed
	Port   int
	PID    int // 0 while it does not run
}

// Event is an event in the life of a process.
type Event struct {
	Process string
	Output  bool   // Text is a line of its output
	State   State  // its new state, if it changed
	Text    string // a message
	Err     error
}

// Options configure a Supervisor.
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
			return nil, fault.New(fault.Invalid, op, fmt.Sprintf("duplicate process %q", p.Name))
		}
		r, err := newRunner(p, o)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		s.runners[p.Name] = r
	}
	for _, p := range o.Processes {
		if err := s.addInOrder(p.Name, nil); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	return s, nil
}

// addInOrder adds a process to the order, after its dependencies.
func (s *Supervisor) addInOrder(name string, path []string) error {
	if slices.Contains(s.order, name) {
		return nil
	}
	if slices.Contains(path, name) {
		return fault.New(fault.Invalid, name, "it depends on itself: "+strings.Join(append(path, name), " → "))
	}
	r := s.runners[name]
	for _, other := range r.After {
		if s.runners[other] == nil {
			return fault.New(fault.Invalid, name, fmt.Sprintf("it depends on %q, which is not defined", other))
		}
		if err := s.addInOrder(other, append(path, name)); err != nil {
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

// AwaitStart waits until every process has become ready, or has failed, for the first time.
func (s *Supervisor) AwaitStart(ctx context.Context) error {
	for _, r := range s.runners {
		select {
		case <-r.attempted:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Restart restarts a process, whatever its state.
func (s *Supervisor) Restart(name string) error {
	r := s.runners[name]
	if r == nil {
		return fault.New(fault.NotFound, "restart "+name, "there is no such process")
	}
	r.requestRestart()
	return nil
}

// Status returns the status of the processes, dependencies first.
func (s *Supervisor) Status() []Status {
	list := make([]Status, 0, len(s.order))
	for _, name := range s.order {
		list = append(list, s.runners[name].currentStatus())
	}
	return list
}

// Stop stops the processes, dependents first, and returns when all have exited. It kills them when ctx ends.
func (s *Supervisor) Stop(ctx context.Context) {
	for _, name := range slices.Backward(s.order) {
		s.runners[name].stop(ctx)
	}
	s.cancel()
	s.wg.Wait()
}
