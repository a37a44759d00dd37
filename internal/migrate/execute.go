package migrate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// file runs and records one file, and returns the locks that it took.
func (r *run) file(ctx context.Context, step planned) ([]Lock, error) {
	if _, resumed := r.state.resumes(step); resumed || step.file.script.noTransaction || step.segmented() {
		return r.piecemeal(ctx, step)
	}
	b := r.transaction(step)
	o := r.retried(ctx, step, b)
	if o.err != nil {
		return nil, r.failure(ctx, step, o)
	}
	return step.locks(o), nil
}

// locks returns the locks of an outcome with the lines of their statements.
func (p planned) locks(o outcome) []Lock {
	if len(o.locks) == 0 {
		return o.locks
	}
	statements := p.file.script.statements(p.direction)
	for i, l := range o.locks {
		o.locks[i].Line = statements[l.statement-1].lines[0]
	}
	return o.locks
}

// transaction sends a whole file as one message. Postgres runs it from BEGIN to COMMIT without another round trip.
func (r *run) transaction(step planned) *batch {
	b := &batch{}
	b.add("BEGIN")
	r.limits(b, step, true)
	first := settings(b, step, 0, len(step.sql))
	r.guard(b)
	r.statements(b, step, first, len(step.sql))
	b.mark(recording)
	r.finish(b, step)
	r.commit(b)
	return b
}

// statements appends the statements sql[from:to] of a step.
func (r *run) statements(b *batch, step planned, from, to int) {
	for i := from; i < to; i++ {
		b.statement(i+1, step.sql[i])
		if r.o.Locks {
			b.add(r.listLocks())
		}
	}
}

// begin opens a transaction with the limits of its file. The run's own limits apply only to files that run in a transaction,
// because CREATE INDEX CONCURRENTLY waits for other sessions by design.
func (r *run) begin(b *batch, step planned, limits bool) {
	b.add("BEGIN")
	r.limits(b, step, limits)
	r.guard(b)
}

// guard aborts a transaction whose lease is lost.
func (r *run) guard(b *batch) {
	if r.session != nil && r.session.lease != nil {
		b.add(r.session.lease.guard(false))
	}
}

// limits sets the limits of a transaction.
func (r *run) limits(b *batch, step planned, limits bool) {
	d := step.file.script.directives
	if limits {
		d.lockTimeout, d.statementTimeout = orElse(d.lockTimeout, r.o.LockTimeout), orElse(d.statementTimeout, r.o.StatementTimeout)
	}
	if d.lockTimeout != nil {
		b.add(setLocal("lock_timeout", d.lockTimeout.Milliseconds()))
	}
	if d.statementTimeout != nil {
		b.add(setLocal("statement_timeout", d.statementTimeout.Milliseconds()))
	}
}

// listLocks returns SQL that lists the transaction's locks on tables and indexes, except those of the system.
func (r *run) listLocks() string {
	return fmt.Sprintf(`SELECT coalesce(c.oid::regclass::text, 'dropped') AS %s, l.mode FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation > 16383
	AND coalesce(c.relnamespace, 0) <> 'pg_toast'::regnamespace AND coalesce(c.oid::regclass::text, '') NOT LIKE ALL (ARRAY[%s, '%s.%%']) ORDER BY 1, 2`, lockColumn, pg.QuoteLiteral(r.o.Table+"%"), own.Schema)
}

func (r *run) commit(b *batch) {
	if r.session != nil && r.session.lease != nil {
		b.add(r.session.lease.guard(true))
	}
	b.mark(committing)
	b.add("COMMIT")
}

// record returns SQL that records a file as applied or as rolled back.
func (r *run) record(step planned) string {
	if step.direction == Up {
		return fmt.Sprintf("INSERT INTO %s (version_id, is_applied) VALUES (%d, true)", r.o.Table, step.file.version)
	}
	return fmt.Sprintf("DELETE FROM %s WHERE version_id = %d", r.o.Table, step.file.version)
}

// orElse returns the file's value, or else the run's if it has one.
func orElse(own *time.Duration, others time.Duration) *time.Duration {
	if own == nil && others > 0 {
		return &others
	}
	return own
}

// The first and the longest wait between attempts to get a lock, before jitter.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// retried runs a batch and retries it while it cannot get a lock.
func (r *run) retried(ctx context.Context, step planned, b *batch) outcome {
	wait := firstBackoff
	for {
		o := b.send(ctx, r.session.conn)
		refused := hasCode(o.err, "55P03", "40P01", advisoryHeld) // lock_not_available, deadlock_detected
		if !refused || r.retries >= r.o.LockRetries || r.session.conn.IsClosed() {
			return o
		}
		r.retries++
		after := wait/2 + rand.N(wait) //nolint:gosec // jitter needs no secure randomness
		r.o.Report(Event{Kind: Retrying, Err: o.err, After: after, Result: Result{Version: step.file.version, File: step.file.name, Direction: step.direction, Retries: r.retries}})
		if !pause(ctx, after) {
			return outcome{err: ctx.Err()}
		}
		wait = min(wait*2, lastBackoff)
	}
}

// preview returns the SQL that a file would send, to show it to people.
func (r *run) preview(step planned) string {
	if step.segmented() {
		return r.previewSegments(step)
	}
	if !step.file.script.noTransaction {
		return r.transaction(step).String()
	}
	return strings.Join(append(step.sql[r.state.finished(step):], r.record(step)+";"), "\n") + "\n"
}

// fault translates err, giving the end of ctx precedence over the errors that followed from it.
func (r *run) fault(ctx context.Context, op string, err error) *fault.Error {
	if ctx.Err() != nil {
		return r.interrupted(ctx, op)
	}
	return asFault(op, err)
}
