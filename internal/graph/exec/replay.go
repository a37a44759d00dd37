package exec

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/request"
)

const (
	// keysLive is how long the answer of an operation is kept.
	keysLive = 24 * time.Hour
	// maxKept is the size of the largest answer that is kept. One operation cannot fill the table.
	maxKept = 256 << 10
	// keyWait is how long an operation waits for another one with its key.
	keyWait = "2s"

	lockNotAvailable = "55P03" // https://www.postgresql.org/docs/current/errcodes-appendix.html
)

// replay returns the answer that an operation got before under its key, or nil. Until the transaction ends, others with the same key wait.
func (p *pipeline) replay(ctx context.Context, tx pgx.Tx, op *Operation) (json.RawMessage, error) {
	if op.idempotent == nil {
		return nil, nil
	}
	lock := int64(binary.BigEndian.Uint64(op.idempotent.id)) //nolint:gosec // any number will do
	batch := &pgx.Batch{}
	batch.Queue("SELECT set_config('lock_timeout', '" + keyWait + "', true)")
	batch.Queue("SELECT pg_advisory_xact_lock($1)", lock)
	batch.Queue("SET LOCAL lock_timeout TO DEFAULT")
	var request []byte
	var answer string
	const find = "SELECT request, answer FROM " + own.IdempotencyTable + " WHERE id = $1 AND at > $2"
	batch.Queue(find, op.idempotent.id, op.Time.Add(-keysLive)).QueryRow(func(row pgx.Row) error { return row.Scan(&request, &answer) })
	err := tx.SendBatch(ctx, batch).Close()
	var server *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case errors.As(err, &server) && server.Code == lockNotAvailable:
		return nil, errStillRuns
	case err != nil:
		return nil, keyFault(ctx, err)
	case string(request) != string(op.idempotent.request):
		return nil, errOtherRequest
	}
	op.Replayed = true
	return json.RawMessage(answer), nil
}

// keep stores the answer of an operation under its key, as the service.
func (p *pipeline) keep(ctx context.Context, tx pgx.Tx, op *Operation, answer json.RawMessage) error {
	if op.idempotent == nil {
		return nil
	}
	if len(answer) > maxKept {
		message := fmt.Sprintf("the answer has %d bytes; with %s, at most %d are allowed", len(answer), request.IdempotencyHeader, maxKept)
		return fault.New(fault.Invalid, "", message, "select fewer fields")
	}
	batch := &pgx.Batch{}
	enforced := p.enforces(op)
	if enforced {
		batch.Queue(resetRole)
	}
	batch.Queue("INSERT INTO "+own.IdempotencyTable+` (id, request, answer, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET request = excluded.request, answer = excluded.answer, at = excluded.at`,
		op.idempotent.id, op.idempotent.request, string(answer), op.Time)
	if enforced { // for the deferred triggers of the commit
		role, claims := p.Enforce.Security.Session(op.Caller, true)
		batch.Queue(rls.Become, role, claims)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return keyFault(ctx, err)
	}
	return nil
}

// keyFault is the fault of a statement on the table of keys. It is never about a value of the client.
func keyFault(ctx context.Context, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return queryFault(ctx, err)
	}
	err = own.Denied(err, keyRights, own.IdempotencyTable)
	const doing = "store an " + request.IdempotencyHeader
	return &fault.Error{Code: fault.Internal, Op: doing, Message: server.Message, Hint: fault.HintOf(err), Err: err, Private: true}
}

// keyRights are what the role of the service needs on the table of keys.
const keyRights = "SELECT, INSERT, UPDATE, DELETE"

// DropKeys deletes the answers whose keys have expired, a batch at a time.
func DropKeys(ctx context.Context, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, now time.Time) error {
	const batch = 5000
	const old = "SELECT id FROM " + own.IdempotencyTable + " WHERE at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED"
	for {
		tag, err := db.Exec(ctx, "DELETE FROM "+own.IdempotencyTable+" WHERE id IN ("+old+")", now.Add(-keysLive), batch)
		if err != nil || tag.RowsAffected() < batch {
			return pg.Fault("delete old keys", own.Denied(err, keyRights, own.IdempotencyTable))
		}
	}
}
