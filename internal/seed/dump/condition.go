package dump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// A condition can only read the rows of its table. The transaction is read-only, but that does not stop functions such as lo_import,
// pg_read_file and dblink, so functions that are not immutable or stable are refused.

// called are the functions and operators of a condition.
type called struct{ functions, operators []string }

// parseCondition parses the condition of a root. It refuses a subquery.
func parseCondition(p *sqltext.Parser, where string) (c called, err error) {
	stmts, err := p.Parse("SELECT WHERE (" + where + "\n)")
	if err != nil {
		if syntax := (*sqltext.SyntaxError)(nil); errors.As(err, &syntax) {
			return c, nil // Postgres says what is wrong
		}
		return c, err
	}
	if len(stmts) != 1 {
		return c, errors.New("is not a single condition")
	}
	first := true
	walk(stmts[0].Stmt.ProtoReflect(), func(m any) {
		switch m := m.(type) {
		case *pg_query.FuncCall:
			c.functions = append(c.functions, lastName(m.Funcname))
		case *pg_query.A_Expr:
			c.operators = append(c.operators, lastName(m.Name))
		case *pg_query.SelectStmt:
			if !first {
				err = errors.New("contains a subquery; it can only use the columns of the table")
			}
			first = false
		}
	})
	return c, err
}

// walk visits all nodes of a tree.
func walk(m protoreflect.Message, visit func(node any)) {
	visit(m.Interface())
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				walk(v.List().Get(i).Message(), visit)
			}
		default:
			walk(v.Message(), visit)
		}
		return true
	})
}

// lastName returns a name without its schema.
func lastName(parts []*pg_query.Node) string {
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1].GetString_().GetSval()
}

// harmless refuses conditions with functions that can have effects, or whose results differ between two calls.
func (d *dumper) harmless(ctx context.Context) error {
	parser := sqltext.NewParser("")
	for _, r := range d.roots {
		if r.where == "" {
			continue
		}
		option := "the condition of --root " + r.table.Table
		c, err := parseCondition(parser, r.where)
		if err != nil {
			return fault.New(fault.Invalid, op, option+" "+err.Error(), "Write one SQL condition, as after WHERE, or name more roots.")
		}
		rows, err := d.tx.Query(ctx, `SELECT DISTINCT proname::text FROM pg_proc WHERE proname = ANY($1::text[]) AND provolatile = 'v' AND prokind = 'f'
			UNION SELECT DISTINCT oprname::text FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode WHERE oprname = ANY($2::text[]) AND provolatile = 'v' ORDER BY 1`,
			pgx.QueryExecModeExec, c.functions, c.operators)
		if err != nil {
			return err
		}
		volatile, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if len(volatile) > 0 {
			return fault.New(fault.Invalid, "read --root "+r.table.Table, fmt.Sprintf("the condition calls %s, which is volatile: it can have effects, such as reading files of the server, but a dump is read-only",
				strings.Join(volatile, ", ")), hintFor(volatile))
		}
	}
	return nil
}

func hintFor(volatile []string) string {
	if slices.Contains(volatile, "clock_timestamp") || slices.Contains(volatile, "timeofday") {
		return "Use now() for the time."
	}
	return "Use columns, operators and functions that are IMMUTABLE or STABLE. If the function is yours and only reads, declare it STABLE."
}
