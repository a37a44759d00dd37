package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
)

// revealing reports whether an error of a write tells that another row exists, or that none does.
func revealing(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && slices.Contains([]string{uniqueViolation, foreignKeyViolation, exclusionViolation}, server.Code)
}

// refusedFirst returns the error of a step that Postgres has refused, or that the rules refuse the row, which comes first. Postgres checks
// its constraints before the rules can be applied to the written row, so the rules are applied to the row as it would be, in a new
// transaction that repeats the steps before.
func (p *pipeline) refusedFirst(ctx context.Context, op *Operation, step int, conflict error) error {
	s := op.Plan.Steps[step]
	if s.Allows.SQL == "" {
		return conflict
	}
	allowed, err := p.allowed(ctx, op, step)
	switch {
	case err != nil && fault.CodeOf(err) == fault.Internal: // what the rules say is unknown
		p.Logger.ErrorContext(ctx, "the rules cannot be applied to a row in conflict", "type", s.Table(), "error", err)
		return s.Refused()
	case err != nil:
		return err
	case !allowed:
		return s.Refused()
	}
	return conflict
}

func (p *pipeline) allowed(ctx context.Context, op *Operation, step int) (allowed bool, err error) {
	tx, err := p.DB.Write(ctx).Begin(ctx)
	if err != nil {
		return false, queryFault(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, s := range op.Plan.Steps[:step] {
		if _, err := p.write(ctx, tx, s, op.request()); err != nil {
			return false, err
		}
	}
	s := op.Plan.Steps[step]
	args, err := s.Allows.Bind(op.request(), nil)
	if err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, s.Allows.SQL, args...).Scan(&allowed)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // the row to update is gone
		return false, nil
	case err != nil:
		return false, queryFault(ctx, err)
	}
	return allowed, nil
}
