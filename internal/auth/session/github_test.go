package session_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/github"
	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
)

// gitHub is an Enterprise Server on which octocat has an account. Its answers have the form of GitHub's documentation.
type gitHub struct {
	*httptest.Server
	challenge string
	token     string // the valid access token; "" after the person has revoked it
	refresh   string // the valid refresh token of a GitHub App; "" of an OAuth app
	emails    string
	down      bool // the API
	issued    int
}

const octocat = `{"login": "octocat", "id": 583231, "node_id": "MDQ6VXNlcjU4MzIzMQ==", "avatar_url": "https://avatars.githubusercontent.com/u/583231?v=4",
	"type": "User", "site_admin": false, "name": null, "email": "public@example.com", "created_at": "2011-01-25T18:44:36Z"}`

const verified = `[{"email": "other@example.com", "primary": false, "verified": true, "visibility": null},
	{"email": "Octocat@example.com", "primary": true, "verified": true, "visibility": "private"}]`

func newGitHub(t *testing.T) *gitHub {
	t.Helper()
	g := &gitHub{emails: verified}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/oauth/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("client_id") != "shop" || q.Get("scope") != "read:user user:email" || q.Get("allow_signup") != "false" || q.Get("code_challenge_method") != "S256" {
			t.Errorf("the authorization request is %v", q)
		}
		g.challenge = q.Get("code_challenge")
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"one"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /login/oauth/access_token", g.exchange)
	answer := func(text *string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			switch {
			case g.down:
				w.WriteHeader(http.StatusBadGateway)
			case r.Header.Get("Authorization") != "Bearer "+g.token:
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"}`)
			default:
				fmt.Fprint(w, *text)
			}
		}
	}
	user := octocat
	mux.HandleFunc("GET /api/v3/user", answer(&user))
	mux.HandleFunc("GET /api/v3/user/emails", answer(&g.emails))
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	return g
}

// exchange answers with a form, as GitHub does if nothing else is asked for. Mistakes have the status 200.
func (g *gitHub) exchange(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	proven := base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge && r.PostFormValue("code") == "one"
	if r.PostFormValue("grant_type") == "refresh_token" {
		proven = g.refresh != "" && r.PostFormValue("refresh_token") == g.refresh
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if r.PostFormValue("client_id") != "shop" || r.PostFormValue("client_secret") != "hush" || !proven {
		fmt.Fprint(w, "error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired.&error_uri=https%3A%2F%2Fdocs.github.com")
		return
	}
	g.issued++
	g.token = fmt.Sprintf("gho_%d", g.issued)
	form := url.Values{"access_token": {g.token}, "scope": {"read:user,user:email"}, "token_type": {"bearer"}}
	if g.refresh != "" {
		g.refresh = fmt.Sprintf("ghr_%d", g.issued)
		form.Set("refresh_token", g.refresh)
		form.Set("expires_in", "28800")
		form.Set("refresh_token_expires_in", "15811200")
	}
	fmt.Fprint(w, form.Encode())
}

// process starts a server whose browsers log in with this GitHub alone.
func (g *gitHub) process(w *world) *process {
	return w.process(func(o *session.Options) {
		none, err := token.New(token.Options{Now: w.now})
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(none.Close)
		o.Tokens, o.Issuer = none, func() gotrue.Client { return gotrue.Client{} }
		o.Providers = map[string]session.Provider{"github": &github.Client{URL: g.URL, ClientID: "shop", Secret: "hush", Parameters: []string{"allow_signup=false"}, Now: w.now}}
	})
}

func (b *browser) gitHub(p *process) answer {
	b.t.Helper()
	to := b.get(p.URL + "/auth/login?provider=github&next=/in").header.Get("Location")
	return b.get(b.get(to).header.Get("Location"))
}

func TestGitHub(t *testing.T) {
	w, g := newWorld(t), newGitHub(t)
	p := g.process(w)
	b := newBrowser(t)
	if a := b.gitHub(p); a.status != http.StatusSeeOther || a.header.Get("Location") != "/in" || b.uid(p) != "583231" {
		t.Fatalf("log in: %d %s, %q", a.status, a.text, b.uid(p))
	}
	if s := b.session(p); s.User == nil || s.User.Email != "octocat@example.com" {
		t.Errorf("the session is %+v", s)
	}
	w.pass(3 * time.Hour)
	if who := b.uid(p); who != "583231" {
		t.Errorf("after three hours: %q", who)
	}
	g.down = true
	w.pass(3 * time.Hour)
	if who := b.uid(p); who != "Service Unavailable" {
		t.Errorf("while GitHub is down: %q", who)
	}
	g.down = false
	if who := b.uid(p); who != "583231" {
		t.Errorf("after GitHub came back: %q", who)
	}
	g.token = "" // octocat revokes the access of the app
	w.pass(3 * time.Hour)
	if who := b.uid(p); who != "Unauthorized" || !strings.Contains(w.logged(), "GitHub no longer accepts the token") {
		t.Errorf("after the token was revoked: %q", who)
	}
	for name, emails := range map[string]string{"not verified": strings.ReplaceAll(verified, `"primary": true, "verified": true`, `"primary": true, "verified": false`), "none": `[]`} {
		g.emails = emails
		if a := newBrowser(t).gitHub(p); a.status != http.StatusUnauthorized || !strings.Contains(a.text, "has not verified the primary e-mail address") {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

// The tokens of a GitHub App expire. A new one is kept even if GitHub then does not say who the person is.
func TestGitHubApp(t *testing.T) {
	w, g := newWorld(t), newGitHub(t)
	g.refresh = "ghr_0"
	p := g.process(w)
	b := newBrowser(t)
	b.gitHub(p)
	w.pass(9 * time.Hour)
	if who := b.uid(p); who != "583231" || g.issued != 2 {
		t.Fatalf("after nine hours: %q with %d tokens", who, g.issued)
	}
	g.down = true
	w.pass(9 * time.Hour)
	if who := b.uid(p); who != "583231" || g.issued != 3 {
		t.Errorf("while the API is down: %q with %d tokens", who, g.issued)
	}
	w.pass(5 * time.Minute)
	if who := b.uid(p); who != "Service Unavailable" {
		t.Errorf("later: %q", who)
	}
	g.down = false
	if who := b.uid(p); who != "583231" || g.issued != 3 {
		t.Errorf("at last: %q with %d tokens", who, g.issued)
	}
}

// The tokens of a provider that is no longer configured are sent to nobody. Its sessions go on when it is back.
func TestProviderThatIsRemoved(t *testing.T) {
	w, g := newWorld(t), newGitHub(t)
	p := g.process(w)
	b := newBrowser(t)
	b.gitHub(p)
	without := w.process()
	b.share(p, without)
	w.pass(3 * time.Hour)
	if who := b.uid(without); who != "Unauthorized" || w.refreshes.Load() != 0 {
		t.Errorf("without the provider: %q, and Supabase Auth was asked %d times", who, w.refreshes.Load())
	}
	if who := b.uid(p); who != "583231" {
		t.Errorf("with the provider: %q", who)
	}
}
