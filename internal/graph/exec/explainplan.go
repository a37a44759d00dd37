package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/rls"
)

// Beginner begins the transactions in which operations are explained: a *pgxpool.Pool.
type Beginner interface {
	BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
}

// Plans has Postgres explain each statement of an operation for its caller, without running it, and returns its plans. options are those of EXPLAIN.
func (e Explained) Plans(ctx context.Context, db Beginner, enforce *Enforcement, options string) (plans []string, err error) {
	const doing = "explain the operation"
	if enforce != nil && enforce.Check != nil {
		if err := enforce.Check(ctx); err != nil {
			return nil, err
		}
	}
	tx, err := db.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, pg.Fault(doing, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	p := &pipeline{Options: Options{Enforce: enforce}}
	for i, s := range e.Statements {
		if p.enforces(e.operation) {
			role, claims := enforce.Security.Session(e.operation.Caller, s.Writes)
			if _, err := tx.Exec(ctx, rls.Become, role, claims); err != nil {
				return nil, unable(err, nil)
			}
		}
		plan, err := explainStatement(ctx, tx, options, s.SQL, e.Values[i])
		if err != nil {
			return nil, pg.Fault(doing, err)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// explainStatement returns what EXPLAIN says about a statement. A part of the key of a written row stays a parameter in the plan: it is not a value
// of the client, and not known before the row is written.
func explainStatement(ctx context.Context, tx pgx.Tx, options, sql string, values []graph.Value) (plan string, err error) {
	const name = "krowoc_explain"
	conn := tx.Conn()
	prepared, err := conn.Prepare(ctx, name, sql)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Deallocate(context.WithoutCancel(ctx), name)) }()
	mode := "force_custom_plan"
	args := make([]string, len(values))
	for i, v := range values {
		if !v.Known {
			mode = "force_generic_plan"
		}
		if args[i], err = literalOf(conn, prepared.ParamOIDs[i], v.Value); err != nil {
			return "", err
		}
	}
	call := name
	if len(args) > 0 {
		call += "(" + strings.Join(args, ", ") + ")"
	}
	if _, err := tx.Exec(ctx, "SET LOCAL plan_cache_mode = "+mode); err != nil {
		return "", err
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("EXPLAIN (%s) EXECUTE %s", options, call), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "\n"), err
}

// literalOf returns a value as a literal of SQL, which takes the type of its parameter.
func literalOf(conn *pgx.Conn, oid uint32, value any) (string, error) {
	if value == nil {
		return "NULL", nil
	}
	if text, ok := value.(string); ok {
		return pg.QuoteLiteral(text), nil
	}
	types := conn.TypeMap()
	text, err := types.Encode(oid, pgx.TextFormatCode, value, nil)
	if err != nil {
		known, ok := types.TypeForValue(value)
		if !ok {
			return "", err
		}
		text, err = types.Encode(known.OID, pgx.TextFormatCode, value, nil)
	}
	if text == nil && err == nil {
		return "NULL", nil
	}
	return pg.QuoteLiteral(string(text)), err
}
