package exec_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// madeAt is when a row was made.
var madeAt = regexp.MustCompile(`"made":"[^"]*"`)

// Behind a pooler in transaction mode, callers share two connections of Postgres and get what they get without it. Some of them go away at any
// time. No connection keeps the role or the claims of a caller.
func TestEnforcingBehindPgBouncer(t *testing.T) {
	e := enforce(t, policyCases, policyCaseRows...)
	const size = 2
	pool, err := pgxpool.New(t.Context(), testkit.PgBouncer(t, e.db, size, "the API under policies behind a pooler is not tested"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	options := rls.Options{Enforce: true}
	behind := e // its writes are undone, too
	behind.undone = &undone{Pool: pool, tables: e.undone.tables}
	behind.on = client{handler: handlerOf(t, exec.Options{API: mustPolice(t, e.secured), DB: exec.Single(behind.undone), Enforce: &exec.Enforcement{
		Security: options, Check: func(ctx context.Context) error { return rls.Check(ctx, pool, e.tables, options) },
	}}), db: pool}
	callers := []caller.Caller{policyAda, policyBob, anonymous, {UID: "ada", Roles: []string{"admin"}}, {UID: "1"}, service}
	for _, query := range []string{
		`mutation {updatePost(id: "` + id('a', 0) + `", data: {public: true}) {id draft}}`, `mutation {updatePosts(all: true, data: {public: true}) {count}}`,
		`mutation {createPost(data: {ownerId: "bob"}) {public}}`, `mutation {deletePost(id: "` + id('a', 2) + `") {id}}`,
	} {
		answers := map[string]bool{}
		for _, who := range callers {
			want := madeAt.ReplaceAllString(e.answer(t, e.on.as(who), query, nil), "")
			if got := madeAt.ReplaceAllString(behind.answer(t, behind.on.as(who), query, nil), ""); got != want {
				t.Errorf("%s as %+v: %s\nwithout the pooler: %s", query, who, got, want)
			}
			answers[want] = true
		}
		if len(answers) < 2 {
			t.Errorf("%s: all callers get the same answer", query)
		}
	}
	behind.share(t, callers)
	if got := testkit.Value(t, e.db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'krowoc'"); got != "1" && got != "2" {
		t.Errorf("the pooler has opened %s connections instead of %d", got, size)
	}
}

// share lets callers read at the same time, and compares what they get with what they get alone.
func (e enforced) share(t *testing.T, callers []caller.Caller) {
	const query = `{posts(orderBy: {id: ASC}) {totalCount nodes {id cost draft hidden team {name memberships {totalCount}}}} users(orderBy: {id: ASC}) {nodes {id}} secrets {totalCount}}`
	var want []string
	for _, who := range callers {
		want = append(want, e.on.as(who).send(t, query, nil).Body.String())
	}
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for n := range 20 {
				which := (i + n) % len(callers)
				ctx, stop := context.WithCancel(t.Context())
				goes := n%5 == 0
				if goes {
					go stop() // at any time
				}
				body := e.on.as(callers[which]).sendIn(ctx, t, query, nil).Body.String()
				stop()
				isCanceled := goes && strings.Contains(body, "CANCELED")
				if !isCanceled && body != want[which] {
					t.Errorf("%+v gets %s instead of %s", callers[which], body, want[which])
				}
			}
		})
	}
	all.Wait()
}
