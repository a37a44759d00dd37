package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// explain returns what a client learns of a step that failed. Postgres checks its constraints, one after the other, before the rules can be
// applied to the written row. So the row is looked at as it would be, in a new transaction that repeats the steps before: what the rules
// refuse is refused, whatever other rows exist, and all constraints that a row violates are named at once.
func (p *pipeline) explain(ctx context.Context, op *Operation, step int, failure error) error {
	var server *pgconn.PgError
	s := op.Plan.Steps[step]
	if s.List {
		return p.explainList(ctx, op, step, failure)
	}
	s, until := failedRow(s, failure)
	if !errors.As(failure, &server) || server.Code[:2] != constraintViolation || s.Candidate.SQL == "" {
		return failure
	}
	allowed, violated, err := p.candidate(ctx, op, step, until)
	return s.Location.Wrap(p.explained(ctx, s, failure, allowed, violated, err))
}

// explained returns what a client learns of a failure, given what is known of the row as it would be.
func (p *pipeline) explained(ctx context.Context, s graph.Step, failure error, allowed bool, violated []string, err error) error {
	var server *pgconn.PgError
	_ = errors.As(failure, &server)
	switch {
	case err != nil && server.Code == checkViolation: // which tells nothing of other rows
		return failure
	case err != nil && fault.CodeOf(err) == fault.Internal: // what the rules say is unknown
		p.Logger.ErrorContext(ctx, "the rules cannot be applied to a refused row", "table", s.Table(), "error", err)
		return s.Refused()
	case err != nil:
		return err
	case !allowed:
		return s.Refused()
	case server.Code == checkViolation && len(violated) > 1:
		return p.allViolations(ctx, s, violated)
	}
	return failure
}

func (p *pipeline) allViolations(ctx context.Context, s graph.Step, constraints []string) graph.Mistakes {
	var all graph.Mistakes
	for _, c := range constraints {
		v := graph.Violation{SQLState: checkViolation, Table: s.Table(), Constraint: c}
		all = append(all, s.Location.Wrap(p.violation(ctx, v, &fault.Error{Code: fault.Invalid})))
	}
	return all
}

// candidate looks at the rows that a step would leave: whether the rules allow them, and the check constraints that they violate. The rules allow none
// if the row to update is gone.
func (p *pipeline) candidate(ctx context.Context, op *Operation, step, until int) (allowed bool, violated []string, err error) {
	tx, err := p.DB.Write(ctx).Begin(ctx)
	if err != nil {
		return false, nil, queryFault(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, s := range op.Plan.Steps[:step] {
		if _, err := p.write(ctx, tx, s, op); err != nil {
			return false, nil, err
		}
	}
	s := op.Plan.Steps[step]
	_, values, err := p.writeAll(ctx, tx, s, op, until)
	if err != nil {
		return false, nil, err
	}
	if until != beforeRoot {
		s = s.Nested[until]
	}
	args, err := s.Candidate.Bind(op.request(), values)
	if err != nil {
		return false, nil, err
	}
	tests, err := checks(ctx, tx, s.Table())
	if err != nil {
		return false, nil, queryFault(ctx, err)
	}
	sql := fmt.Sprintf(`WITH candidate AS (%s) SELECT coalesce(bool_and(%s), false),
		ARRAY(SELECT DISTINCT "violated check" FROM candidate, LATERAL unnest(%s) AS checks ("violated check") ORDER BY "violated check") FROM candidate`,
		s.Candidate.SQL, pg.QuoteIdent(graph.Allowed), tests)
	rows, err := p.ask(ctx, tx, op, true, sql, args)
	if err != nil {
		return false, nil, queryFault(ctx, err)
	}
	_, err = pgx.ForEachRow(rows, []any{&allowed, &violated}, func() error { return nil })
	if err != nil {
		return false, nil, queryFault(ctx, err)
	}
	return allowed, violated, nil
}

// checks returns SQL for the names of the check constraints of a table that a row of it violates.
func checks(ctx context.Context, tx pgx.Tx, table string) (sql string, err error) {
	const one = `CASE WHEN (%s) IS FALSE THEN %L END`
	const list = `SELECT 'array_remove(ARRAY[' || coalesce(string_agg(format('` + one + `', pg_get_expr(conbin, conrelid), conname), ', ' ORDER BY conname), '')
		|| ']::text[], NULL)' FROM pg_constraint WHERE contype = 'c' AND conrelid = to_regclass($1)`
	err = tx.QueryRow(ctx, list, pg.QuoteIdent(table)).Scan(&sql)
	return sql, err
}
