package migrate

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// lockID is goose's own, so that a program that migrates with goose's session lock waits for us as well.
const lockID = lock.DefaultLockID

// Holder is the session that holds the migration lock.
type Holder struct {
	PID         uint32    `json:"pid"` // of the server process
	Application string    `json:"application"`
	User        string    `json:"user"`
	Since       time.Time `json:"since"` // when the session began
}

// How often a waiting process asks for the lock: soon at first, then at leisure.
const (
	firstWait = 10 * time.Millisecond
	lastWait  = 250 * time.Millisecond
)

// lock takes the session's advisory lock and waits for it as long as ctx lives. It asks again and again
// rather than block in pg_advisory_lock: a blocked statement holds a snapshot, which CREATE INDEX
// CONCURRENTLY in the holder waits for, and the two would be a deadlock.
func (s *session) lock(ctx context.Context, waiting func(Holder)) error {
	const op = "wait for the migration lock"
	for wait := firstWait; ; wait = min(wait*2, lastWait) {
		if err := s.conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", lockID).Scan(&s.locked); err != nil {
			return pg.Fault(op, err)
		}
		if s.locked {
			return nil
		}
		if wait == firstWait {
			switch h, err := s.holder(ctx); {
			case err == nil:
				waiting(h)
			case !errors.Is(err, pgx.ErrNoRows): // else it was released between the two questions
				return pg.Fault(op, err)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return &fault.Error{Code: fault.CodeOf(ctx.Err()), Op: op, Message: "gave up", Err: ctx.Err(),
				Hint: "another process is migrating this database; `krowoc migrate status` shows how far it is"}
		}
	}
}

// holder says who holds the lock. A superuser's session hides its details from others, hence the coalesce.
func (s *session) holder(ctx context.Context) (h Holder, err error) {
	err = s.conn.QueryRow(ctx, `
		select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(a.backend_start, now())
		from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.granted and l.objsubid = 1
			and l.database = (select oid from pg_database where datname = current_database())
			and l.classid::bigint << 32 | l.objid::bigint = $1`, lockID).Scan(&h.PID, &h.Application, &h.User, &h.Since)
	return h, err
}
