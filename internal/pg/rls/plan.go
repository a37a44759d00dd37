package rls

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const op = "write the row-level security"

// Plan are the statements that bring a database to the rules, and back. There are none for a database that is in step.
type Plan struct {
	Up, Down []string
	Others   []Other
}

// Other is a policy from another source on a table of the rules. It stays.
type Other struct {
	Table      string `json:"table"`
	Policy     string `json:"policy"`
	Permissive bool   `json:"permissive"` // it allows more than the rules; otherwise less
}

// Beginner begins transactions, as a pool does.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Make compares a scratch database, to which the migrations are applied, with the rules of its tables. It has run the plan up, down and up. With
// Options.Remove, the plan removes everything.
func Make(ctx context.Context, db Beginner, tables []Table, o Options) (plan Plan, err error) {
	tx, err := db.Begin(ctx)
	if err != nil {
		return plan, pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	p := &planner{tx: tx, reader: &reader{Options: o.withDefaults(), tx: tx}}
	if plan, err = p.plan(ctx, tables); err != nil || len(plan.Up) == 0 {
		return plan, err
	}
	return plan, p.prove(ctx, &plan)
}

// planner works in a transaction that is rolled back, so that not even roles stay.
type planner struct {
	*reader
	tx pgx.Tx
}

func (p *planner) plan(ctx context.Context, tables []Table) (plan Plan, err error) {
	if _, err := p.tx.Exec(ctx, "SAVEPOINT krowoc_plan"); err != nil {
		return plan, pg.Fault(op, err)
	}
	if err := p.known(ctx, tables); err != nil {
		return plan, err
	}
	before, err := p.read(ctx)
	if err != nil {
		return plan, err
	}
	// What a server relies on stays, also when the command runs in an environment whose server does not.
	p.Enforce = p.Enforce || slices.ContainsFunc(before, func(o object) bool { return o.order == digestOrder })
	for _, o := range slices.Backward(before) {
		if err := p.exec(ctx, o.drop); err != nil {
			return plan, err
		}
	}
	if !p.Remove {
		if err := p.build(ctx, tables); err != nil {
			return plan, err
		}
	}
	after, err := p.read(ctx)
	if err != nil {
		return plan, err
	}
	plan = difference(before, after)
	err = p.query(ctx, `SELECT c.relname::text, p.polname::text, p.polpermissive::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
		WHERE p.polname NOT LIKE 'krowoc\_%' AND c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) ORDER BY 1, 2`, []any{p.tables}, func(row []string) {
		plan.Others = append(plan.Others, Other{Table: row[0], Policy: row[1], Permissive: row[2] == "true"})
	})
	if err != nil {
		return plan, err
	}
	_, err = p.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT krowoc_plan")
	return plan, pg.Fault(op, err)
}

// known notes the tables to read. Of a table that the schema no longer has, row-level security stays: without policies it has no rows for
// anybody.
func (p *planner) known(ctx context.Context, tables []Table) error {
	for _, t := range tables {
		p.tables = append(p.tables, t.Name)
	}
	if !p.Remove {
		return nil
	}
	return p.query(ctx, `SELECT DISTINCT relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid WHERE p.polname LIKE 'krowoc\_%'`, nil,
		func(row []string) { p.tables = append(p.tables, row[0]) })
}

// build creates everything that the rules need.
func (p *planner) build(ctx context.Context, tables []Table) error {
	w := newWriter(p.Options)
	if err := p.describe(ctx, w); err != nil {
		return err
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			if w.types[t.Name][c.Name] == "" {
				return fault.New(fault.CheckFailed, op, fmt.Sprintf("the migrations do not create the column %s of the table %s", c.Name, t.Name),
					"run `krowoc migrate diff NAME` first; if a policy keeps it from changing a column, run `krowoc schema rls --remove` before it")
			}
		}
	}
	for _, role := range p.names(Anonymous | Authenticated) {
		if err := p.exec(ctx, []string{createRole(role)}); err != nil {
			return err
		}
	}
	if p.Enforce {
		for _, a := range p.apiRoles() {
			if err := p.exec(ctx, []string{createAPIRole(a)}); err != nil {
				return err
			}
		}
	}
	return p.exec(ctx, w.statements(tables))
}

func (p *planner) exec(ctx context.Context, statements []string) error {
	for _, sql := range statements {
		if _, err := p.tx.Exec(ctx, sql); err != nil {
			return &fault.Error{Code: fault.CodeOf(pg.Fault("", err)), Op: op, Message: pg.Fault("", err).Error() + "\n" + sql, Err: err}
		}
	}
	return nil
}

// difference returns the statements that turn one list of objects into another, and back.
func difference(before, after []object) (plan Plan) {
	had, has := index(before), index(after)
	change := func(from, to []object, known map[string]object) (statements []string) {
		for _, o := range slices.Backward(from) {
			if other, stays := known[o.id()]; !stays || (!slices.Equal(other.create, o.create) && !o.replaces) {
				statements = append(statements, o.drop...)
			}
		}
		was := index(from)
		for _, o := range to {
			if other, was := was[o.id()]; !was || !slices.Equal(other.create, o.create) {
				statements = append(statements, o.create...)
			}
		}
		return statements
	}
	return Plan{Up: together(change(before, after, has)), Down: together(change(after, before, had))}
}

// together joins statements on functions for the same roles that follow one another.
func together(statements []string) (list []string) {
	for _, sql := range statements {
		if last := len(list) - 1; last >= 0 {
			if joined, ok := joined(list[last], sql); ok {
				list[last] = joined
				continue
			}
		}
		list = append(list, sql)
	}
	return list
}

func joined(a, b string) (sql string, ok bool) {
	for _, s := range []struct{ begin, middle string }{{"GRANT EXECUTE ON FUNCTION ", " TO "}, {"REVOKE EXECUTE ON FUNCTION ", " FROM "}} {
		more, isSame := strings.CutPrefix(b, s.begin)
		if i := strings.LastIndex(a, s.middle); isSame && strings.HasPrefix(a, s.begin) && i > 0 && strings.HasSuffix(b, a[i:]) {
			return a[:i] + ",\n  " + more, true
		}
	}
	return "", false
}

func (o object) id() string { return fmt.Sprint(o.order, " ", o.key) }

func index(list []object) map[string]object {
	m := map[string]object{}
	for _, o := range list {
		m[o.id()] = o
	}
	return m
}
