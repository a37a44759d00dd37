package app_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// TestControl performs the actions of the dashboard's keys, in a session that watches files and in one that does not.
func TestControl(t *testing.T) {
	for _, watch := range []bool{true, false} {
		a := apptest.New(t, apptest.Copy(t))
		a.Config.Dev.Watch = watch
		ctx, cancel := context.WithCancel(t.Context())
		control, up, done := &dev.Control{}, make(chan dev.State, 1), make(chan error)
		go func() {
			done <- a.Dev(ctx, app.DevOptions{PID: os.Getpid(), Environ: os.Environ(), Control: control, Report: func(e dev.Event) {
				if e.Settled != nil {
					up <- e.Settled.State
				}
			}})
		}()
		pool, err := a.Connect(t.Context(), (<-up).DatabaseURL)
		if err != nil {
			t.Fatal(err)
		}
		exec := func(sql string) {
			t.Helper()
			if _, err := pool.Exec(t.Context(), sql); err != nil {
				t.Error(err)
			}
		}
		exec("CREATE TABLE by_hand ()")
		pool.Reset()
		if err := control.Restart(ctx, "postgres"); err != nil {
			t.Error(err)
		}
		exec("SELECT FROM by_hand")
		pool.Reset()
		if err := control.Reset(ctx); err != nil {
			t.Error(err)
		}
		exec("DO $$ BEGIN ASSERT to_regclass('by_hand') IS NULL AND to_regclass('users') IS NOT NULL; END $$")
		pool.Close()
		if err := control.Restart(ctx, "api"); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a part of Krowoc itself was restarted: %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(a.StateDir(), "postgres", "postmaster.pid")); err == nil {
			t.Error("Postgres is left running")
		}
	}
}
