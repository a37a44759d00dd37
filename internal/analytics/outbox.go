package analytics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// OutboxOptions configure an Outbox. Pool and Client are required; zero values of the others take the defaults.
type OutboxOptions struct {
	Pool    *pgxpool.Pool // for the relay alone; one connection is enough
	Client  *Client       // its Sender sends the events, its counts have what is lost
	Consent Consent

	Batch   int           // events of a request; default 500. The Client limits their bytes.
	Every   time.Duration // how long an event waits for others; default 2 s
	Idle    time.Duration // pause while this process stores none; default 30 s
	MaxAge  time.Duration // of an event that cannot be sent; default 72 h
	MaxRows int           // that wait; default 100,000
}

// Outbox stores the events of mutations in the table krowoc.outbox, in their transactions, and sends them afterwards. Several processes can empty
// one table. An event is sent at least once, always with the same UUID, by which PostHog knows it again.
type Outbox struct {
	o        OutboxOptions
	writable atomic.Bool
	loop     *loop
	failures int                    // of the relay in a row
	size     int                    // events of the next batch; fewer than Batch after one that took too long
	failure  atomic.Pointer[string] // the last one; empty if it has passed
	stored   atomic.Bool            // an event, since the table was looked at
	next     time.Duration          // the pause of the relay if it finds nothing
}

var _ exec.Outbox = (*Outbox)(nil)

// NewOutbox returns an outbox, which is emptied after Start.
func NewOutbox(o OutboxOptions) (*Outbox, error) {
	if o.Pool == nil || o.Client == nil {
		return nil, fault.New(fault.Invalid, "store events", "Pool and Client are required")
	}
	if o.Batch == 0 {
		o.Batch = 500
	}
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.Idle == 0 {
		o.Idle = 30 * time.Second
	}
	if o.MaxAge == 0 {
		o.MaxAge = 72 * time.Hour
	}
	if o.MaxRows == 0 {
		o.MaxRows = 100_000
	}
	b := &Outbox{o: o, size: o.Batch, next: o.Idle}
	b.loop = newLoop(b.relay)
	return b, nil
}

// Store implements exec.Outbox. It returns no statement while the table cannot be written: a mutation does not fail because of analytics.
func (b *Outbox) Store(ctx context.Context, op *exec.Operation, event, query string, args []any) (sql string, all []any) {
	if !b.writable.Load() {
		b.o.Client.counts.lose(1, errNoTable)
		return "", nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		b.o.Client.counts.lose(1, err)
		return "", nil
	}
	p := personOf(ctx, op.Caller, b.o.Consent)
	properties := about(ctx, p)
	if name := nameOf(op); name != "" {
		properties["operation"] = name
	}
	more, err := json.Marshal(properties)
	if err != nil {
		b.o.Client.counts.lose(1, err)
		return "", nil
	}
	b.stored.Store(true)
	b.loop.nudge()
	n := len(args)
	sql = fmt.Sprintf("INSERT INTO %s (id, event, distinct_id, properties, at) SELECT $%d::uuid, $%d::text, $%d::text, written.properties || $%d::jsonb, $%d::timestamptz FROM (%s) AS written (properties)",
		own.OutboxTable, n+1, n+2, n+3, n+4, n+5, query)
	all = append(append(make([]any, 0, n+5), args...), id, event, p.id, string(more), op.Time)
	return sql, all
}

// Failed implements exec.Outbox. Further mutations store nothing until the relay has seen that the table can be written again.
func (b *Outbox) Failed(err error) {
	var server *pgconn.PgError
	if errors.As(err, &server) && (server.Code == insufficientPrivilege || server.Code == undefinedTable) {
		b.writable.Store(false)
		b.loop.nudge()
	}
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	insufficientPrivilege = "42501"
	undefinedTable        = "42P01"
)

var errNoTable = fault.New(fault.Unavailable, "store events", "the table "+own.OutboxTable+" cannot be written")

// checkTimeout limits the check of the table, for which the server waits when it starts.
const checkTimeout = 2 * time.Second

// Start checks the table and begins to empty it. It does not fail: the server runs without analytics.
func (b *Outbox) Start(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	_ = b.check(ctx) // the relay does it again
	b.loop.start()
}

// Stop ends the relay. A batch that is being sent is finished, or is sent again by another process.
func (b *Outbox) Stop(ctx context.Context) error { return b.loop.stop(ctx) }

// check finds out whether the role of the service may use the table.
func (b *Outbox) check(ctx context.Context) error {
	const rights = `SELECT coalesce(has_schema_privilege('` + own.Schema + `', 'USAGE') AND has_table_privilege(to_regclass('` + own.OutboxTable + `'), 'SELECT')
		AND has_table_privilege(to_regclass('` + own.OutboxTable + `'), 'INSERT') AND has_table_privilege(to_regclass('` + own.OutboxTable + `'), 'UPDATE')
		AND has_table_privilege(to_regclass('` + own.OutboxTable + `'), 'DELETE'), false) FROM pg_namespace WHERE nspname = '` + own.Schema + `'`
	var may bool
	err := b.o.Pool.QueryRow(ctx, rights).Scan(&may)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "store events", "the role of the service may not use "+own.OutboxTable,
			"run `krowoc migrate up`, and grant the role SELECT, INSERT, UPDATE, DELETE ON "+own.OutboxTable)
	}
	if err != nil {
		b.writable.Store(b.writable.Load() && fault.CodeOf(pg.Fault("", err)) == fault.Unavailable) // nothing new is known of the table
		return pg.Fault("store events", err)
	}
	b.writable.Store(true)
	return nil
}

// row is an event in the table.
type row struct {
	id    uuid.UUID
	event Event
}

// take locks the oldest events that no other process sends, at most n, and returns those of the first size bytes, but at least one. More may wait
// if it has locked n, or returns less than it has locked.
func take(ctx context.Context, tx pgx.Tx, n, size int) (list []row, more bool, err error) {
	const sql = `WITH locked AS MATERIALIZED (SELECT id, event, distinct_id, properties, at FROM ` + own.OutboxTable + ` ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
		summed AS (SELECT *, sum(octet_length(properties::text)) OVER older AS bytes, row_number() OVER older AS place FROM locked WINDOW older AS (ORDER BY id))
		SELECT id, event, distinct_id, properties, at, (SELECT count(*) FROM locked) FROM summed WHERE bytes <= $2 OR place = 1 ORDER BY id`
	rows, err := tx.Query(ctx, sql, n, size)
	if err != nil {
		return nil, false, err
	}
	var locked int
	list, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var x row
		var properties map[string]json.RawMessage
		err := r.Scan(&x.id, &x.event.Name, &x.event.DistinctID, &properties, &x.event.Time, &locked)
		x.event.UUID, x.event.Properties = x.id.String(), make(map[string]any, len(properties))
		for name, value := range properties {
			x.event.Properties[name] = value
		}
		return x, err
	})
	return list, locked == n || locked > len(list), err
}
