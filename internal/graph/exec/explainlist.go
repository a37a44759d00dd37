package exec

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
)

// explainList is explain for a step that creates the rows of a list: it finds the row that is refused. It writes them one by one, which the rules see
// in another way than all at once if they look at other rows. If then no row is refused, the failure stays as it is.
func (p *pipeline) explainList(ctx context.Context, op *Operation, step int, failure error) error {
	if !aboutRow(failure) {
		return failure
	}
	plan, rows, err := p.API.Apart(op.document, op.operation, op.request(), step)
	if err != nil {
		return failure
	}
	apart := *op
	apart.Plan = plan
	failed, err := p.firstFailure(ctx, &apart, step+rows)
	if err == nil {
		return failure
	}
	return plan.Steps[failed].Location.Wrap(p.explain(ctx, &apart, failed, err))
}

// aboutRow reports whether a failure is about a row that is to be written.
func aboutRow(failure error) bool {
	var server *pgconn.PgError
	if !errors.As(failure, &server) {
		return fault.CodeOf(failure) == fault.Forbidden
	}
	class := server.Code[:2]
	return class == constraintViolation || class == dataException
}

// firstFailure writes the first steps of a plan, and takes them back. It returns the step that fails.
func (p *pipeline) firstFailure(ctx context.Context, op *Operation, steps int) (failed int, err error) {
	tx, err := p.DB.Write(ctx).Begin(ctx)
	if err != nil {
		return 0, queryFault(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for i, s := range op.Plan.Steps[:steps] {
		if _, err := p.write(ctx, tx, s, op); err != nil {
			return i, err
		}
	}
	return 0, nil
}
