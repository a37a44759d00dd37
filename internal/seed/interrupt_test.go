package seed_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// stalled starts a load that a lock holds up halfway, and waits until it is. The second function waits for
// the end of the load.
func stalled(ctx context.Context, t *testing.T, pool *pgxpool.Pool) (release func(), wait func() error) {
	t.Helper()
	o := options(t, pool, files("dev/a.yaml", company))
	lock, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release = func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }
	t.Cleanup(release)
	if _, err := lock.Exec(t.Context(), "LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := seed.Load(ctx, o)
		done <- err
	}()
	for testkit.Value(t, pool, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tickets'::regclass") == "0" {
		if len(done) > 0 {
			t.Fatalf("the load did not wait: %v", <-done)
		}
	}
	return release, func() error { return <-done }
}

func TestCancel(t *testing.T) {
	pool := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	release, wait := stalled(ctx, t, pool)
	cancel()
	err := wait()
	release()
	if fault.CodeOf(err) != fault.Canceled {
		t.Errorf("got %v", err)
	}
	if got := counts(t, pool); got != "0" {
		t.Errorf("%s rows are left", got)
	}
	wantTotal(t, load(t, pool, company), 8, 0, 0) // and nothing holds a lock
}

func TestConnectionLost(t *testing.T) {
	pool := database(t)
	release, wait := stalled(t.Context(), t, pool)
	testkit.Value(t, pool, "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted AND relation = 'tickets'::regclass")
	err := wait()
	release()
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	if got := counts(t, pool); got != "0" {
		t.Errorf("%s rows are left", got)
	}
}

func TestTwoAtOnce(t *testing.T) {
	pool := database(t)
	o := options(t, pool, files("dev/a.yaml", company))
	results := make(chan seed.Summary, 4)
	for range cap(results) {
		go func() {
			summary, err := seed.Load(t.Context(), o)
			if err != nil {
				t.Error(explain(err))
			}
			results <- summary
		}()
	}
	inserted := 0
	for range cap(results) {
		summary := <-results
		inserted += summary.Total().Inserted
	}
	if inserted != 8 {
		t.Errorf("%d rows were inserted", inserted)
	}
}

func TestNoDatabase(t *testing.T) {
	_, err := seed.Load(t.Context(), options(t, noDatabase(t), files("dev/a.yaml", company)))
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
