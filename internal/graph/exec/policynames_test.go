package exec_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// locked returns a database in which nobody may call a function unless somebody grants it.
func locked(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
	return db
}

// Policies, defaults and views call functions as the role of the client, also where the default privileges of a database keep functions from
// everybody.
func TestPoliciesWhereNobodyMayCall(t *testing.T) {
	e := enforceIn(t, locked(t), policyCases, policyCaseRows...)
	const ada, bob = `{"sub": "ada"}`, `{"sub": "bob"}`
	for _, tt := range []struct{ role, claims, sql, want string }{
		{"anon", "", "SELECT count(*)::text FROM posts", "1"},
		{"authenticated", ada, "SELECT count(*)::text FROM posts", "2"},
		{"authenticated", bob, "SELECT count(*)::text FROM posts", "2"}, // of the team, by a function that looks at other rows
		{"authenticated", bob, "SELECT count(draft)::text FROM posts_visible", "0"},
		{"authenticated", ada, "SELECT count(draft)::text FROM posts_visible", "1"},
		{"authenticated", ada, "INSERT INTO posts (owner_id) VALUES ('ada') RETURNING 'inserted'", "inserted"},
		{"anon", "", "SELECT krowoc_auth.uid() IS NULL || ''", "true"},
	} {
		if got := e.asked(t, tt.role, tt.claims, tt.sql); got != tt.want {
			t.Errorf("%s as %s: %s instead of %s", tt.sql, tt.role+tt.claims, got, tt.want)
		}
	}
	for _, query := range []string{
		`{ posts(orderBy: {id: ASC}) { nodes { id draft team { name } } } }`, `mutation { createPost(data: {ownerId: "bob"}) { public } }`,
	} {
		if w := e.on.as(policyBob).send(t, query, nil); strings.Contains(w.Body.String(), "errors") {
			t.Errorf("%s: %s", query, w.Body)
		}
	}
	options := rls.Options{Enforce: true}
	if err := rls.Check(t.Context(), e.db, e.tables, options); err != nil {
		t.Fatal(err)
	}
	for revoke, want := range map[string]string{
		"REVOKE EXECUTE ON FUNCTION krowoc_auth.uid FROM anon":                                        "rights are missing on krowoc_auth.uid() for anon_api, krowoc_auth.uid() for anon_api_write",
		"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA krowoc_auth FROM authenticated, authenticated_api": "for authenticated_api",
		"REVOKE EXECUTE ON FUNCTION uuid_generate_v7 FROM authenticated":                              "rights are missing on uuid_generate_v7() for authenticated_api",
		"REVOKE USAGE ON SCHEMA krowoc_auth FROM anon, authenticated, anon_api, anon_api_write":       "rights are missing on the schema krowoc_auth for anon_api",
		"REVOKE USAGE ON SCHEMA public FROM PUBLIC":                                                   "rights are missing on the schema public for anon_api",
	} {
		e.try(t, func(tx pgx.Tx) {
			testkit.Exec(t, tx, revoke)
			if err := rls.Check(t.Context(), tx, e.tables, options); fault.CodeOf(err) != fault.CheckFailed || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", revoke, err)
			}
		})
	}
	e.removed(t)
}

// removed checks that a plan that removes everything leaves no right behind.
func (s secured) removed(t *testing.T) {
	t.Helper()
	plan, err := rls.Make(t.Context(), s.db, s.tables, rls.Options{Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	s.try(t, func(tx pgx.Tx) {
		for _, sql := range plan.Up {
			testkit.Exec(t, tx, sql)
		}
		if got := testkit.Value(t, tx, "SELECT count(*) FROM pg_proc, unnest(ARRAY['anon', 'authenticated']) r WHERE has_function_privilege(r, oid, 'EXECUTE') AND pronamespace = 'public'::regnamespace"); got != "0" {
			t.Errorf("%s rights on functions stay", got)
		}
	})
}

// Everybody could create objects in public before version 15. An operator or a function there that fits the types of a condition better is not
// taken by the functions of rules, which have the rights of their owner.
func TestRulesUseNoNamesOfOthers(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC; CREATE ROLE names_mallory")
	s := secureIn(t, db, rls.Options{Enforce: true}, `
enum Kind { OPEN SHUT }
type Doc @table @auth(rules: [{ allow: AUTHENTICATED, where: "this.members.exists(m, m.who == auth.uid && m.kind == 'OPEN')" }]) { members: [Member!]! }
type Member @table @auth(rules: []) { doc: Doc! who: String! kind: Kind! }`,
		"INSERT INTO docs (id) VALUES ('"+id('a', 0)+"')", "INSERT INTO members (doc_id, who, kind) VALUES ('"+id('a', 0)+"', 'ada', 'OPEN'), ('"+id('a', 0)+"', 'eve', 'SHUT')")
	testkit.Exec(t, db, `SET ROLE names_mallory;
		CREATE FUNCTION public.yes(kind, kind) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR public.= (LEFTARG = kind, RIGHTARG = kind, FUNCTION = public.yes);
		RESET ROLE`)
	if got := testkit.Value(t, db, "SELECT 'OPEN'::kind = 'SHUT'::kind"); got != "true" {
		t.Fatalf("the operator of the other role is not found at all: %s", got)
	}
	for who, want := range map[string]string{"ada": "1", "eve": "0"} {
		if got := s.asked(t, "authenticated", `{"sub": "`+who+`"}`, "SELECT count(*)::text FROM docs"); got != want {
			t.Errorf("%s sees %s documents instead of %s", who, got, want)
		}
	}
	if got := testkit.Value(t, db, "SELECT string_agg(DISTINCT array_to_string(proconfig, ' '), ';') FROM pg_proc WHERE pronamespace = 'krowoc_auth'::regnamespace"); got != "search_path=pg_catalog, pg_temp" {
		t.Errorf("functions look names up in %s", got)
	}
}

// The operators of a type that an extension made are found where the extension is, and compare as in the API.
func TestRulesOnTypesOfExtensions(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC")
	testkit.Exec(t, db, "ALTER DATABASE "+testkit.Value(t, db, "SELECT quote_ident(current_database())")+" SET search_path = public, extensions")
	db.Reset() // connections of before have the old path
	s := secureIn(t, db, rls.Options{}, `
type Doc @table @auth(rules: [{ allow: OWNER, field: "owner" }]) { owner: String! @col(dataType: "citext") tags: [Tag!]! }
type Tag @table @auth(rules: [{ allow: PUBLIC }]) { docs: [Doc!]! }`,
		"INSERT INTO docs (id, owner) VALUES ('"+id('a', 0)+"', 'ada')", "INSERT INTO tags (id) VALUES ('"+id('b', 0)+"')")
	links := testkit.Value(t, db, "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('docs', 'tags')")
	testkit.Exec(t, db, "INSERT INTO "+links+" SELECT d.id, t.id FROM docs d, tags t")
	byAPI := ""
	s.try(t, func(tx pgx.Tx) {
		byAPI = s.client(tx, caller.Caller{UID: "ADA"}).data(t, `{ docs { nodes { tags { totalCount } } } }`, nil)
	})
	byPolicy := s.asked(t, "authenticated", `{"sub": "ADA"}`, "SELECT count(*)::text FROM "+links)
	if byAPI != `{"docs":{"nodes":[{"tags":{"totalCount":1}}]}}` || byPolicy != "1" {
		t.Errorf("the API answers %s, and the policies show %s links", byAPI, byPolicy)
	}
}
