package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

var policyRounds = flag.Int("policies", 6, "how many random schemas TestPoliciesAllowWhatTheAPIAllows compares")

// secured is a database under the policies of a schema.
type secured struct {
	schema *schema.Schema
	api    *graph.API
	tables []rls.Table
	db     *pgxpool.Pool

	handler http.Handler
	conn    *connDB
}

// savepoints is a transaction that outlives batches that fail.
type savepoints struct{ pgx.Tx }

func (s savepoints) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	tx, err := s.Begin(ctx)
	if err != nil {
		panic(err)
	}
	return &savepointBatch{tx.SendBatch(ctx, b), func(failure error) error {
		if failure != nil {
			return errors.Join(failure, tx.Rollback(ctx))
		}
		return tx.Commit(ctx)
	}}
}

type savepointBatch struct {
	pgx.BatchResults
	end func(failure error) error
}

func (s *savepointBatch) Close() error { return s.end(s.BatchResults.Close()) }

// connDB is a DB whose connection changes.
type connDB struct{ exec.Conn }

func (d *connDB) Read(context.Context) exec.Conn  { return d.Conn }
func (d *connDB) Write(context.Context) exec.Conn { return d.Conn }

func secure(t testing.TB, text string, rows ...string) secured {
	t.Helper()
	return secureWith(t, rls.Options{}, text, rows...)
}

// secureWith is secure with options of the policies.
func secureWith(t testing.TB, o rls.Options, text string, rows ...string) secured {
	t.Helper()
	return secureIn(t, testkit.NewDatabase(t), o, text, rows...)
}

// secureIn is secureWith in an empty database.
func secureIn(t testing.TB, db *pgxpool.Pool, o rls.Options, text string, rows ...string) secured {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatalf("%v\n%s", list, text)
	}
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	out := secured{schema: s, db: db}
	if _, err := own.Apply(t.Context(), out.db); err != nil {
		t.Fatal(err)
	}
	for _, sql := range slices.Concat([]string{ddl.CreateUUIDFunction}, statements, rows) {
		testkit.Exec(t, out.db, sql)
	}
	if out.api, err = graph.New(s, graph.Options{}); err != nil {
		t.Fatal(err)
	}
	if out.tables, err = out.api.Policies(); err != nil {
		t.Fatal(err)
	}
	out.conn = &connDB{}
	if out.handler, err = exec.New(exec.Options{API: out.api, DB: out.conn, Logger: testkit.Logger(t)}); err != nil {
		t.Fatal(err)
	}
	plan, err := rls.Make(t.Context(), out.db, out.tables, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, sql := range plan.Up {
		testkit.Exec(t, out.db, sql)
	}
	return out
}

// table returns the rules of a table.
func (s secured) table(name string) rls.Table {
	return s.tables[slices.IndexFunc(s.tables, func(t rls.Table) bool { return t.Name == name })]
}

// try calls f with a transaction that is rolled back.
func (s secured) try(t testing.TB, f func(tx pgx.Tx)) {
	t.Helper()
	tx, err := s.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	f(tx)
}

// client asks the API in a transaction.
func (s secured) client(tx pgx.Tx, who caller.Caller) client {
	s.conn.Conn = savepoints{tx}
	return client{handler: s.handler, caller: who}
}

// become sets the role and the claims of a caller, as PostgREST does.
func become(t testing.TB, tx pgx.Tx, who caller.Caller) {
	t.Helper()
	role, claims := "anon", map[string]any{"app_metadata": map[string]any{"roles": who.Roles, "tier": who.Tier}}
	if who.UID != "" {
		role, claims["sub"] = "authenticated", who.UID
		claims["auth_time"] = who.LogIn.Time.Unix()
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, tx, "SELECT set_config('request.jwt.claims', $1, true)", string(text))
	testkit.Exec(t, tx, "SET LOCAL ROLE "+role)
}

// policyValue is a value of a field in GraphQL and in SQL.
type policyValue struct{ field, graphql, sql string }

// column returns the column of a field of these schemas.
func column(field string) string { return schema.SnakeCase(field) }

// denied reports whether Postgres refuses a statement for the rights of the role. A key that another row has is no such refusal. Any other error
// fails the test.
func denied(t testing.TB, err error, sql string) bool {
	t.Helper()
	var server *pgconn.PgError
	if err == nil || (errors.As(err, &server) && server.Code == "23505") {
		return false
	}
	if server == nil || server.Code != "42501" {
		t.Fatalf("%s\n%v", sql, err)
	}
	return true
}

// answered reports whether the API does what a mutation asks for, or would if no other row had its key.
func answered(t testing.TB, c client, query string) bool {
	t.Helper()
	w := c.send(t, query, nil)
	if strings.Contains(w.Body.String(), `"INTERNAL"`) {
		t.Fatalf("%s\n%s", query, w.Body)
	}
	return !strings.Contains(w.Body.String(), `"errors"`) || strings.Contains(w.Body.String(), `"CONFLICT"`)
}

// fieldsOf returns the fields of a type of the API that are columns.
func (s secured) fieldsOf(name string) (fields []string) {
	def := s.api.Schema().Types[name]
	if def == nil {
		return nil
	}
	for _, f := range def.Fields {
		if kind := s.api.Schema().Types[f.Type.Name()].Kind; kind == ast.Scalar || kind == ast.Enum {
			fields = append(fields, f.Name)
		}
	}
	return fields
}

// shown returns the rows that the API shows a caller, as JSON by column, sorted.
func (s secured) shown(t testing.TB, tx pgx.Tx, who caller.Caller, typ *schema.Type, fields []string) []string {
	t.Helper()
	if len(fields) == 0 {
		return nil
	}
	list := strings.ToLower(typ.Name[:1]) + schema.ListName(typ.Name)[1:]
	var aliased []string
	for _, f := range fields {
		aliased = append(aliased, column(f)+": "+f)
	}
	var answer map[string]struct{ Nodes []map[string]any }
	text := s.client(tx, who).data(t, "{ "+list+"(first: 100) { nodes { "+strings.Join(aliased, " ")+" } } }", nil)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	rows := []string{}
	for _, node := range answer[list].Nodes {
		row, _ := json.Marshal(node)
		rows = append(rows, string(row))
	}
	slices.Sort(rows)
	return rows
}

// seen returns the rows that Postgres shows a role, as JSON by column, sorted.
func seen(t testing.TB, tx pgx.Tx, table string, fields []string) []string {
	t.Helper()
	var columns []string
	for _, f := range fields {
		columns = append(columns, `"`+column(f)+`"`)
	}
	rows, err := tx.Query(t.Context(), "SELECT to_jsonb(x) FROM (SELECT "+strings.Join(columns, ", ")+" FROM "+table+") x")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var value map[string]any
		err := row.Scan(&value)
		text, _ := json.Marshal(value)
		return string(text), err
	})
	if err != nil {
		t.Fatal(table, err)
	}
	slices.Sort(list)
	return list
}

// Under the policies, a role of Postgres can read and write what the API allows a caller with the same claims.
func TestPoliciesAllowWhatTheAPIAllows(t *testing.T) {
	var total tally
	for i := range *policyRounds {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(i))), fresh: i%2 == 1} //nolint:gosec // not for secrets
		text := g.schema()
		s := secure(t, text, g.rows()...)
		c := comparison{secured: s, policyMaker: g, tally: &total}
		for _, who := range policyCallers {
			if g.fresh && who.UID == "" {
				continue // whom the API refuses where Postgres hides
			}
			asked := 0
			who.LogIn = logIn(time.Minute, nil, &asked)
			c.who = who
			for _, name := range []string{"User", "Team", "Membership", "Post", "Label"} {
				c.reads(t, s.schema.Type(name))
				c.updates(t, s.schema.Type(name))
				c.deletes(t, s.schema.Type(name))
				c.creates(t, s.schema.Type(name))
			}
			c.links(t)
		}
		if t.Failed() {
			t.Fatalf("round %d\n%s", i, text)
		}
	}
	t.Logf("%+v", total)
	if min(total.read, total.updated, total.deleted, total.created) < *policyRounds || total.linked == 0 {
		t.Errorf("the test allows too little: %+v", total)
	}
}

// tally counts what the API has allowed.
type tally struct{ read, updated, deleted, created, linked int }

// comparison compares what one caller can do.
type comparison struct {
	secured
	policyMaker
	*tally
	who caller.Caller
}

func (c *comparison) differ(t testing.TB, what string, api, postgres any) {
	t.Helper()
	a, b := fmt.Sprint(api), fmt.Sprint(postgres)
	if a != b {
		t.Errorf("%s as %+v:\nthe API  %s\nPostgres %s", what, c.who, a, b)
	}
}

// reads compares the rows of the table, in the columns that it grants, and those of the view.
func (c *comparison) reads(t testing.TB, typ *schema.Type) {
	fields := c.fieldsOf(typ.Name)
	c.try(t, func(tx pgx.Tx) {
		become(t, tx, c.who)
		var granted []string
		for _, f := range fields {
			if testkit.Value(t, tx, "SELECT has_column_privilege($1, $2, 'SELECT')", typ.Table, column(f)) == "true" {
				granted = append(granted, f)
			}
		}
		var plain []string
		if len(granted) > 0 {
			plain = seen(t, tx, typ.Table, granted)
		}
		view := rls.ViewName(typ.Table)
		var viewed []string
		isViewed := testkit.Value(t, tx, "SELECT has_table_privilege(to_regclass($1)::oid, 'SELECT')", view) == "true"
		if isViewed {
			viewed = seen(t, tx, view, fields)
			columns := testkit.Value(t, tx, "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0", view)
			c.differ(t, "columns of the view of "+typ.Name, len(fields), columns)
		}
		testkit.Exec(t, tx, "RESET ROLE")
		if len(granted) > 0 {
			c.differ(t, "read "+typ.Name, c.shown(t, tx, c.who, typ, granted), plain)
		}
		all := c.shown(t, tx, c.who, typ, fields)
		c.read += len(all)
		if isViewed {
			c.differ(t, "read the view of "+typ.Name, all, viewed)
		}
		if len(all) > 0 && len(granted) == 0 && !isViewed {
			t.Errorf("%+v can read %s in the API only", c.who, typ.Name)
		}
	})
}

// keysOf returns the keys of all rows, for GraphQL and for SQL.
func (c *comparison) keysOf(t testing.TB, tx pgx.Tx, typ *schema.Type) (keys [][2]string) {
	var names []string
	for _, k := range typ.Key {
		for _, part := range k.KeyFields() {
			names = append(names, part.Name)
		}
	}
	var parts []string
	for _, n := range names {
		parts = append(parts, column(n)+"::text")
	}
	rows, err := tx.Query(t.Context(), "SELECT ARRAY["+strings.Join(parts, ", ")+"] FROM "+typ.Table+" ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		var graphql, sql []string
		for i, n := range names {
			graphql = append(graphql, fmt.Sprintf("%s: %q", n, v[i]))
			sql = append(sql, fmt.Sprintf("%s = '%s'", column(n), v[i]))
		}
		keys = append(keys, [2]string{strings.Join(graphql, ", "), strings.Join(sql, " AND ")})
	}
	return keys
}

// can reports whether the grants of columns can express the rules of a field.
func (c *comparison) can(typ *schema.Type, field string, op rls.Operation) bool {
	for _, x := range c.table(typ.Table).Columns {
		if x.Name == column(field) {
			return !slices.Contains(x.Refused, op)
		}
	}
	return false
}
