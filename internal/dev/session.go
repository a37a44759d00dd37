package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"

	"github.com/gofrs/flock"
)

// State describes a running session to other commands. The session keeps it in a file in the state folder. Only the file's owner can
// read it, since the URL of the database contains the password.
type State struct {
	PID         int       `json:"pid"`
	Project     string    `json:"project"`
	Started     time.Time `json:"started"`
	Ready       bool      `json:"ready"`
	URL         string    `json:"url,omitempty"` // of the API; empty before it serves
	DatabaseURL string    `json:"databaseUrl,omitempty"`
	Failed      []string  `json:"failed,omitempty"` // parts that could not use a file of the project when the session started
	Links       []Link    `json:"links,omitempty"`  // of services and processes
	Vars        []string  `json:"vars,omitempty"`   // variables for programs that use the services, as NAME=value
}

// Link is the URL of a part of the stack.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// sessionLock is held by the only session of a state folder. It is a file lock of the operating system, which releases it even if the
// session is killed.
type sessionLock struct {
	flock *flock.Flock
	path  string
	mu    sync.Mutex
	state State
}

func (l *sessionLock) current() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func statePath(dir string) string { return filepath.Join(dir, "dev.json") }

// acquire makes the caller the session of dir and writes its state there. If another session is running, it returns a conflict that
// names it.
func acquire(ctx context.Context, dir string, state State) (*sessionLock, error) {
	const op = "start the development session"
	if err := MakeStateDir(dir); err != nil {
		return nil, err
	}
	l := &sessionLock{flock: flock.New(filepath.Join(dir, "dev.lock")), path: statePath(dir)}
	// A command that checks for a running session holds the lock for a moment, so try several times.
	ctx, cancel := context.WithTimeout(ctx, 10*pollEvery)
	defer cancel()
	held, err := l.flock.TryLockContext(ctx, pollEvery)
	if err != nil && ctx.Err() == nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "make the folder writable", Err: err}
	}
	if !held {
		other, _ := readState(dir)
		return nil, AlreadyRunning(other)
	}
	if err := l.write(state); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// AlreadyRunning is the error for starting a session while another one is running.
func AlreadyRunning(other State) error {
	return fault.New(fault.Conflict, "start the development session", fmt.Sprintf("a session is already running (pid %d)", other.PID),
		"show it with `krowoc dev status`, or stop it with `krowoc dev stop`")
}

// write replaces the state file.
func (l *sessionLock) write(state State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	return fault.Wrap("write the session's state", atomicfile.Write(l.path, append(text, '\n'), 0o600))
}

// release removes the state and releases the lock. It leaves the files of another session alone, which can have started after the folder of
// this one was deleted.
func (l *sessionLock) release() {
	if l.check() == nil {
		_ = os.Remove(l.path)
		_ = os.Remove(filepath.Join(filepath.Dir(l.path), envFile))
	}
	_ = l.flock.Unlock()
}

// check returns an error if the folder of the session was deleted, and its lock with it. Another session could then start there.
func (l *sessionLock) check() error {
	held, err := l.flock.Stat()
	if err != nil {
		return fault.Wrap("check the session's lock", err)
	}
	current, err := os.Stat(l.flock.Path())
	isGone := errors.Is(err, fs.ErrNotExist) || (err == nil && !os.SameFile(held, current))
	if !isGone {
		return nil
	}
	return &fault.Error{
		Code: fault.Conflict, Op: "keep the development session running",
		Message: "the folder " + filepath.Base(filepath.Dir(l.path)) + " with the local database was deleted, perhaps by `git clean -x`",
		Hint:    "run `krowoc dev` again, which creates the database from the migrations and seeds", Err: errDeleted,
	}
}

// errDeleted is wrapped by the error of a session whose folder was deleted.
var errDeleted = errors.New("the session's lock is gone")

// guardPeriod is how often a session checks that it still has its folder.
const guardPeriod = 500 * time.Millisecond

// guard ends the session when its folder was deleted.
func (s *session) guard(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(guardPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.lock.check(); errors.Is(err, errDeleted) {
				end(err)
			}
		}
	}
}

func readState(dir string) (State, error) {
	var state State
	text, err := os.ReadFile(statePath(dir))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	return state, err
}

// Find returns the state of the session that is running in dir, or a not_found fault.
func Find(dir string) (State, error) {
	none := fault.New(fault.NotFound, "find the development session", "no session is running for this project", "start one with `krowoc dev`")
	state, err := readState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, none
	}
	probe := flock.New(filepath.Join(dir, "dev.lock"))
	free, lockErr := probe.TryRLock()
	if lockErr != nil {
		return State{}, fault.Wrap("find the development session", lockErr)
	}
	if free {
		_ = probe.Unlock()
		return State{}, none // the state was left by a session that was killed
	}
	return state, fault.Wrap("read the session's state", err)
}

// pollEvery is the interval at which Await and Stop check the state folder.
const pollEvery = 20 * time.Millisecond

// Await returns the state of the session in dir as soon as it is ready. It fails when exited is closed, which means that the process of
// the session has exited.
func Await(ctx context.Context, dir string, exited <-chan struct{}) (State, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if state, err := Find(dir); err == nil && state.Ready {
			return state, nil
		}
		select {
		case <-tick.C:
		case <-exited:
			return State{}, fault.New(fault.Internal, "start the development session", "the session ended before it was ready",
				"see the output in "+LogPath(dir))
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
}

// Stop asks the session of dir to stop and waits until it has.
func Stop(ctx context.Context, dir string) error {
	state, err := Find(dir)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(state.PID)
	if err == nil {
		err = Interrupt(process)
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fault.Wrap(fmt.Sprintf("stop the development session (pid %d)", state.PID), err)
	}
	lock := flock.New(filepath.Join(dir, "dev.lock"))
	if _, err := lock.TryRLockContext(ctx, pollEvery); err != nil {
		return &fault.Error{Code: fault.Timeout, Op: "stop the development session",
			Message: fmt.Sprintf("the process is still running (pid %d)", state.PID), Hint: "see " + LogPath(dir), Err: err}
	}
	return lock.Unlock()
}
