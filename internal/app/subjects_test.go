package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Clients that bring the claims of an issuer with `subject: uuid` themselves are the same users as for the API. The API names them by that ID.
func TestPoliciesKnowUUIDsOfSubjects(t *testing.T) {
	db, dir := testkit.NewDatabase(t), testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{"schema.graphql": "type Note @table @auth(rules: []) { text: String }", "krowoc.yaml": `
project: notes
auth:
  issuers:
    - {kind: oidc, url: "https://id.example.com/it's", audience: [api], subject: uuid}
    - {kind: oidc, url: "https://accounts.google.com", audience: [api], subject: uuid}
    - {kind: oidc, url: "https://login.microsoftonline.com/common/v2.0", audience: [api], subject: uuid}
    - {kind: supabase, url: "https://abc.supabase.co", subject: uuid}
    - {kind: oidc, url: "https://plain.example.com", audience: [api]}
`})
	a := newApp(t, dir)
	testkit.Exec(t, db, "CREATE TABLE notes (id uuid PRIMARY KEY, text text)")
	underPolicies(t, a, db)
	const tenant = "https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"
	for _, tt := range []struct{ iss, issuer, sub string }{
		{"https://id.example.com/it's", "", "ada"},
		{"https://id.example.com/it's", "", strings.Repeat("x", 39)}, // with the namespace, 55 bytes: the most of one block
		{"https://id.example.com/it's", "", strings.Repeat("x", 40)},
		{"https://id.example.com/it's", "", strings.Repeat("\u00e4\U0001F600", 60)},
		{"accounts.google.com", "https://accounts.google.com", "117"},
		{"https://accounts.google.com", "", "117"},
		{tenant, "", "AAAA"},
		{"https://abc.supabase.co/auth/v1", "", "0191e3a4-7c1e-7b3a-9c55-3f1d2a4b5c6d"},
	} {
		issuer := tt.issuer
		if issuer == "" {
			issuer = tt.iss
		}
		want := token.UserID(issuer, tt.sub)
		for _, as := range []string{"uid", "uid_as_uuid"} {
			if got := claimed(t, db, map[string]any{"iss": tt.iss, "sub": tt.sub}, as); got != want {
				t.Errorf("%s of %q at %s is %s instead of %s", as, tt.sub, tt.iss, got, want)
			}
		}
	}
	for _, iss := range []string{"https://plain.example.com", "https://login.microsoftonlineXcom/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"} {
		if got := claimed(t, db, map[string]any{"iss": iss, "sub": "ada"}, "uid"); got != "ada" {
			t.Errorf("the user of %s is %s", iss, got)
		}
	}
	_, ofAPI := a.RowLevelSecurity().Session(caller.Caller{UID: "ada"}, false)
	var claims map[string]any
	if err := json.Unmarshal([]byte(ofAPI), &claims); err != nil || claimed(t, db, claims, "uid") != "ada" {
		t.Errorf("the caller of the API is %s: %v", claimed(t, db, claims, "uid"), err)
	}
}

// claimed returns what a function of the policies tells of claims.
func claimed(t *testing.T, db *pgxpool.Pool, claims map[string]any, function string) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	testkit.Exec(t, tx, "SELECT set_config('request.jwt.claims', $1, true)", string(text))
	testkit.Exec(t, tx, "SET LOCAL ROLE authenticated")
	return testkit.Value(t, tx, "SELECT krowoc_auth."+function+"()::text")
}
