package app

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/lifecycle"
)

const (
	// dropKeysEvery is how often a server deletes old keys. Each of several servers does, which takes little if nothing is old.
	dropKeysEvery = 10 * time.Minute
	// dropKeysTimeout limits one deletion. The next one continues.
	dropKeysTimeout = time.Minute
)

// idempotencyKeys is the part of a server that deletes the answers whose keys have expired.
func (a *App) idempotencyKeys(pool *pgxpool.Pool) lifecycle.Part {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	return lifecycle.Part{
		Name: "idempotency keys",
		Start: func(context.Context) error {
			running.Go(func() { a.dropKeys(ctx, pool) })
			return nil
		},
		Stop: func(context.Context) error {
			cancel()
			running.Wait()
			return nil
		},
	}
}

// dropKeys deletes old keys until ctx ends. A failure is logged once, and the server goes on.
func (a *App) dropKeys(ctx context.Context, pool *pgxpool.Pool) {
	tick := time.NewTicker(dropKeysEvery)
	defer tick.Stop()
	logged := ""
	for {
		limited, cancel := context.WithTimeout(ctx, dropKeysTimeout)
		err := exec.DropKeys(limited, pool, a.Now())
		cancel()
		isNew := err != nil && err.Error() != logged
		if isNew && ctx.Err() == nil {
			logged = err.Error()
			a.Logger.Warn("old idempotency keys are not deleted", "error", err, "fix", fault.HintOf(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
