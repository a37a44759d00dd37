package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestServeAsksTheIssuer: an operation that asks for a recent log-in asks the issuer once, and is refused where the issuer is away or has ended the
// session, although the token is good. Other operations do not notice.
func TestServeAsksTheIssuer(t *testing.T) {
	var asked atomic.Int32
	var down atomic.Bool
	dir, a, auth := withIssuer(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/auth/v1/user" {
				if asked.Add(1); down.Load() {
					http.Error(w, "down", http.StatusServiceUnavailable)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	})
	path := filepath.Join(dir, "schema.graphql")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const before, after = "    @pii\n    @auth(rules: [", "    @pii\n    @auth(fresh: \"5m\", rules: ["
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler)
	token := logIn(t, auth, "farid@example.com")
	const mine = `{ a: users(where: {email: {eq: "farid@example.com"}}) { nodes { email } } b: users(orderBy: {email: ASC}) { nodes { email name } } }`
	const others = `{ users { nodes { name } } }`
	check := func(what, query, path, want string, times int32) {
		t.Helper()
		asked.Store(0)
		response, answer := asks(t, url, token, query)
		if got := at(answer, path); got != want || asked.Load() != times {
			t.Errorf("%s: %d %v, and the issuer was asked %d times", what, response.StatusCode, answer, asked.Load())
		}
	}
	check("a recent log-in", mine, "data.a.nodes.email", "farid@example.com", 1)
	down.Store(true)
	check("an issuer that is away", mine, "code", "unavailable", 1)
	if _, answer := asks(t, url, token, others); at(answer, "data.users.nodes.name") == nil {
		t.Errorf("an issuer that is away, and an operation that does not ask: %v", answer)
	}
	down.Store(false)
	if err := (gotrue.Client{URL: auth + "/auth/v1"}).Logout(t.Context(), token, "local"); err != nil {
		t.Fatal(err)
	}
	check("a session that has ended", mine, "errors.extensions.code", "UNAUTHENTICATED", 1)
	if _, answer := asks(t, url, token, others); at(answer, "data.users.nodes.name") == nil {
		t.Errorf("the token is refused: %v", answer)
	}
}

// Issuers that can be asked are those of Supabase, and those of OpenID Connect for which this service has a secret.
func TestIssuersThatCanBeAsked(t *testing.T) {
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{"krowoc.yaml": `project: p
auth:
  issuers:
    - {kind: supabase, url: https://a.supabase.co}
    - {kind: oidc, url: https://b.example.com, clientId: shop, clientSecret: hush}
    - {kind: oidc, url: https://c.example.com, clientId: public}
    - {kind: oidc, url: https://d.example.com, audience: [api]}
    - {kind: jwks, url: https://e.example.com, audience: [api], jwks: https://e.example.com/keys}
`, "schema.graphql": ""})
	var got []string
	for url, source := range newApp(t, dir).AskedIssuers() {
		got = append(got, fmt.Sprintf("%s %T", url, source))
	}
	slices.Sort(got)
	if want := []string{"https://a.supabase.co/auth/v1 liveness.Supabase", "https://b.example.com *liveness.Introspection"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
