package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// Runs with one plan and other arguments are answered in one statement for up to argumentRows of them: the plan's statement for each row of arguments.

// argumentRows is the number of argument rows in a statement.
const argumentRows = 100

// alike reports whether two runs can be answered in one statement. Under row-level security each caller has a statement, with their role.
func (r *liveRun) alike(other *liveRun) bool {
	samePlan := r.op.Plan == other.op.Plan && r.pipeline == other.pipeline
	differsInArguments := len(r.op.Plan.Params) > 0 && allFromSQL(r.op.Plan)
	return samePlan && differsInArguments && r.pipeline.Enforce == nil
}

func allFromSQL(p *graph.Plan) bool {
	return !slices.ContainsFunc(p.Fields, func(f graph.Root) bool { return !f.FromSQL() })
}

// outcome is what an execution of a run leads to.
type outcome struct {
	data json.RawMessage
	err  error
}

// executeAll answers runs that are alike. If their statement fails, each is answered alone, so that one has no effect on the others.
func executeAll(runs []*liveRun) []outcome {
	out := make([]outcome, len(runs))
	if len(runs) > 1 {
		if data, err := together(runs); err == nil {
			for i := range out {
				out[i].data = data[i]
			}
			return out
		}
	}
	for i, r := range runs {
		out[i].data, out[i].err = r.execute()
	}
	return out
}

// together answers runs in one statement.
func together(runs []*liveRun) (answers []json.RawMessage, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Panic{Value: v}
		}
	}()
	p := runs[0].pipeline
	ctx, cancel := context.WithTimeout(context.Background(), p.Timeout)
	defer cancel()
	end, err := p.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	tx, err := p.DB.Read(ctx).Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	plan := runs[0].op.Plan
	description, err := tx.Conn().Prepare(ctx, "", plan.SQL)
	if err != nil {
		return nil, err
	}
	types, err := typesOf(ctx, tx, description.ParamOIDs)
	if err != nil {
		return nil, err
	}
	columns, err := argumentColumns(runs, description.ParamOIDs, tx.Conn().TypeMap())
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, forEachRow(plan.SQL, types), columns...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		answers = append(answers, assemble(plan, nil, rows.RawValues()))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(answers) != len(runs) {
		return nil, pgx.ErrTooManyRows
	}
	return answers, nil
}

// typesOf returns the names of types.
func typesOf(ctx context.Context, tx pgx.Tx, oids []uint32) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT format_type(oid, -1) FROM unnest($1::oid[]) WITH ORDINALITY AS t (oid, n) ORDER BY n", oids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// argumentColumns returns the arguments of all runs as a list for each parameter, in the text form of Postgres.
func argumentColumns(runs []*liveRun, oids []uint32, types *pgtype.Map) ([]any, error) {
	columns := make([][]*string, len(oids))
	for _, r := range runs {
		request := r.op.request()
		request.Time = r.pipeline.Now()
		args, err := r.op.Plan.Bind(request)
		if err != nil {
			return nil, err
		}
		for i, arg := range args {
			text, err := argumentText(types, oids[i], arg)
			if err != nil {
				return nil, err
			}
			columns[i] = append(columns[i], text)
		}
	}
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = c
	}
	return out, nil
}

// argumentText writes an argument as text. A nil one is null.
func argumentText(types *pgtype.Map, oid uint32, arg any) (*string, error) {
	if text, ok := arg.(string); ok || arg == nil {
		if arg == nil {
			return nil, nil
		}
		return &text, nil
	}
	encoded, err := types.Encode(oid, pgtype.TextFormatCode, arg, []byte{})
	if err != nil || encoded == nil {
		return nil, err
	}
	text := string(encoded)
	return &text, nil
}

// forEachRow returns a statement that runs another one for each row of its arguments, in their order.
func forEachRow(sql string, types []string) string {
	var arrays, names []string
	for i := range types {
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		names = append(names, fmt.Sprintf("p%d", i+1))
	}
	return fmt.Sprintf("SELECT answer.* FROM unnest(%s) WITH ORDINALITY AS argument (%s, n), LATERAL (%s) AS answer ORDER BY argument.n",
		strings.Join(arrays, ", "), strings.Join(names, ", "), withArguments(sql, types))
}

// withArguments replaces the parameters of a statement, which is one of a plan, by columns of the row of arguments.
func withArguments(sql string, types []string) string {
	var b strings.Builder
	marked := false // the token before is the $ of a parameter
	for sql != "" {
		n, _ := sqltext.Token(sql)
		token := sql[:n]
		sql = sql[n:]
		i, err := strconv.Atoi(token)
		switch {
		case marked && err == nil && i <= len(types):
			fmt.Fprintf(&b, "(argument.p%d::%s)", i, types[i-1])
		case token != "$":
			b.WriteString(token)
		}
		marked = token == "$"
	}
	return b.String()
}
