package exec_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

var enforcedRounds = flag.Int("enforced", 4, "how many random schemas TestEnforcingChangesNoAnswer asks")

// enforced is a database whose policies the API runs under, or not.
type enforced struct {
	secured
	undone  *undone
	on, off client
	plans   *plans
}

func enforce(t testing.TB, text string, rows ...string) enforced {
	t.Helper()
	return enforceIn(t, testkit.NewDatabase(t), text, rows...)
}

// enforceIn is enforce in an empty database.
func enforceIn(t testing.TB, db *pgxpool.Pool, text string, rows ...string) enforced {
	t.Helper()
	options := rls.Options{Enforce: true}
	e := enforced{secured: secureIn(t, db, options, text, rows...)}
	e.undone, e.plans = &undone{Pool: e.db}, &plans{}
	for _, table := range e.tables {
		e.undone.tables = append(e.undone.tables, "(SELECT json_agg(t ORDER BY t::text) FROM "+pg.QuoteIdent(table.Name)+" t)")
	}
	e.off = client{handler: handlerOf(t, exec.Options{API: e.api, DB: exec.Single(e.undone), Observers: []exec.Observer{e.plans}}), db: e.db}
	e.on = client{handler: handlerOf(t, exec.Options{
		API: mustPolice(t, e.secured), DB: exec.Single(e.undone), Observers: []exec.Observer{e.plans}, Enforce: &exec.Enforcement{Security: options},
	}), db: e.db}
	return e
}

// plans keeps what the last plan says that its answer depends on.
type plans struct {
	types  string
	caller graph.CallerUse
}

func (*plans) Name() string { return "plans" }

func (p *plans) Settle(_ context.Context, op *exec.Operation) {
	*p = plans{}
	if op.Plan != nil {
		*p = plans{fmt.Sprint(op.Plan.Reads, op.Plan.Writes), op.Plan.PerCaller}
	}
}

// mustPolice returns the API of a database whose statements run under its policies.
func mustPolice(t testing.TB, s secured) *graph.API {
	t.Helper()
	api, err := graph.New(s.schema, graph.Options{Policed: true})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func handlerOf(t testing.TB, o exec.Options) *exec.Handler {
	t.Helper()
	o.Logger = testkit.Logger(t)
	h, err := exec.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// undone is a pool whose transactions are rolled back in place of a commit. It keeps what the rows would be.
type undone struct {
	*pgxpool.Pool
	tables []string // as JSON
	state  string
}

type undoneTx struct {
	pgx.Tx
	undone *undone
}

func (u *undone) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := u.Pool.Begin(ctx)
	return undoneTx{tx, u}, err
}

// SendBatch runs the batch of a mutation in a transaction. One that begins with the role of a caller is a query.
func (u *undone) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if b.QueuedQueries[0].SQL == rls.Become {
		return u.Pool.SendBatch(ctx, b)
	}
	tx, err := u.Begin(ctx)
	if err != nil {
		panic(err)
	}
	return &undoneBatch{BatchResults: tx.SendBatch(ctx, b), commit: func() error { return tx.Commit(ctx) }, rollback: func() { _ = tx.Rollback(ctx) }}
}

type undoneBatch struct {
	pgx.BatchResults
	write    pgx.Rows
	commit   func() error
	rollback func()
}

func (u *undoneBatch) Query() (pgx.Rows, error) {
	rows, err := u.BatchResults.Query()
	if u.write == nil {
		u.write = rows
	}
	return rows, err
}

func (u *undoneBatch) Close() error {
	defer u.rollback()
	err := u.BatchResults.Close()
	if isNothing := u.write.CommandTag().RowsAffected() == 0; err != nil || isNothing {
		return err
	}
	return u.commit()
}

func (u undoneTx) Commit(ctx context.Context) error {
	if _, err := u.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return err
	}
	if _, err := u.Exec(ctx, "RESET ROLE"); err != nil {
		return err
	}
	if err := u.QueryRow(ctx, `SELECT concat_ws(E'\n', `+strings.Join(u.undone.tables, ", ")+")").Scan(&u.undone.state); err != nil {
		return err
	}
	return u.Rollback(ctx)
}

// newKey is a key that the database has made.
var newKey = regexp.MustCompile(`01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// answer returns what a handler answers, and the rows that it leaves.
func (e enforced) answer(t testing.TB, c client, text string, vars map[string]any) string {
	t.Helper()
	e.undone.state = ""
	w := c.send(t, text, vars)
	rows := strings.FieldsFunc(newKey.ReplaceAllString(e.undone.state, "new"), func(c rune) bool { return c == '\n' || c == '[' || c == ']' })
	for i := range rows {
		rows[i] = strings.Trim(rows[i], ", ")
	}
	slices.Sort(rows) // several new keys of one millisecond are in any order
	return newKey.ReplaceAllString(fmt.Sprint(w.Code, " ", w.Body), "new") + "\n" + strings.Join(rows, "\n")
}

// compare asks both handlers, and returns the answer without the policies. What a cache may assume of it holds under them, too.
func (e enforced) compare(t testing.TB, q question, rules string, who caller.Caller) string {
	t.Helper()
	off := e.answer(t, e.off.as(who), q.text, q.variables)
	plain := *e.plans
	on := e.answer(t, e.on.as(who), q.text, q.variables)
	if on != off && !judgedEarlier(q, rules, off, on) {
		t.Errorf("%s %v as %+v:\nwithout the policies %s\nunder them           %s", q.text, q.variables, who, off, on)
	}
	has := func(part, inPlain bool) bool { return part || !inPlain }
	policed := *e.plans
	if policed.types != plain.types || !has(policed.caller.UID, plain.caller.UID) || !has(policed.caller.Roles, plain.caller.Roles) || !has(policed.caller.Tier, plain.caller.Tier) {
		t.Errorf("%s %v as %+v: without the policies the answer depends on %v, under them on %v", q.text, q.variables, who, plain, policed)
	}
	return off
}

// enforcedCallers are those of the policies, and machines that have roles and no ID.
var enforcedCallers = append(slices.Clone(policyCallers), caller.Caller{Roles: []string{"admin"}}, caller.Caller{Roles: []string{"editor"}, Tier: "X"}, service)

// The API answers the same under the policies as without, and writes the same rows.
func TestEnforcingChangesNoAnswer(t *testing.T) {
	asked, data, written := 0, 0, 0
	for i := range *enforcedRounds {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i))), fresh: i%2 == 1} //nolint:gosec // not for secrets
		text := g.schema()
		e := enforce(t, text, g.rows()...)
		for _, who := range enforcedCallers {
			for _, q := range append(e.writes(g), e.random(g, 40)...) {
				off := e.compare(t, q, text, who)
				asked++
				if strings.HasPrefix(off, `200 {"data"`) {
					data++
				}
				if strings.HasPrefix(q.text, "mutation") && strings.HasPrefix(off, `200 {"data"`) {
					written++
				}
			}
		}
		if t.Failed() {
			t.Fatalf("round %d\n%s", i, text)
		}
	}
	t.Logf("%d operations, %d with data, %d of which write", asked, data, written)
	if data < asked/5 || written < asked/20 {
		t.Errorf("of %d operations %d have data and %d write: the test asks too little", asked, data, written)
	}
}

// judgedEarlier reports whether two answers differ because a mutation writes links: policies judge a row when it is written, and the rules do so once
// its links are written. Under the policies, it is refused for another reason, or because a rule looks at these links.
func judgedEarlier(q question, rules, off, on string) bool {
	text := fmt.Sprint(q.text, q.variables)
	hasLinks := strings.Contains(text, "connect") || strings.Contains(text, "set:")
	looks := strings.Contains(rules, "this.labels.exists") || strings.Contains(rules, "this.posts.exists(p, p.owner")
	return hasLinks && strings.HasPrefix(on, "403 ") && (looks || strings.HasPrefix(off, "404 "))
}

// The same holds for hidden keys, tiers, and links of all kinds.
func TestEnforcingChangesNoAnswerOfOtherSchemas(t *testing.T) {
	for name, tt := range map[string]struct {
		text, rows string
		callers    []caller.Caller
		known      []any
	}{
		"ballots": {ballotSchema, ballotRows, []caller.Caller{anonymous, {UID: "alice"}, {UID: "bob", Roles: []string{"clerk"}}, {Roles: []string{"clerk"}}, service}, []any{"alice", "bob", "c1", "s1", "p1"}},
		"links":   {linkSchema, linkRows, []caller.Caller{anonymous, {UID: "ada"}, {UID: "bob"}, {UID: "ada", Roles: []string{"editor"}}, service}, []any{"p1", "p2", "l1", "l4", "x", "f", "A"}},
		"reports": {reportSchema, "INSERT INTO reports VALUES ('open', 0, 'ada', 1), ('pro', 1, 'ada', 2), ('own', 2, 'ada', 3)",
			[]caller.Caller{anonymous, {Tier: "PRO"}, {UID: "ada", Tier: "ENTERPRISE"}, {UID: "ada", Tier: "GOLD"}, {UID: "eve", Roles: []string{"admin"}}, service}, []any{"open", "pro", "own", "ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := enforce(t, tt.text, tt.rows)
			g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, 0))} //nolint:gosec // not for secrets
			for _, who := range tt.callers {
				for range 60 {
					m := operationMaker{Rand: g.Rand, schema: e.api.Schema(), variables: map[string]any{}, known: map[string][]any{"ID": tt.known, "String": tt.known, "Int": {0, 1, 2}}}
					e.compare(t, question{m.operation(), m.variables}, tt.text, who)
				}
			}
		})
	}
}

type question struct {
	text      string
	variables map[string]any
}

// knownValues are values that the rows of policyMaker have.
func knownValues() map[string][]any {
	known := map[string][]any{"String": {"u1", "t0", "l0", "new", id('c', 1), id('c', 0)}, "Int": {0, 1, 3, 5}}
	for kind, n := range map[rune]int{'a': posts, 'b': labels, 'c': users, 'd': teams} {
		for i := range n {
			known["ID"] = append(known["ID"], id(kind, i))
		}
	}
	slices.SortFunc(known["ID"], func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return known
}

// random returns operations of all kinds.
func (e enforced) random(g policyMaker, n int) (list []question) {
	for range n {
		m := operationMaker{Rand: g.Rand, schema: e.api.Schema(), variables: map[string]any{}, known: knownValues()}
		list = append(list, question{m.operation(), m.variables})
	}
	return list
}

// writes returns mutations of rows that exist, and of new ones.
func (e enforced) writes(g policyMaker) (list []question) {
	add := func(format string, args ...any) {
		list = append(list, question{"mutation { " + fmt.Sprintf(format, args...) + " }", nil})
	}
	keys := map[string]func() string{
		"User": func() string { return fmt.Sprintf("id: %q", id('c', g.IntN(users))) }, "Team": func() string { return fmt.Sprintf("id: %q", id('d', g.IntN(teams))) },
		"Membership": func() string {
			return fmt.Sprintf("userId: %q, teamId: %q", id('c', g.IntN(users-1)), id('d', g.IntN(teams)))
		},
		"Post": func() string { return fmt.Sprintf("id: %q", id('a', g.IntN(posts))) }, "Label": func() string { return fmt.Sprintf("id: %q", id('b', g.IntN(labels))) },
	}
	data := func(typ string, isNew bool) string {
		var fields []string
		for _, v := range g.values(typ, isNew) {
			fields = append(fields, v.field+": "+v.graphql)
		}
		return strings.Join(fields, ", ")
	}
	for _, typ := range []string{"User", "Team", "Membership", "Post", "Label"} {
		names := "__typename " + strings.Join(e.fieldsOf(typ), " ")
		plural := map[string]string{"Membership": "Memberships"}[typ]
		if plural == "" {
			plural = typ + "s"
		}
		for range 2 {
			add("create%s(data: {%s}) { %s }", typ, data(typ, true), names)
			add("update%s(%s, data: {%s}) { %s }", typ, keys[typ](), data(typ, false), names)
			add(`update%s(%s, data: {note: "new"}) { %s }`, typ, keys[typ](), names)
		}
		add(`update%s(all: true, data: {note: "new"}) { count nodes { %s } }`, plural, names)
		add(`delete%s(%s) { %s }`, typ, keys[typ](), names)
		add(`delete%s(all: true) { count nodes { %s } }`, plural, names)
	}
	post, label := keys["Post"], keys["Label"]
	for _, verb := range []string{"connect", "disconnect", "set"} {
		add(`updatePost(%s, data: {labels: {%s: [{%s}]}}) { __typename labels { nodes { id } } }`, post(), verb, label())
		add(`updateLabel(%s, data: {note: "new", posts: {%s: [{%s}]}}) { __typename }`, label(), verb, post())
	}
	add(`createPost(data: {%s, labels: {connect: [{%s}]}}) { __typename }`, data("Post", true), label())
	add(`createLabel(data: {%s, posts: {connect: [{%s}]}}) { __typename }`, data("Label", true), post())
	return list
}
