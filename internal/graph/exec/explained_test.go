package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// spy records the statements of operations with their values.
type spy struct {
	seen *[]string
	pgx.Tx
	pool *pgxpool.Pool
}

func (s spy) note(sql string, args []any) { *s.seen = append(*s.seen, withValues(sql, args)) }

// withValues returns a statement with its values. The time of the request differs.
func withValues(sql string, args []any) string {
	for i, v := range args {
		if _, is := v.(time.Time); is {
			args = slices.Clone(args)
			args[i] = "now"
		}
	}
	return sql + "\n" + fmt.Sprint(args)
}

func (s spy) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	s.note(sql, args)
	if s.Tx == nil {
		return s.pool.Query(ctx, sql, args...)
	}
	return s.Tx.Query(ctx, sql, args...)
}

func (s spy) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, q := range b.QueuedQueries {
		s.note(q.SQL, q.Arguments)
	}
	return s.pool.SendBatch(ctx, b)
}

func (s spy) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := s.pool.Begin(ctx)
	return spy{seen: s.seen, Tx: tx}, err
}

// What Explain shows of an operation is what runs, with the same values as far as they are known.
func TestExplainedIsWhatRuns(t *testing.T) {
	compared := 0
	for i := range 4 {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i)))} //nolint:gosec // not for secrets
		s := secure(t, g.schema(), g.rows()...)
		var seen []string
		s.conn.Conn = spy{seen: &seen, pool: s.db}
		for _, who := range policyCallers {
			for _, document := range g.operations(s) {
				seen = nil
				body := client{handler: s.handler, caller: who}.send(t, document, nil).Body.String()
				e, err := exec.Explain(t.Context(), s.api, &exec.Operation{Document: document, Caller: who})
				if err != nil || len(seen) == 0 {
					if err == nil || len(seen) > 0 {
						t.Errorf("%s as %+v: Explain says %v; %q\n%s", document, who, err, seen, body)
					}
					continue
				}
				all := explained(e)
				for n, sql := range seen { // of a refused mutation, the first ones
					if n >= len(all) || !strings.HasPrefix(sql, all[n]) {
						t.Fatalf("%s as %+v runs\n%s\nwhich is not shown: %q", document, who, sql, all)
					}
					compared++
				}
				if !strings.Contains(body, `"errors"`) && len(seen) != len(all) {
					t.Errorf("%s as %+v runs %d statements of %q", document, who, len(seen), all)
				}
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d statements ran", compared)
	}
}

// explained returns the statements in the order in which they run. Those that use the key of a written row are without values.
func explained(e exec.Explained) (all []string) {
	for i, s := range e.Statements {
		args := []any{}
		for _, v := range e.Values[i] {
			if !v.Known {
				args = nil
				break
			}
			args = append(args, v.Value)
		}
		if args == nil {
			all = append(all, s.SQL+"\n")
			continue
		}
		all = append(all, withValues(s.SQL, args))
	}
	return all
}

// operations returns random operations on every type that the API has.
func (g policyMaker) operations(s secured) (list []string) {
	for _, o := range [][2]string{{"User", "users"}, {"Team", "teams"}, {"Membership", "memberships"}, {"Post", "posts"}, {"Label", "labels"}} {
		fields := s.fieldsOf(o[0])
		if len(fields) == 0 {
			continue
		}
		list = append(list, fmt.Sprintf("{ %s(first: %d, orderBy: [{%s: ASC}]) { totalCount nodes { %s } } }", o[1], 1+g.IntN(9), fields[g.IntN(len(fields))], strings.Join(fields, " ")))
		list = append(list, fmt.Sprintf(`{ %s(where: {%s: {isNull: false}}) { nodes { __typename } } }`, o[1], fields[g.IntN(len(fields))]))
		has := func(field string) bool {
			d := s.api.Schema().Mutation
			return d != nil && d.Fields.ForName(field) != nil
		}
		key := fmt.Sprintf("id: %q", id(map[string]rune{"User": 'c', "Team": 'd', "Post": 'a', "Label": 'b'}[o[0]], g.IntN(2)))
		if o[0] == "Membership" {
			key = fmt.Sprintf("userId: %q, teamId: %q", id('c', g.IntN(2)), id('d', 0))
		}
		for _, m := range [][2]string{{"update", `(` + key + `, data: {note: "x"}) { __typename }`}, {"delete", "(" + key + ") { __typename }"}} {
			if has(m[0] + o[0]) {
				list = append(list, "mutation { "+m[0]+o[0]+m[1]+" }")
			}
		}
	}
	if has := s.api.Schema().Types["UpdatePostInput"]; has != nil && has.Fields.ForName("labels") != nil {
		list = append(list, fmt.Sprintf(`mutation { updatePost(id: %q, data: {labels: {connect: [{id: %q}]}}) { __typename } }`, id('a', 0), id('b', 0)))
	}
	return list
}
