package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
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
