package exec_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

var policyAda, policyBob = caller.Caller{UID: "ada"}, caller.Caller{UID: "bob"}

// enforcing returns a client of an API that runs under the policies of a database, on one connection. change may change its configuration.
func enforcing(t *testing.T, s secured, api *graph.API, change func(*pgxpool.Config)) client {
	t.Helper()
	config := s.db.Config()
	config.MaxConns, config.MinConns = 1, 0
	if change != nil {
		change(config)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	h := handlerOf(t, exec.Options{API: api, DB: exec.Single(pool), Enforce: &exec.Enforcement{Security: rls.Options{Enforce: true}}})
	return client{handler: h, db: pool}
}

// A planner that forgets all rules shows and writes no more than the policies allow.
func TestPoliciesHoldWithoutTheRules(t *testing.T) {
	e := enforce(t, policyCases, policyCaseRows...)
	open := strings.NewReplacer(`@table @auth(rules: [`, `@table @auth(rules: [{ allow: PUBLIC } `, `"team"]) @auth(rules: [`, `"team"]) @auth(rules: [{ allow: PUBLIC } `)
	forgetful, err := graph.New(parsed(t, open.Replace(policyCases)), graph.Options{Policed: true})
	if err != nil {
		t.Fatal(err)
	}
	c := enforcing(t, e.secured, forgetful, nil)
	const list = `{posts(orderBy: {id: ASC}) {totalCount nodes {id team {name memberships {totalCount}}}} secrets {totalCount} users {nodes {id}}}`
	for _, tt := range []struct {
		who         caller.Caller
		query, want string
	}{
		{anonymous, list, `{"posts":{"totalCount":1,"nodes":[{"id":"` + id('a', 1) + `","team":null}]},"secrets":{"totalCount":0},"users":{"nodes":[]}}`},
		{policyAda, list, `{"posts":{"totalCount":2,"nodes":[{"id":"` + id('a', 0) + `","team":null},{"id":"` + id('a', 1) + `","team":null}]},"secrets":{"totalCount":0},"users":{"nodes":[{"id":"ada"}]}}`},
		{policyBob, list, `{"posts":{"totalCount":2,"nodes":[{"id":"` + id('a', 0) + `","team":{"name":"one","memberships":{"totalCount":1}}},{"id":"` + id('a', 1) + `","team":null}]},"secrets":{"totalCount":0},"users":{"nodes":[{"id":"bob"}]}}`},
		{policyBob, `mutation {deletePost(id: "` + id('a', 0) + `") {id}}`, `no Post with this key exists that you are allowed to change`},
		{policyBob, `mutation {updatePost(id: "` + id('a', 0) + `", data: {public: true}) {id}}`, `no Post with this key exists that you are allowed to change`},
		{policyBob, `mutation {updatePosts(all: true, data: {public: true}) {count}}`, `{"updatePosts":{"count":0}}`},
		{policyAda, `mutation {updatePost(id: "` + id('a', 0) + `", data: {ownerId: "bob"}) {id}}`, `you are not allowed to write this Post`},
		{policyBob, `mutation {createPost(data: {ownerId: "ada"}) {id}}`, `you are not allowed to write this Post`},
		{policyBob, `mutation {createSecret(data: {value: "x"}) {id}}`, `you are not allowed to do this`},
		{anonymous, `mutation {createPost(data: {public: true}) {id}}`, `you are not allowed to do this`},
		{service, list, `"secrets":{"totalCount":1}`},
	} {
		w := c.as(tt.who).send(t, tt.query, nil)
		if !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s as %+v: %d %s\nwant %s", tt.query, tt.who, w.Code, w.Body, tt.want)
		}
	}
}

// setting is what statements after an operation run as.
const setting = "SELECT current_user || ' ' || coalesce(current_setting('request.jwt.claims', true), '') || ' ' || current_setting('role')"

// Whatever happens to an operation, its connection has the role of the server again.
func TestRoleEndsWithTheOperation(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	testkit.Exec(t, s.db, "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'failed as % with %', current_user, current_setting('request.jwt.claims'); END $$")
	testkit.Exec(t, s.db, "CREATE TRIGGER fails BEFORE INSERT ON posts FOR EACH ROW WHEN (NEW.draft = 'fail') EXECUTE FUNCTION fails()")
	c := enforcing(t, s, mustPolice(t, s), nil).as(policyAda)
	before := testkit.Value(t, c.db, setting)
	after := func(what string) {
		t.Helper()
		if got := strings.ReplaceAll(testkit.Value(t, c.db, setting), "  ", " "); got != strings.ReplaceAll(before, "  ", " ") {
			t.Errorf("after %s the connection is %s instead of %s", what, got, before)
		}
	}
	for what, query := range map[string]string{
		"a query": `{posts {totalCount}}`, "a mutation": `mutation {updatePost(id: "` + id('a', 0) + `", data: {public: false}) {id}}`,
		"a refused mutation": `mutation {updatePost(id: "` + id('a', 0) + `", data: {ownerId: "bob"}) {id}}`, "a failed mutation": `mutation {createPost(data: {ownerId: "ada", draft: "fail"}) {id}}`,
		"a violated key": `mutation {createPost(data: {ownerId: "ada", teamId: "` + id('d', 1) + `"}) {id}}`, "a value out of range": `{posts(where: {cost: {eq: 2147483647}}, first: 1) {nodes {id}}}`,
	} {
		for range 2 { // the second time with prepared statements
			c.send(t, query, nil)
			after(what)
		}
	}
	c.as(anonymous).send(t, `{posts {totalCount}}`, nil)
	after("an anonymous query")

	for what, query := range map[string]string{"a canceled query": `{posts {totalCount}}`, "a canceled mutation": `mutation {updatePost(id: "` + id('a', 0) + `", data: {public: false}) {id}}`} {
		c.cancel(t, s.db, query)
		after(what)
	}
}

// cancel sends an operation and cancels it while it waits for a lock.
func (c client) cancel(t *testing.T, db *pgxpool.Pool, query string) {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	testkit.Exec(t, tx, "LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.sendIn(ctx, t, query, nil)
	}()
	for testkit.Value(t, db, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'posts'::regclass") == "0" {
		select {
		case <-ended:
			t.Fatal("the operation does not wait for the lock")
		default:
		}
	}
	stop()
	<-ended
}

// turns counts how often a client of Postgres writes after it has read: its round trips.
type turns struct {
	net.Conn
	count *atomic.Int64
	read  *atomic.Bool
}

func (c turns) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Store(true)
	return n, err
}

func (c turns) Write(p []byte) (int, error) {
	if c.read.Swap(false) {
		c.count.Add(1)
	}
	return c.Conn.Write(p)
}

// The role and the claims cost no round trip.
func TestEnforcingCostsNoRoundTrip(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	var count atomic.Int64
	c := enforcing(t, s, mustPolice(t, s), func(config *pgxpool.Config) {
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return turns{conn, &count, new(atomic.Bool)}, err
		}
	})
	for query, most := range map[string]int64{
		`{posts {totalCount}}`: 1,
		`mutation {updatePost(id: "` + id('a', 0) + `", data: {public: false}) {id}}`: 4, // begin, write, read, commit
	} {
		var took [2]int64
		for i, who := range []caller.Caller{service, policyAda} {
			for range 3 { // statements are prepared in the first
				count.Store(0)
				c.as(who).data(t, query, nil)
				took[i] = count.Load()
			}
		}
		if took[0] > most || took[1] != took[0] {
			t.Errorf("%s takes %d round trips without policies and %d under them", query, took[0], took[1])
		}
	}
}

// However statements are sent, they run under the policies. A pooler such as PgBouncer needs one of the other modes.
func TestEnforcingInEveryQueryMode(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			c := enforcing(t, s, mustPolice(t, s), func(config *pgxpool.Config) { config.ConnConfig.DefaultQueryExecMode = mode })
			for _, who := range []caller.Caller{policyAda, {UID: "1"}, anonymous, policyAda} {
				want := map[string]string{"ada": "2", "1": "2", "": "1"}[who.UID]
				if got := c.as(who).data(t, `{posts {totalCount}}`, nil); got != `{"posts":{"totalCount":`+want+`}}` {
					t.Errorf("%q sees %s", who.UID, got)
				}
			}
			query := `mutation {updatePost(id: "` + id('a', 0) + `", data: {draft: "d"}) {draft}}`
			if got := c.as(policyAda).data(t, query, nil); got != `{"updatePost":{"draft":"d"}}` {
				t.Error(got)
			}
			if w := c.as(policyBob).send(t, query, nil); w.Code != http.StatusNotFound {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// Callers who share connections, some of whom go away, get their own rows.
func TestCallersDoNotMix(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	c := enforcing(t, s, mustPolice(t, s), func(config *pgxpool.Config) { config.MaxConns = 3 })
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			for n := range 30 {
				who := []caller.Caller{policyAda, policyBob, anonymous, service}[(i+n)%4]
				ctx, stop := context.WithCancel(t.Context())
				if n%5 == 0 {
					go stop() // at any time
				}
				body := c.as(who).sendIn(ctx, t, `{users(orderBy: {id: ASC}) {nodes {id}}}`, nil).Body.String()
				stop()
				want := map[string]string{"ada": `[{"id":"ada"}]`, "bob": `[{"id":"bob"}]`, "": `[]`}[who.UID]
				if who.Service {
					want = `[{"id":"1"},{"id":"ada"},{"id":"bob"}]`
				}
				isCanceled := n%5 == 0 && strings.Contains(body, "CANCELED")
				if !isCanceled && !strings.Contains(body, `{"users":{"nodes":`+want) {
					t.Errorf("%+v gets %s", who, body)
				}
			}
		})
	}
	all.Wait()
}

// An API that leaves rules to policies is served under them alone.
func TestPolicedAPIsNeedEnforcement(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	for _, o := range []exec.Options{{API: mustPolice(t, s)}, {API: s.api, Enforce: &exec.Enforcement{}}} {
		o.DB, o.Logger = exec.Single(s.db), testkit.Logger(t)
		if _, err := exec.New(o); err == nil {
			t.Error("it is served")
		}
	}
	h := handlerOf(t, exec.Options{API: s.api, DB: exec.Single(s.db)})
	h.Swap(mustPolice(t, s))
	if w := (client{handler: h}).send(t, `{posts {totalCount}}`, nil); w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// An operation does not run while the database does not enforce the rules, and one that Postgres refuses tells nothing.
func TestUnenforcedOperationsAreRefused(t *testing.T) {
	s := secureWith(t, rls.Options{Enforce: true}, policyCases, policyCaseRows...)
	options := rls.Options{Enforce: true}
	h := handlerOf(t, exec.Options{API: mustPolice(t, s), DB: exec.Single(s.db), Enforce: &exec.Enforcement{
		Security: options, Check: func(ctx context.Context) error { return rls.Check(ctx, s.db, s.tables, options) },
	}})
	c := client{handler: h, caller: policyAda}
	c.data(t, `{posts {totalCount}}`, nil)
	testkit.Exec(t, s.db, "ALTER TABLE posts DISABLE ROW LEVEL SECURITY")
	for _, who := range []caller.Caller{policyAda, service} {
		if w := c.as(who).send(t, `{posts {totalCount}}`, nil); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "row-level") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	testkit.Exec(t, s.db, "ALTER TABLE posts ENABLE ROW LEVEL SECURITY; REVOKE ALL ON users FROM authenticated_api, authenticated")
	c = enforcing(t, s, mustPolice(t, s), nil)
	w := c.as(policyAda).send(t, `{users {totalCount}}`, nil)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "you are not allowed to do this") || strings.Contains(w.Body.String(), "permission") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	gone := client{handler: handlerOf(t, exec.Options{API: mustPolice(t, s), DB: exec.Single(s.db), Enforce: &exec.Enforcement{
		Security: rls.Options{Authenticated: "gone"}, Check: func(context.Context) error { return nil },
	}}), caller: policyAda}
	for _, query := range []string{`{users {totalCount}}`, `mutation {deletePost(id: "019aa5f4-6c00-7000-8000-000000000001") {id}}`} {
		if w := gone.send(t, query, nil); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "gone") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
