package exec_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A database that does not enforce the rules is known by what it lacks.
func TestCheckOfEnforcement(t *testing.T) {
	options := rls.Options{Enforce: true}
	e := enforce(t, policyCases, policyCaseRows...)
	if err := rls.Check(t.Context(), e.db, e.tables, options); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ change, want, hint string }{
		{"ALTER TABLE posts DISABLE ROW LEVEL SECURITY", "row-level security is off for posts", "ENABLE ROW LEVEL SECURITY"},
		{"DROP POLICY krowoc_select ON posts", "the database lacks krowoc_select ON posts", "migrate up"},
		{"DROP POLICY krowoc_api_select ON users", "the database lacks krowoc_api_select ON users", "migrate up"},
		{"CREATE POLICY by_hand ON posts FOR SELECT USING (true)", "has the policy by_hand ON posts, which would allow more", "RESTRICTIVE"},
		{"CREATE POLICY by_hand ON posts FOR DELETE TO authenticated USING (true)", "has the policy by_hand ON posts, which would allow more", "RESTRICTIVE"},
		{"REVOKE ALL ON posts FROM anon_api", "rights are missing on posts for anon_api", "migrate up"},
		{"COMMENT ON SCHEMA krowoc_auth IS NULL", "has no policies that the API can run under", "krowoc schema rls"},
		{"DROP SCHEMA krowoc_auth CASCADE", "has no policies that the API can run under", "krowoc schema rls"},
		{"ALTER ROLE authenticated_api BYPASSRLS", "no policy applies to the role authenticated_api", "NOBYPASSRLS"},
		{"ALTER TABLE posts FORCE ROW LEVEL SECURITY; CREATE ROLE plain_server LOGIN; GRANT anon_api, anon_api_write, authenticated_api, authenticated_api_write TO plain_server; SET SESSION AUTHORIZATION plain_server",
			"the policies apply to the role of the server itself", "BYPASSRLS"},
		{"CREATE ROLE weak_server LOGIN; SET SESSION AUTHORIZATION weak_server", "may not take the role anon_api, anon_api_write", "GRANT anon_api, anon_api_write, authenticated_api, authenticated_api_write TO weak_server"},
		{"ALTER ROLE anon_api_write RENAME TO other_role", "the server has no role anon_api_write", "pg_dumpall"},
	} {
		e.try(t, func(tx pgx.Tx) {
			testkit.Exec(t, tx, tt.change)
			err := rls.Check(t.Context(), tx, e.tables, options)
			if fault.CodeOf(err) != fault.CheckFailed || !strings.Contains(err.Error(), tt.want) || !strings.Contains(fault.HintOf(err), tt.hint) {
				t.Errorf("%s: %v\n%s", tt.change, err, fault.HintOf(err))
			}
		})
	}
	e.try(t, func(tx pgx.Tx) {
		testkit.Exec(t, tx, "CREATE POLICY fewer ON posts AS RESTRICTIVE FOR SELECT USING (false); CREATE ROLE analyst; CREATE POLICY others ON posts FOR SELECT TO analyst USING (true)")
		if err := rls.Check(t.Context(), tx, e.tables, options); err != nil {
			t.Error(err)
		}
	})
	e.tables[0].Policies[rls.Delete] = nil
	if err := rls.Check(t.Context(), e.db, e.tables, options); err == nil || !strings.Contains(err.Error(), "of another schema") {
		t.Errorf("with another rule: %v", err)
	}
}

// A server that runs finds what would show its callers more, and goes on under the rules of the next version.
func TestCheckOfEnforcementAgain(t *testing.T) {
	options := rls.Options{Enforce: true}
	e := enforce(t, policyCases, policyCaseRows...)
	for change, want := range map[string]string{
		"SELECT 1": "",
		"COMMENT ON SCHEMA krowoc_auth IS NULL; CREATE POLICY krowoc_next ON posts FOR SELECT USING (false)": "",
		"ALTER TABLE posts DISABLE ROW LEVEL SECURITY":                                                       "row-level security is off for posts",
		"CREATE POLICY by_hand ON posts FOR SELECT USING (true)":                                             "by_hand ON posts",
		"ALTER ROLE anon_api BYPASSRLS":                                                                      "no policy applies to the role anon_api",
	} {
		e.try(t, func(tx pgx.Tx) {
			testkit.Exec(t, tx, change)
			err := rls.CheckAgain(t.Context(), tx, e.tables, options)
			if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v", change, err)
			}
		})
	}
}
