package exec

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// Analyzed is a statement that ran, with its plan.
type Analyzed struct{ SQL, Plan string }

// Analyze runs an operation as a server would, has Postgres explain each statement that runs, and rolls everything back. The error is that of the
// operation; what ran before it is returned as well, and nil if the operation was not run. options are those of EXPLAIN, and contain ANALYZE. A
// mutation with SQL of the team is refused, because its functions can act outside of the transaction.
func Analyze(ctx context.Context, db Beginner, o Options, op *Operation, options string) ([]Analyzed, error) {
	const doing = "analyze the operation"
	ctx = caller.With(ctx, op.Caller)
	p := explaining(o)
	op.streams = true
	if err := p.attempt(ctx, op, []step{{"Document", p.documentParts()}}); err != nil {
		return nil, err
	}
	if op.Mutation() && len(op.Plan.Customs) > 0 {
		name := op.Plan.Customs[0].Field.Name
		return nil, fault.New(fault.Forbidden, doing, name+" runs SQL of the schema, which can have effects that no rollback undoes",
			"use --plan, which runs nothing")
	}
	mode := pgx.ReadOnly
	if op.Mutation() {
		mode = pgx.ReadWrite
	}
	tx, err := db.BeginTx(ctx, pgx.TxOptions{AccessMode: mode})
	if err != nil {
		return nil, pg.Fault(doing, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	a := &analyzer{Tx: tx, options: options, params: map[string][]graph.Value{}, ran: []Analyzed{}}
	for _, s := range op.Plan.Statements() {
		if a.params[s.SQL], err = s.Values(op.request()); err != nil {
			return nil, err
		}
	}
	p.DB = Single(a)
	err = p.attempt(ctx, op, []step{{"Run", []part{{"query or mutation", p.run}}}})
	return a.ran, err
}

// analyzer is a Conn whose statements run in one transaction, each after a rehearsal that Postgres explains.
type analyzer struct {
	pgx.Tx
	options string
	params  map[string][]graph.Value // of the statements of the plan
	ran     []Analyzed
}

// Begin returns the transaction, which stays open.
func (a *analyzer) Begin(context.Context) (pgx.Tx, error) { return a, nil }

// Rollback leaves the end of the transaction to Analyze.
func (a *analyzer) Rollback(context.Context) error { return nil }

// Commit checks what a commit would check.
func (a *analyzer) Commit(ctx context.Context) error {
	_, err := a.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
	return err
}

// Query explains a statement and runs it.
func (a *analyzer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	batch := &pgx.Batch{}
	batch.Queue(sql, args...)
	if err := a.rehearse(ctx, batch); err != nil {
		return nil, err
	}
	return a.Tx.Query(ctx, sql, args...)
}

// SendBatch explains statements and runs them.
func (a *analyzer) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if err := a.rehearse(ctx, b); err != nil {
		return failedBatch{err}
	}
	return a.Tx.SendBatch(ctx, b)
}

// rehearse runs each statement twice, explained and as it is, because later ones can need what it has changed, and takes everything back. The
// statement that fails is left to the run that follows.
func (a *analyzer) rehearse(ctx context.Context, b *pgx.Batch) (err error) {
	all, err := a.Tx.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.Rollback(context.WithoutCancel(ctx))) }()
	for _, q := range b.QueuedQueries {
		if values, ok := a.params[q.SQL]; ok && !a.explain(ctx, all, q, values) {
			return nil
		}
		if _, err := all.Exec(ctx, q.SQL, q.Arguments...); err != nil {
			return nil // it fails again, and is reported then
		}
	}
	return nil
}

// explain reports whether Postgres could explain a statement, and notes its plan.
func (a *analyzer) explain(ctx context.Context, tx pgx.Tx, q *pgx.QueuedQuery, values []graph.Value) bool {
	try, err := tx.Begin(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = try.Rollback(context.WithoutCancel(ctx)) }()
	bound := make([]graph.Value, len(values))
	for i, v := range values {
		bound[i] = graph.Value{Source: v.Source, Value: q.Arguments[i], Known: v.Known}
	}
	plan, err := explainStatement(ctx, try, a.options, q.SQL, bound)
	if err == nil {
		a.ran = append(a.ran, Analyzed{q.SQL, plan})
	}
	return err == nil
}

// failedBatch has the results of a batch that was not sent.
type failedBatch struct{ err error }

// Exec returns why.
func (f failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }

// Query returns why.
func (f failedBatch) Query() (pgx.Rows, error) { return nil, f.err }

// QueryRow returns why when it is read.
func (f failedBatch) QueryRow() pgx.Row { return f }

// Scan returns why.
func (f failedBatch) Scan(...any) error { return f.err }

// Tx returns no transaction, because none was begun.
func (f failedBatch) Tx() pgx.Tx { return nil }

// Close returns why.
func (f failedBatch) Close() error { return f.err }
