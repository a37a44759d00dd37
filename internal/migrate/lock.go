package migrate

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// lockID is the ID that goose uses, so programs that migrate with goose's session lock wait for Krowoc and vice versa.
const lockID = lock.DefaultLockID

// Holder is the session that holds the migration lock.
type Holder struct {
	PID         uint32    `json:"pid"` // of the server process, or behind a pooler of the client
	Application string    `json:"application"`
	User        string    `json:"user,omitempty"`
	Host        string    `json:"host,omitempty"` // empty is the server's own
	Since       time.Time `json:"since"`          // when the session began
}

// The first and the longest wait between attempts to get the lock.
const (
	firstWait = 10 * time.Millisecond
	lastWait  = 250 * time.Millisecond
)

const lockOp = "wait for the migration lock"

// lock takes the migration lock and waits for it as long as ctx lives: the session's advisory lock, or a
// lease where a session is not one connection. Each respects the other.
func (s *session) lock(ctx context.Context, ttl time.Duration, waiting func(Holder)) error {
	try := s.tryAdvisory
	if s.pooled() {
		s.lease = newLease(s.pool, ttl)
		try = s.lease.try
	}
	for wait := firstWait; ; wait = min(wait*2, lastWait) {
		holder, err := try(ctx)
		if err != nil {
			return pg.Fault(lockOp, err)
		}
		if holder == nil {
			return nil
		}
		if wait == firstWait && *holder != (Holder{}) {
			waiting(*holder)
		}
		if !pause(ctx, wait) {
			return &fault.Error{Code: fault.CodeOf(ctx.Err()), Op: lockOp, Message: "timed out or was canceled", Err: ctx.Err(),
				Hint: "another process is migrating this database; see its progress with `krowoc migrate status`"}
		}
	}
}

// tryAdvisory asks for the session's advisory lock once, and under it brings the schema krowoc up to date. The holder is nil
// when the lock is ours. It does not block in pg_advisory_lock: a blocked statement holds a snapshot, for which a CREATE INDEX
// CONCURRENTLY in the holder waits, and the two would be a deadlock.
func (s *session) tryAdvisory(ctx context.Context) (*Holder, error) {
	if err := s.conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", lockID).Scan(&s.locked); err != nil {
		return nil, err
	}
	if !s.locked {
		return advisoryHolder(ctx, s.conn)
	}
	if _, err := own.Apply(ctx, s.conn); err != nil {
		return nil, err
	}
	holder, err := leaseHolder(ctx, s.conn)
	if holder != nil || err != nil { // a process behind a pooler holds the lease
		s.locked = false
		err = errors.Join(err, s.conn.QueryRow(ctx, "select pg_advisory_unlock($1)", lockID).Scan(new(bool)))
	}
	return holder, err
}

// advisoryHolder returns the session that holds the lock. A superuser's session hides its details from others, hence the
// coalesce.
func advisoryHolder(ctx context.Context, db rowQuerier) (*Holder, error) {
	var h Holder
	err := db.QueryRow(ctx, `
		select a.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(host(a.client_addr), ''), coalesce(a.backend_start, now())
		from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.granted and l.objsubid = 1
			and l.database = (select oid from pg_database where datname = current_database())
			and l.classid::bigint << 32 | l.objid::bigint = $1`, lockID).Scan(&h.PID, &h.Application, &h.User, &h.Host, &h.Since)
	if errors.Is(err, pgx.ErrNoRows) { // it was released between the two queries
		return &Holder{}, nil
	}
	return &h, err
}

// pause waits, and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
