package migrate

import (
	"context"
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// piecemeal runs a file segment by segment and records each, so that the next run after a failure resumes at the segment that failed.
func (r *run) piecemeal(ctx context.Context, step planned) (locks []Lock, err error) {
	before, resumed := r.state.resumes(step)
	if resumed {
		if err := before.check(step); err != nil {
			return nil, err
		}
	}
	recorded := false
	for _, s := range step.segments() {
		if s.to <= before.finished {
			continue
		}
		if !s.opens { // a transaction of the file's own begins again where it begins
			s.from = max(s.from, before.finished)
		}
		done, err := r.wasDone(ctx, step, s, before)
		if err != nil {
			return nil, err
		}
		if done {
			continue
		}
		var more []Lock
		if more, recorded, err = r.segment(ctx, step, s); err != nil {
			return nil, err
		}
		locks = append(locks, more...)
	}
	if recorded {
		return locks, nil
	}
	b := &batch{}
	r.begin(b, step, false)
	r.recordAll(b, step)
	r.commit(b)
	if o := r.retried(ctx, step, b); o.err != nil {
		o.kept = len(step.sql)
		return nil, r.failure(ctx, step, o)
	}
	return locks, nil
}

// wasDone reports whether an earlier run executed a segment without its record, and then records it.
func (r *run) wasDone(ctx context.Context, step planned, s segment, before progress) (bool, error) {
	if n := before.begun; n <= before.finished || n <= s.from || n > s.to {
		return false, nil
	}
	done, err := r.wasExecuted(ctx, step, before.begun)
	if done && err == nil {
		err = r.note(ctx, step, s.to, s.to, "")
	}
	return done, err
}

// segment runs a segment with the record of its progress, or of the file after the last one.
func (r *run) segment(ctx context.Context, step planned, s segment) (locks []Lock, recorded bool, err error) {
	if s.end == runsAlone {
		return nil, false, r.statement(ctx, step, s.to, !step.file.script.noTransaction || controlsTransactions(step.sql))
	}
	if s.end == prepares { // its record cannot be in the prepared transaction, which would keep the row locked
		if err := r.note(ctx, step, s.from, s.to, ""); err != nil {
			return nil, false, err
		}
	}
	o := r.retried(ctx, step, r.segmentBatch(step, s))
	if o.err != nil {
		kept, _ := step.lastCommit(s.from)
		if kept > 0 {
			o.kept = s.from
		}
		hasProgress := kept > 0 || s.end == prepares
		if o.server != nil && o.at > 0 && hasProgress {
			_ = r.note(ctx, step, s.from, o.at, o.server.Message) // report the original failure
		}
		return nil, false, r.failure(ctx, step, o)
	}
	if s.end == prepares {
		return step.locks(o), false, r.note(ctx, step, s.to, s.to, "")
	}
	return step.locks(o), s.to == len(step.sql), nil
}

// segmentBatch sends a segment as one message. The record is committed with the statements, or after those that the file undoes.
func (r *run) segmentBatch(step planned, s segment) *batch {
	b := &batch{}
	limits, guarded, from := !step.file.script.noTransaction, r.session != nil && r.session.lease != nil && s.end != prepares, s.from
	if s.opens {
		b.opening(from+1, step.sql[from])
		from++
	} else {
		b.add("BEGIN")
	}
	r.limits(b, step, limits)
	from = settings(b, step, from, s.to)
	if guarded {
		b.add(r.session.lease.guard(false))
	}
	if s.end == endsNot {
		r.statements(b, step, from, s.to)
		r.recordUpTo(b, step, s)
		r.commit(b)
		return b
	}
	last := s.to - 1
	r.statements(b, step, from, last)
	if s.end == commits {
		r.recordUpTo(b, step, s)
		if guarded {
			b.add(r.session.lease.guard(true))
		}
	}
	b.statement(s.to, step.sql[last])
	if chains(step.sql[last]) {
		b.add("ROLLBACK") // nothing is in the next transaction yet, and the next segment begins its own
	}
	if s.end == undoes {
		r.begin(b, step, limits)
		r.recordUpTo(b, step, s)
		r.commit(b)
	}
	return b
}

// recordUpTo appends the record of a segment: as progress, or after the last segment as the file. There is no progress while
// nothing stays applied.
func (r *run) recordUpTo(b *batch, step planned, s segment) {
	if s.to == len(step.sql) {
		r.recordAll(b, step)
	} else if kept, _ := step.lastCommit(s.to); kept > 0 {
		r.ownRole(b)
		b.mark(recording)
		b.add(r.noteSQL(step, s.to, s.to, ""))
	}
}

// recordAll appends the record of a whole file, which has no progress any more.
func (r *run) recordAll(b *batch, step planned) {
	b.mark(recording)
	r.finish(b, step)
	b.add(r.forgetSQL(step))
}

// previewSegments returns the SQL that a file sends whose transactions it ends itself.
func (r *run) previewSegments(step planned) string {
	var text strings.Builder
	recorded, finished := false, r.state.finished(step)
	for _, s := range step.segments() {
		if recorded = s.end != prepares && s.end != runsAlone; s.to <= finished {
			continue
		}
		if s.end == runsAlone {
			text.WriteString(step.sql[s.from] + "\n")
		} else {
			text.WriteString(r.segmentBatch(step, s).String())
		}
	}
	if !recorded {
		text.WriteString(r.record(step) + ";\n")
	}
	return text.String()
}

// statement runs the nth statement: in one transaction with its record if Postgres allows that, else alone.
func (r *run) statement(ctx context.Context, step planned, n int, alone bool) error {
	if !alone && !runsOutside(step.sql[n-1]) {
		b := &batch{}
		r.begin(b, step, false)
		b.statement(n, step.sql[n-1])
		b.mark(recording)
		b.add(r.noteSQL(step, n, n, ""))
		r.commit(b)
		o := r.retried(ctx, step, b)
		// active_sql_transaction: refused before it did anything; invalid_transaction_termination: rolled back
		if !hasCode(o.err, activeTransaction, "2D000") {
			if o.err != nil {
				o.kept = n - 1
				return r.failure(ctx, step, o)
			}
			return nil
		}
	}
	if err := r.note(ctx, step, n-1, n, ""); err != nil {
		return err
	}
	b := &batch{}
	b.spans = []span{{n: n, end: len(step.sql[n-1]), sql: step.sql[n-1]}}
	b.write(step.sql[n-1])
	o := r.retried(ctx, step, b)
	if o.err != nil {
		o.at, o.kept = n, n-1
		if o.server != nil {
			_ = r.note(ctx, step, n-1, n, o.server.Message) // report the original failure
		}
		return r.failure(ctx, step, o)
	}
	return r.note(ctx, step, n, n, "")
}

// controlsTransactions reports whether statements begin and end transactions of their own.
func controlsTransactions(sql []string) bool {
	for _, s := range sql {
		switch word, _, _ := strings.Cut(strings.ToLower(sqltext.Normalise(s)), " "); strings.TrimSuffix(word, ";") {
		case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare":
			return true
		}
	}
	return false
}

// errUncertain is the reason why a statement is not executed again.
var errUncertain = errors.New("the statement was interrupted, and it is unknown whether it was executed")
