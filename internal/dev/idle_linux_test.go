package dev

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/testkit"
)

// On a full disk, a session waits for room before it starts Postgres again.
func TestAwaitRoom(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		testkit.Skip(t, "only root can make a small file system: a full disk is not tried")
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	warned := make(chan string, 1)
	s := &session{Options: Options{StateDir: dir}, reporter: &reporter{sink: func(e Event) { warned <- e.Text }, now: time.Now}}
	if err := s.awaitRoom(t.Context(), os.ErrNotExist); err != nil {
		t.Errorf("another error: %v", err)
	}
	full := fmt.Errorf("start: %w", &pgconn.PgError{Code: "53100"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.awaitRoom(ctx, full); err == nil {
		t.Error("a session that ends goes on")
	}
	<-warned

	done := make(chan error, 1)
	go func() { done <- s.awaitRoom(t.Context(), syscall.ENOSPC) }()
	<-warned
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(roomPeriod / 10):
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}
