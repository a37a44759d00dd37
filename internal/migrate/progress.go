package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// progress is the progress of an interrupted file, which has no transaction or ends it itself.
type progress struct {
	version   int64
	direction Direction
	finished  int    // statements that are done
	begun     int    // one more when a statement was begun that cannot share a transaction with its record
	sum       string // checksum of the executed statements, to detect changes
	message   string // Postgres's error, if it reported one
	at        time.Time
}

// legacyProgress is the table in which old releases, without the schema krowoc, recorded progress. It is in the same schema as
// the table of versions.
const legacyProgress = "krowoc_migration_progress"

// readProgress lists the files that were interrupted, by version, and the schema under which their progress is recorded: that of
// the table of versions. A database to which the migrations of package own are not applied yet may have the older table.
func readProgress(ctx context.Context, db querier, versions string) (byVersion map[int64]progress, schema string, err error) {
	const op = "read the progress of migrations"
	prefix := versions[:strings.LastIndexByte(versions, '.')+1]
	var current, legacy bool
	err = db.QueryRow(ctx, `
		select to_regclass($1) is not null, to_regclass($2) is not null,
			coalesce(nullif($3, ''), (select relnamespace::regnamespace::text from pg_class where oid = to_regclass($4)), current_schema(), '')`,
		own.ProgressTable, prefix+legacyProgress, strings.TrimSuffix(prefix, "."), versions).Scan(&current, &legacy, &schema)
	from := " from " + own.ProgressTable + " where schema = " + pg.QuoteLiteral(schema)
	switch {
	case err != nil || (!current && !legacy):
		return nil, schema, pg.Fault(op, err)
	case !current:
		from = " from " + prefix + legacyProgress
	}
	rows, _ := db.Query(ctx, "select version_id, direction, finished, begun, sum, message, tstamp"+from)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p progress, err error) {
		return p, row.Scan(&p.version, &p.direction, &p.finished, &p.begun, &p.sum, &p.message, &p.at)
	})
	byVersion = make(map[int64]progress, len(list))
	for _, p := range list {
		byVersion[p.version] = p
	}
	return byVersion, schema, pg.Fault(op, own.Denied(err, "SELECT", own.ProgressTable))
}

// resumes returns the progress of a step that an earlier run has begun.
func (s state) resumes(step planned) (progress, bool) {
	if p, ok := s.progress[step.file.version]; ok && p.direction == step.direction {
		return p, true
	}
	return progress{}, false
}

// finished returns how many statements of a step an earlier run has executed.
func (s state) finished(step planned) int {
	p, _ := s.resumes(step)
	return p.finished
}

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
	b.spans = []span{{n: n, end: len(step.sql[n-1])}}
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

// note records the progress of a file.
func (r *run) note(ctx context.Context, step planned, finished, begun int, message string) error {
	if r.session.conn.PgConn().TxStatus() != 'I' { // a transaction of the file's own, whose end is noted
		return nil
	}
	b := &batch{}
	r.begin(b, step, false)
	b.mark(recording)
	b.add(r.noteSQL(step, finished, begun, message))
	r.commit(b)
	if o := r.retried(ctx, step, b); o.err != nil {
		o.kept = finished
		return r.failure(ctx, step, o)
	}
	return nil
}

func (r *run) noteSQL(step planned, finished, begun int, message string) string {
	return fmt.Sprintf(`INSERT INTO %s (schema, version_id, direction, finished, begun, sum, message) VALUES (%s, %d, '%s', %d, %d, '%s', %s)
ON CONFLICT (schema, version_id) DO UPDATE SET (direction, finished, begun, sum, message, tstamp) =
	(excluded.direction, excluded.finished, excluded.begun, excluded.sum, excluded.message, now())`,
		own.ProgressTable, pg.QuoteLiteral(r.state.schema), step.file.version, step.direction, finished, begun, sumOf(step.sql[:finished]), pg.QuoteLiteral(message))
}

// forgetSQL returns SQL that deletes the progress of a file.
func (r *run) forgetSQL(step planned) string {
	return fmt.Sprintf("DELETE FROM %s WHERE schema = %s AND version_id = %d", own.ProgressTable, pg.QuoteLiteral(r.state.schema), step.file.version)
}

const goOn = "go on with an interrupted migration"

// checkInterrupted refuses a plan that does not finish an interrupted file.
func (p plan) checkInterrupted(s state) error {
	for _, half := range s.progress {
		goesOn := func(step planned) bool { return step.file.version == half.version && step.direction == half.direction }
		if slices.ContainsFunc(p, goesOn) {
			continue
		}
		name := fmt.Sprintf("version %d", half.version)
		if f := s.file(half.version); f != nil {
			name = f.name
		}
		return fault.New(fault.Conflict, goOn,
			fmt.Sprintf("%s is partly %s: %d of its statements were executed", name, half.direction.past(), half.finished),
			fmt.Sprintf("finish it first with `krowoc migrate %s`, or see `krowoc migrate repair`", half.direction))
	}
	return nil
}

// check refuses to resume a file whose executed statements have changed.
func (p progress) check(step planned) error {
	name := step.file.name
	if p.finished > len(step.sql) || p.sum != sumOf(step.sql[:p.finished]) {
		return fault.New(fault.Conflict, goOn, fmt.Sprintf("the first %d statements of %s were executed, and the file has changed them since", p.finished, name),
			"restore them, because only later statements can change; or see `krowoc migrate repair`")
	}
	return nil
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
