package migrate

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Blocker is a session that a migration waits for.
type Blocker struct {
	PID         int32         `json:"pid"`
	Application string        `json:"application"`
	State       string        `json:"state"`    // as in pg_stat_activity: active, idle in transaction
	QueryAge    time.Duration `json:"queryAge"` // nanoseconds since its query began
}

// How long a file runs before watched first looks for sessions that block it, and how often it looks after that.
const (
	firstLook = 300 * time.Millisecond
	nextLook  = time.Second
)

// watched runs work and meanwhile reports the sessions that block it.
func (r *run) watched(ctx context.Context, e Event, work func() ([]Lock, error)) ([]Lock, error) {
	looking, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.look(looking, e)
	}()
	defer func() { stop(); <-ended }()
	return work()
}

// look reports the sessions that block this one, whenever they change.
func (r *run) look(ctx context.Context, e Event) {
	var before []int32
	for wait := firstLook; pause(ctx, wait); wait = nextLook {
		rows, _ := r.o.DB.Query(ctx, `
			select pid, coalesce(application_name, ''), coalesce(state, ''), coalesce(now() - query_start, '0')
			from pg_stat_activity where pid = any (pg_blocking_pids($1)) order by query_start`, int32(r.session.pid))
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Blocker])
		if err != nil {
			continue // a failed look does not affect the work
		}
		var pids []int32
		for _, b := range list {
			pids = append(pids, b.PID)
		}
		if len(pids) == 0 || slices.Equal(pids, before) {
			continue
		}
		before = pids
		e.Kind, e.Blockers = Blocked, list
		r.o.Report(e)
	}
}
