package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// runUntil runs a session in dir and interrupts it at its nth step, which is a report or a mark of progress,
// or when it is up. It returns whether it was up.
func runUntil(t *testing.T, dir string, n int) (up bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	steps := 0
	step := func() {
		mu.Lock()
		defer mu.Unlock()
		if steps++; steps == n {
			cancel()
		}
	}
	err := apptest.New(t, dir).Dev(ctx, app.DevOptions{PID: os.Getpid(), Environ: os.Environ(), Report: func(e dev.Event) {
		if step(); e.Ready != nil {
			up = true
			cancel()
		}
	}, Progress: func(local.Progress) { step() }})
	if up && err != nil || !up && !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted at step %d (up: %t): %v", n, up, err)
	}
	return up
}

func TestCtrlCAtEveryStepLeavesNothingHalfDone(t *testing.T) {
	for _, c := range []struct {
		name  string
		fresh bool
	}{{"from nothing", true}, {"from where the last one was interrupted", false}} {
		t.Run(c.name, func(t *testing.T) {
			dir := apptest.Copy(t)
			state := filepath.Join(dir, ".krowoc")
			for n, up := 1, false; !up; n++ {
				if c.fresh {
					if err := os.RemoveAll(state); err != nil {
						t.Fatal(err)
					}
				}
				up = runUntil(t, dir, n)
				if _, err := os.Stat(filepath.Join(state, "postgres", "postmaster.pid")); err == nil {
					t.Fatalf("step %d: Postgres is left running", n)
				}
				if _, err := dev.Find(state); fault.CodeOf(err) != fault.NotFound {
					t.Fatalf("step %d: the session is left: %v", n, err)
				}
			}
		})
	}
}

func TestSessionIsRefusedWhereOneRuns(t *testing.T) {
	dir := apptest.Copy(t)
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error)
	go func() {
		done <- apptest.New(t, dir).Dev(ctx, app.DevOptions{PID: os.Getpid(), Report: func(e dev.Event) {
			if e.Ready != nil {
				close(ready)
			}
		}})
	}()
	<-ready
	err := apptest.New(t, dir).Dev(t.Context(), app.DevOptions{PID: os.Getpid(), Report: func(dev.Event) {}})
	if fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second session: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
