package exec

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/rls"
)

// Enforcement runs the statements of callers under row-level security. The API must be one that is policed.
type Enforcement struct {
	Security rls.Options

	// Check returns why the database does not enforce the rules. Without it, no operation runs. It is asked again for each operation, and remembers
	// what does not change.
	Check func(ctx context.Context) error
}

// matched refuses an API that leaves to the policies what no policy would decide, and one that would apply rules to rows that policies have hidden.
func (o *Options) matched() error {
	if o.API.Policed() != (o.Enforce != nil) {
		return fault.New(fault.Internal, "serve the API", "statements of the API are for row-level security, and would run without, or the other way around")
	}
	return nil
}

// sender runs statements, one or several in a round trip: a Conn or a transaction.
type sender interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// checkEnforced refuses operations while the database does not enforce the rules.
func (p *pipeline) checkEnforced(ctx context.Context) error {
	if p.Enforce == nil || p.Enforce.Check == nil {
		return nil
	}
	err := p.Enforce.Check(ctx)
	if err == nil {
		return nil
	}
	p.Logger.ErrorContext(ctx, "the database does not enforce the rules", "error", err, "fix", fault.HintOf(err))
	return &fault.Error{Code: fault.Unavailable, Message: "the service is not available", Err: err}
}

// enforces reports whether the statements of an operation run under row-level security.
func (p *pipeline) enforces(op *Operation) bool { return p.Enforce != nil && !op.Caller.Service }

// ask runs a statement for the caller of an operation. Under row-level security, the statement that sets the role and the claims of the caller goes
// ahead of it in the same round trip. Outside of a transaction both are one, because a single Sync ends them, and the settings end with it, whatever
// happens: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING. Events go ahead of both, as the service.
func (p *pipeline) ask(ctx context.Context, conn sender, op *Operation, writes bool, sql string, args []any, events ...bound) (pgx.Rows, error) {
	if err := p.matched(); err != nil {
		return nil, err
	}
	enforced := p.enforces(op)
	if !enforced && len(events) == 0 {
		return conn.Query(ctx, sql, args...)
	}
	batch := &pgx.Batch{}
	ahead := queueEvents(batch, enforced, events)
	if enforced {
		role, claims := p.Enforce.Security.Session(op.Caller, writes)
		batch.Queue(rls.Become, role, claims)
	}
	batch.Queue(sql, args...)
	results := conn.SendBatch(ctx, batch)
	if err := p.stored(results, ahead); err != nil {
		return nil, errors.Join(err, results.Close())
	}
	if enforced {
		if _, err := results.Exec(); err != nil {
			return nil, unable(err, results.Close())
		}
	}
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(denial(err), results.Close())
	}
	return &batchRows{Rows: rows, results: results}, nil
}

// batchRows are the rows of the last statement of a batch, which ends with them.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
	end     error // of the batch
}

func (r *batchRows) Close() {
	r.Rows.Close()
	if r.results != nil {
		r.end = r.results.Close()
		r.results = nil
	}
}

func (r *batchRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return denial(err)
	}
	return denial(r.end)
}

// denied is an error of a statement that Postgres has refused to the role of its caller.
type denied struct{ *pgconn.PgError }

func (d *denied) Unwrap() error { return d.PgError }

const insufficientPrivilege = "42501" // https://www.postgresql.org/docs/current/errcodes-appendix.html

// denial marks an error that tells what the role of a caller is not allowed.
func denial(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == insufficientPrivilege {
		return &denied{server}
	}
	return err
}

// unable returns the error of a role that the server cannot take. It says nothing of the operation, whose errors are about values.
func unable(err, closing error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return &fault.Error{Code: fault.Internal, Op: "take the role of the caller", Message: server.Message, Hint: "run `krowoc schema rls --check`, and restart the server", Private: true}
	}
	return errors.Join(err, closing)
}

// byPolicy reports whether a policy has refused a row that a statement writes. Another denial tells that the rights of the role are not those that
// the rules need.
func byPolicy(err error) bool {
	var d *denied
	return errors.As(err, &d) && d.Routine == "ExecWithCheckOptions"
}
