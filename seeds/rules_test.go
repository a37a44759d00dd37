package seeds_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/testkit"
)

// statement returns the SQL that the API makes of a query, and its parameters.
func statement(t testing.TB, api *graph.API, caller caller.Caller, query string, variables map[string]any) (string, []any) {
	t.Helper()
	document, mistakes := gqlparser.LoadQueryWithRules(api.Schema(), query, rules.NewDefaultRules())
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	request := graph.Request{Caller: caller, Time: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Variables: variables}
	plan, err := api.Plan(document, document.Operations[0], request)
	if err != nil {
		t.Fatal(err)
	}
	args, err := plan.Bind(request)
	if err != nil {
		t.Fatal(err)
	}
	return plan.SQL, args
}

// TestWhoReadsWhat counts the rows that each caller reads through the API, against what the rules mean.
func TestWhoReadsWhat(t *testing.T) {
	pool := platform(t)
	api := derived(t)
	const (
		me     = "(SELECT id FROM users WHERE email = 'chidi@example.com')"
		public = "visibility = 'PUBLIC' AND status = 'PUBLISHED'"
		team   = "team_id IN (SELECT team_id FROM memberships WHERE user_id = " + me + ")"
		mine   = "owner_id = " + me + " OR " + public + " OR visibility = 'TEAM' AND " + team
	)
	chidi := caller.Caller{UID: testkit.Value(t, pool, me)}
	admin := caller.Caller{UID: "somebody", Roles: []string{"admin"}}
	for _, tt := range []struct{ list, table, anonymous, chidi, admin string }{
		{"prompts", "prompts", public, mine, "true"},
		{"promptVersions", "prompt_versions", "prompt_id IN (SELECT id FROM prompts WHERE " + public + ")", "prompt_id IN (SELECT id FROM prompts WHERE " + mine + ")", "true"},
		{"executions", "executions", "false", "user_id = " + me, "true"},
		{"usageDailies", "usage_daily", "false", "user_id = " + me, "true"},
		{"votes", "votes", "false", "user_id = " + me, "true"},
		{"teams", "teams", "false", "id IN (SELECT team_id FROM memberships WHERE user_id = " + me + ")", "true"},
		{"memberships", "memberships", "false", team, "true"},
		{"users", "users", "true", "true", "true"},
		{"models", "models", "true", "true", "true"},
		{"providers", "providers", "true", "true", "true"},
	} {
		for who, readable := range map[*caller.Caller]string{{}: tt.anonymous, &chidi: tt.chidi, &admin: tt.admin} {
			sql, args := statement(t, api, *who, "{ "+tt.list+" { totalCount } }", nil)
			var got string
			if err := pool.QueryRow(t.Context(), sql, args...).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if want := `{"totalCount":` + testkit.Value(t, pool, "SELECT count(*) FROM "+tt.table+" WHERE "+readable) + "}"; got != want {
				t.Errorf("%s for %+v: %s, want %s", tt.list, *who, got, want)
			}
		}
	}
}

// TestPrivateFields: only the person sees the e-mail address, and nobody a provider key.
func TestPrivateFields(t *testing.T) {
	pool := platform(t)
	api := derived(t)
	ada := testkit.Value(t, pool, "SELECT id FROM users WHERE email = 'ada@example.com'")
	for uid, want := range map[string]string{
		"":       `{"name":"Ada Lindqvist","email":null,"tier":null,"role":null}`,
		"nobody": `{"name":"Ada Lindqvist","email":null,"tier":null,"role":null}`,
		ada:      `{"name":"Ada Lindqvist","email":"ada@example.com","tier":"TEAM","role":"ADMIN"}`,
	} {
		sql, args := statement(t, api, caller.Caller{UID: uid}, "query ($id: String!) { user(id: $id) { name email tier role } }", map[string]any{"id": ada})
		var got string
		if err := pool.QueryRow(t.Context(), sql, args...).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("Ada, seen by %q: %s, want %s", uid, got, want)
		}
	}
	if leak := regexp.MustCompile(`(?i).*(provider_?key|ciphertext|lastFour|keyId).*`).FindString(api.SDL()); leak != "" {
		t.Errorf("the API knows of provider keys: %s", strings.TrimSpace(leak))
	}
}

// derived is the API of the platform.
func derived(t testing.TB) *graph.API {
	t.Helper()
	api, err := graph.New(types(t), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
