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

	"github.com/krowoc/krowoc/internal/fault"

	"github.com/gofrs/flock"
)

// State describes a running session to other commands: it stands in the state folder while the session
// runs. The file holds the database's URL with its password, so only its owner may read it.
type State struct {
	PID         int       `json:"pid"`
	Project     string    `json:"project"`
	Started     time.Time `json:"started"`
	Ready       bool      `json:"ready"`
	URL         string    `json:"url,omitempty"` // of the API; empty until it serves
	DatabaseURL string    `json:"databaseUrl,omitempty"`
	Links       []Link    `json:"links,omitempty"` // of services and processes
	Vars        []string  `json:"vars,omitempty"`  // in which programs find the services, as NAME=value
}

// Link is where a part of the stack is reached.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// sessionLock is the right to be the session of a state folder. The lock is the operating system's, on an
// open file, so that a killed session leaves none.
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

// acquire makes the caller the session of dir and writes its state there. It fails with a conflict that
// names the session which runs already.
func acquire(ctx context.Context, dir string, state State) (*sessionLock, error) {
	const op = "start the development session"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "Make the folder writable.", Err: err}
	}
	l := &sessionLock{flock: flock.New(filepath.Join(dir, "dev.lock")), path: statePath(dir)}
	// A command that looks whether a session runs holds the lock for a moment: try more than once.
	ctx, cancel := context.WithTimeout(ctx, 10*pollEvery)
	defer cancel()
	held, err := l.flock.TryLockContext(ctx, pollEvery)
	if err != nil && ctx.Err() == nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "Make the folder writable.", Err: err}
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

// AlreadyRunning is the error of starting a session where another one runs.
func AlreadyRunning(other State) error {
	return fault.New(fault.Conflict, "start the development session", fmt.Sprintf("one is running already (pid %d)", other.PID),
		"See it with `krowoc dev status`, stop it with `krowoc dev stop`.")
}

// write replaces the state file in one step.
func (l *sessionLock) write(state State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	temporary := l.path + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return fault.Wrap("write the session's state", err)
	}
	return fault.Wrap("write the session's state", os.Rename(temporary, l.path))
}

// release removes the state and lets the next session in.
func (l *sessionLock) release() {
	_ = os.Remove(l.path)
	_ = os.Remove(filepath.Join(filepath.Dir(l.path), envFile))
	_ = l.flock.Unlock()
}

func readState(dir string) (State, error) {
	var state State
	text, err := os.ReadFile(statePath(dir))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	return state, err
}

// Find returns the state of the session that runs in dir. The error is a not_found fault when none does.
func Find(dir string) (State, error) {
	none := fault.New(fault.NotFound, "find the development session", "none is running here", "Start one with `krowoc dev`.")
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
		return State{}, none // a state left behind by a session that was killed
	}
	return state, fault.Wrap("read the session's state", err)
}

// pollEvery is how often Await and Stop look at the state folder.
const pollEvery = 20 * time.Millisecond

// Await returns the state of the session in dir as soon as it is ready. exited ends the wait: it tells
// that the process which was to become the session is gone.
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
			return State{}, fault.New(fault.Internal, "start the development session", "it ended before it was ready",
				"Its output is in "+LogPath(dir)+".")
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
}

// Stop asks the session of dir to end and waits until it has.
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
			Message: fmt.Sprintf("pid %d has not ended", state.PID), Hint: "See " + LogPath(dir) + ".", Err: err}
	}
	return lock.Unlock()
}
