package dev

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// A session whose folder is deleted ends, and leaves the files of a session that has started there since.
func TestFolderDeleted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".krowoc")
	first, err := acquire(t.Context(), dir, State{PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.check(); err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(t.Context(), dir, State{PID: 2}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second session at the same time: %v", err)
	}
	ctx, end := context.WithCancelCause(t.Context())
	s := &session{lock: first}
	done := make(chan struct{})
	go func() { s.guard(ctx, end); close(done) }()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * guardPeriod):
		t.Fatal("the session goes on")
	}
	if cause := context.Cause(ctx); !errors.Is(cause, errDeleted) || fault.HintOf(cause) == "" {
		t.Errorf("%v", cause)
	}

	second, err := acquire(t.Context(), dir, State{PID: 2})
	if err != nil {
		t.Fatal(err)
	}
	first.release()
	if state, err := Find(dir); err != nil || state.PID != 2 {
		t.Errorf("the second session after the end of the first: %+v, %v", state, err)
	}
	second.release()
	if _, err := Find(dir); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("after the end of both: %v", err)
	}
}

func TestStateDirIsIgnored(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".krowoc")
	for range 2 {
		if err := MakeStateDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, ".gitignore")
	if text, err := os.ReadFile(path); err != nil || string(text) != "*\n" {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.WriteFile(path, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MakeStateDir(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine\n" {
		t.Errorf("%q, %v", text, err)
	}
}
