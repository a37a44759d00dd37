package session_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/oidc"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
)

// provider is an OpenID Connect provider at which carl is logged in.
type provider struct {
	*httptest.Server
	t         *testing.T
	w         *world
	key       *ecdsa.PrivateKey
	challenge string // of the last authorization request
	maxAge    string
	subject   string
	refreshes atomic.Int32
	offline   bool // sends refresh tokens
	doubts    bool // the e-mail address is not verified
	ended     atomic.Bool
}

func newProvider(t *testing.T, w *world) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, w: w, key: key, subject: "carl", offline: true}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		send(rw, map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "introspection_endpoint": p.URL + "/introspect"})
	})
	mux.HandleFunc("GET /keys", func(rw http.ResponseWriter, _ *http.Request) {
		public, err := jwk.Import(p.key.Public())
		if err == nil {
			err = public.Set(jwk.KeyIDKey, "k")
		}
		if err != nil {
			t.Error(err)
		}
		send(rw, map[string]any{"keys": []any{public}})
	})
	mux.HandleFunc("GET /authorize", func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("client_id") != "shop" || q.Get("scope") != "openid email profile offline_access" || q.Get("prompt") != "consent" || q.Get("code_challenge_method") != "S256" || strings.Contains(q.Get("redirect_uri"), "?") {
			t.Errorf("the authorization request is %v", q)
		}
		p.challenge, p.maxAge = q.Get("code_challenge"), q.Get("max_age")
		http.Redirect(rw, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"one"}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("POST /introspect", func(rw http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "shop" || secret != "hush" || (r.PostFormValue("token") == "again") != p.offline {
			t.Errorf("the introspection request of %q is %v", id, r.PostForm)
		}
		send(rw, map[string]bool{"active": !p.ended.Load()})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func send(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	proven := base64.RawURLEncoding.EncodeToString(sum[:]) == p.challenge && r.PostFormValue("code") == "one"
	if r.PostFormValue("grant_type") == "refresh_token" {
		p.refreshes.Add(1)
		proven = r.PostFormValue("refresh_token") == "again" && !p.ended.Load()
	}
	if id != "shop" || secret != "hush" || !proven {
		w.WriteHeader(http.StatusBadRequest)
		send(w, map[string]string{"error": "invalid_grant", "error_description": "no"})
		return
	}
	now := p.w.now()
	builder := jwt.NewBuilder().Issuer(p.URL).Subject(p.subject).Audience([]string{"shop"}).IssuedAt(now).Expiration(now.Add(time.Hour)).
		Claim("email", "carl@example.com").Claim("roles", []string{"clerk"})
	if p.doubts {
		builder = builder.Claim("email_verified", false)
	}
	if p.maxAge != "" {
		builder = builder.Claim("auth_time", now.Unix())
	}
	built, err := builder.Build()
	if err != nil {
		p.t.Error(err)
		return
	}
	key, err := jwk.Import(p.key)
	if err == nil {
		err = key.Set(jwk.KeyIDKey, "k")
	}
	signed, err2 := jwt.Sign(built, jwt.WithKey(jwa.ES256(), key))
	if err != nil || err2 != nil {
		p.t.Error(err, err2)
	}
	answer := map[string]any{"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "id_token": string(signed)}
	if p.offline {
		answer["refresh_token"] = "again"
	}
	send(w, answer)
}

// with starts a server whose browsers log in with the provider alone.
func (p *provider) process(change ...func(*session.Options)) *process {
	return p.w.process(func(o *session.Options) {
		tokens, err := token.New(token.Options{Issuers: []token.Issuer{{Kind: token.OIDC, URL: p.URL, Audience: []string{"shop"}}}, Now: p.w.now})
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(tokens.Close)
		o.LogIns = anyIssuer{&liveness.Introspection{Issuer: p.URL, ClientID: "shop", Secret: "hush"}}
		o.Tokens, o.Issuer = tokens, func() gotrue.Client { return gotrue.Client{} }
		o.Providers = map[string]session.Provider{"acme": &oidc.Client{Issuer: p.URL, ClientID: "shop", Secret: "hush", Scopes: []string{"offline_access"}, Parameters: []string{"prompt=consent"}}}
		for _, c := range change {
			c(o)
		}
	})
}

func TestOpenIDConnect(t *testing.T) {
	w := newWorld(t)
	provider := newProvider(t, w)
	p := provider.process()
	b := newBrowser(t)
	if a := b.get(p.URL + "/auth/providers"); !strings.Contains(a.text, `"providers":["acme"],"email":false,"signUp":false`) {
		t.Errorf("providers: %s", a.text)
	}
	logIn := func(b *browser) answer {
		t.Helper()
		to := b.get(p.URL + "/auth/login?provider=acme&next=/in").header.Get("Location")
		return b.get(b.get(to).header.Get("Location"))
	}
	if a := logIn(b); a.status != http.StatusSeeOther || a.header.Get("Location") != "/in" || b.uid(p) != "carl" {
		t.Fatalf("log in: %d %s, %q", a.status, a.text, b.uid(p))
	}
	w.pass(2 * time.Hour)
	if b.uid(p) != "carl" || provider.refreshes.Load() != 1 {
		t.Errorf("after two hours: %q, %d refreshes", b.uid(p), provider.refreshes.Load())
	}
	provider.subject = "mallory" // the provider lies
	w.pass(2 * time.Hour)
	if who := b.uid(p); who != "Unauthorized" || !strings.Contains(w.logged(), "the token of another user") {
		t.Errorf("with the token of somebody else: %q", who)
	}
	provider.subject, provider.offline = "carl", false
	logIn(b)
	if a := b.do(http.MethodPost, p.URL+"/auth/logout", "{}"); a.status != http.StatusNoContent || b.uid(p) != "" {
		t.Errorf("log out: %d %s", a.status, a.text)
	}
	logIn(b)
	w.pass(2 * time.Hour)
	if who := b.uid(p); who != "Unauthorized" {
		t.Errorf("without a refresh token, after the end of the first token: %q", who)
	}
	for path, want := range map[string]int{"/auth/login?provider=other": http.StatusNotFound, "/auth/callback?code=one&state=" + strings.Repeat("A", 22): http.StatusBadRequest} {
		if a := b.get(p.URL + path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "a@example.com", "password": "x"}`); a.status != http.StatusBadRequest || !strings.Contains(a.text, "provider alone") {
		t.Errorf("a password: %d %s", a.status, a.text)
	}
	provider.Close()
	if a := newBrowser(t).get(p.URL + "/auth/login?provider=acme"); a.status != http.StatusSeeOther { // its addresses are known
		t.Errorf("while the provider is away: %d", a.status)
	}
}

// TestTwoProvidersOfOneIssuer: each refreshes the tokens of its own log-ins; under another name, the provider is found by its issuer.
func TestTwoProvidersOfOneIssuer(t *testing.T) {
	w := newWorld(t)
	provider := newProvider(t, w)
	with := func(names ...string) *process {
		return provider.process(func(o *session.Options) {
			acme := o.Providers["acme"]
			o.Providers = map[string]session.Provider{"acme": acme}
			for _, name := range names {
				o.Providers[name] = &oidc.Client{Issuer: provider.URL, ClientID: "other", Secret: "none"}
			}
			if len(names) == 0 {
				o.Providers = map[string]session.Provider{"renamed": acme}
			}
		})
	}
	p := with("a", "aa", "b", "z")
	b := newBrowser(t)
	to := b.get(p.URL + "/auth/login?provider=acme").header.Get("Location")
	b.get(b.get(to).header.Get("Location"))
	for range 3 {
		w.pass(2 * time.Hour)
		if who := b.uid(p); who != "carl" {
			t.Fatalf("a client has refreshed the tokens of another one: %q", who)
		}
	}
	renamed := with()
	b.share(p, renamed)
	w.pass(2 * time.Hour)
	if who := b.uid(renamed); who != "carl" {
		t.Errorf("under another name: %q", who)
	}
}

// An address that is verified after the log-in reaches the row of its person with the next refresh.
func TestEmailThatIsVerifiedLater(t *testing.T) {
	w := newWorld(t)
	provider := newProvider(t, w)
	provider.doubts = true
	var people rows
	p := provider.process(func(o *session.Options) { o.People = &people })
	b := newBrowser(t)
	to := b.get(p.URL + "/auth/login?provider=acme").header.Get("Location")
	b.get(b.get(to).header.Get("Location"))
	if got := people.email("carl"); got != "" || b.uid(p) != "carl" {
		t.Fatalf("%q has the address %q, which is not verified", b.uid(p), got)
	}
	provider.doubts = false
	w.pass(2 * time.Hour)
	if who := b.uid(p); who != "carl" || people.email(who) != "carl@example.com" {
		t.Errorf("after the refresh, %q has the address %q", who, people.email(who))
	}
}
