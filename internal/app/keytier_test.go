package app_test

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// underPolicies applies the row-level security of a project to its database, which testkit has made and this test may change.
func underPolicies(t *testing.T, a *app.App, db *pgxpool.Pool) {
	t.Helper()
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := api.Policies()
	if err != nil {
		t.Fatal(err)
	}
	o := a.RowLevelSecurity()
	o.Enforce = true
	plan, err := rls.Make(t.Context(), db, tables, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range plan.Up {
		testkit.Exec(t, db, sql)
	}
}

// The whole server works behind a pooler in transaction mode.
func TestPoliciesBehindPgBouncer(t *testing.T) {
	db := testkit.NewDatabase(t)
	behind := testkit.PgBouncer(t, db, 3, "the server under policies behind a pooler is not tested")
	dir := apptest.Copy(t)
	url := db.Config().ConnString()
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+url)
	apptest.MigrateAndSeed(t, a)
	underPolicies(t, a, db)
	uid := testkit.Value(t, db, "SELECT owner_id FROM prompts WHERE visibility = 'PRIVATE' LIMIT 1")
	_, secret, err := apikey.Create(t.Context(), db, apikey.Grant{Name: "pooled", UID: uid})
	if err != nil {
		t.Fatal(err)
	}
	const query = `{ prompts(orderBy: {id: ASC}, first: 50) { totalCount nodes { id owner { id } team { name } } } teams { totalCount } }`
	server := serveIn(t, dir, behind, slog.DiscardHandler, "KROWOC_DATABASE_RLS_ENFORCE=true")
	plain := serveIn(t, dir, url, slog.DiscardHandler)
	private := 0.0
	for _, token := range []string{secret, ""} {
		_, want := asks(t, plain, token, query)
		_, got := asks(t, server, token, query)
		count, _ := at(want, "data.prompts.totalCount").(float64)
		if !reflect.DeepEqual(got, want) || count == 0 || count == private {
			t.Errorf("behind the pooler: %v\nwithout policies: %v", got, want)
		}
		private = count
	}
}

// The tier of a key counts in TIER rules, for statements of the API and for policies. A key of a lower tier, or of none, is refused.
func TestTierOfAKey(t *testing.T) {
	db := testkit.NewDatabase(t)
	dir := apptest.Copy(t)
	url := db.Config().ConnString()
	a := newApp(t, dir, "KROWOC_DATABASE_URL="+url)
	apptest.MigrateAndSeed(t, a)
	underPolicies(t, a, db)
	uid := testkit.Value(t, db, "SELECT id FROM users ORDER BY email LIMIT 1")
	servers := map[string]string{
		"rules":    serveIn(t, dir, url, slog.DiscardHandler),
		"policies": serveIn(t, dir, url, slog.DiscardHandler, "KROWOC_DATABASE_RLS_ENFORCE=true"),
	}
	for tier, allowed := range map[string]bool{"TEAM": true, "POWER": false, "": false} {
		_, secret, err := apikey.Create(t.Context(), db, apikey.Grant{Name: "tier", UID: uid, Tier: tier})
		if err != nil {
			t.Fatal(err)
		}
		for by, server := range servers {
			slug := strings.ToLower("of-" + by + "-" + tier + "-tier")
			_, answer := asks(t, server, secret, `mutation { createTeam(data: {slug: "`+slug+`", name: "x", ownerId: "`+uid+`"}) { slug } }`)
			created := at(answer, "data.createTeam.slug") == slug
			if created != allowed {
				t.Errorf("under %s, a key of the tier %q: %v", by, tier, answer)
			}
			if !allowed && at(answer, "errors.extensions.code") != "FORBIDDEN" {
				t.Errorf("under %s, a key of the tier %q: %v", by, tier, answer)
			}
		}
	}
}
