package changes

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Change is what one statement changed in a table.
type Change struct {
	Position  int64
	Table     string
	Operation string          // INSERT, UPDATE, DELETE or TRUNCATE
	Rows      json.RawMessage // [{"key": {…}, "old": {…}, "new": {…}}] by columns; null if any row can have changed
}

// mostChanges is the number of rows that a poll reads. After more, anything may have changed.
const mostChanges = 2000

// reader is one run of a follower.
type reader struct {
	*Follower
	snapshot string    // of the last poll; "" before the first one, and after a failure
	failing  bool      // the last poll failed
	emptied  time.Time // when old rows were looked for
}

// pollSQL reads what its snapshot shows and an earlier one, $1, did not. A transaction that began long ago and commits late is therefore neither
// missed nor waited for, and none is read twice: every transaction becomes visible between exactly two snapshots. The earlier snapshot bounds the
// transactions to look at by an index.
const pollSQL = `SELECT pg_current_snapshot()::text, pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax($1::text::pg_snapshot),
		c.position, c.table_name, c.operation, c.rows
	FROM (SELECT) AS one LEFT JOIN (
		SELECT * FROM ` + own.ChangesTable + ` WHERE transaction >= pg_snapshot_xmin($1::text::pg_snapshot)
			AND NOT pg_visible_in_snapshot(transaction, $1::text::pg_snapshot)
		ORDER BY transaction, position LIMIT $2) AS c ON true`

const op = "read the changes"

// begin takes the first snapshot. A missing table would be an error in the log of Postgres at each poll.
func (r *reader) begin(ctx context.Context) error {
	var exists bool
	if err := r.pool.QueryRow(ctx, "SELECT to_regclass('"+own.ChangesTable+"') IS NOT NULL").Scan(&exists); err != nil {
		return pg.Fault(op, err)
	}
	if !exists {
		return fault.New(fault.Conflict, op, "the table "+own.ChangesTable+" does not exist yet", "apply it with `krowoc migrate up`")
	}
	const readable = "SELECT pg_current_snapshot()::text FROM (SELECT 1 FROM " + own.ChangesTable + " LIMIT 1) AS c RIGHT JOIN (SELECT) AS one ON true"
	err := r.pool.QueryRow(ctx, readable).Scan(&r.snapshot)
	return pg.Fault(op, own.Denied(err, "SELECT", own.ChangesTable))
}

// poll reads what has been committed since the last poll.
func (r *reader) poll(ctx context.Context) (b Batch, err error) {
	if r.snapshot == "" {
		return b, r.begin(ctx)
	}
	rows, err := r.pool.Query(ctx, pollSQL, r.snapshot, mostChanges+1)
	if err != nil {
		return b, pg.Fault(op, own.Denied(err, "SELECT", own.ChangesTable))
	}
	var snapshot string
	var earlier bool
	var position *int64
	var table, operation *string
	var noted []byte
	_, err = pgx.ForEachRow(rows, []any{&snapshot, &earlier, &position, &table, &operation, &noted}, func() error {
		if position != nil {
			b.Changes = append(b.Changes, Change{*position, *table, *operation, append(json.RawMessage(nil), noted...)})
		}
		return nil
	})
	if err != nil {
		return Batch{}, pg.Fault(op, own.Denied(err, "SELECT", own.ChangesTable))
	}
	r.snapshot = snapshot
	if earlier || len(b.Changes) > mostChanges { // another server, restored from a backup, or more than anybody wants to look at
		b = Batch{All: true}
	}
	return b, nil
}

// empty removes old rows.
func (r *reader) empty(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, "SELECT "+own.EmptyChanges+"()")
	return pg.Fault("remove old changes", own.Denied(err, "EXECUTE", own.EmptyChanges+"()"))
}
