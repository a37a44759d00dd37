package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
)

// asking has a process ask the development provider.
func (w *world) asking(o *session.Options) {
	o.LogIns = anyIssuer{liveness.Supabase{Client: func() gotrue.Client { return gotrue.Client{URL: w.issuer.URL + "/auth/v1"} }}}
}

// anyIssuer asks one source about all tokens.
type anyIssuer struct{ liveness.Source }

func (a anyIssuer) LogIn(claims token.Claims, t liveness.Tokens) caller.LogIn {
	return liveness.LogIn(a.Source, claims, t)
}

// authenticate asks a process for whom it takes a browser, and keeps the cookies of the browser.
func (b *browser) authenticate(p *process) (caller.Caller, error) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, p.URL+"/graphql", nil)
	for _, c := range b.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	who, known, err := p.manager.Authenticate(r, "")
	if err == nil && !known {
		b.t.Fatal("the browser has no cookie")
	}
	return who, err
}

func (b *browser) caller(p *process) caller.Caller {
	b.t.Helper()
	who, err := b.authenticate(p)
	if err != nil {
		b.t.Fatal(err)
	}
	return who
}

// A session knows when its person has logged in, also after its tokens were refreshed, and its issuer says whether it lives.
func TestLogInOfASession(t *testing.T) {
	w := newWorld(t)
	p := w.process(w.asking)
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	started := w.now()
	if at := b.caller(p).LogIn.Time; at.Unix() != started.Unix() {
		t.Errorf("logged in at %s instead of %s", at, started)
	}
	w.pass(2 * time.Hour)
	who := b.caller(p)
	if at := who.LogIn.Time; at.Unix() != started.Unix() || w.refreshes.Load() != 1 {
		t.Errorf("logged in at %s instead of %s after %d refreshes", at, started, w.refreshes.Load())
	}
	if err := who.LogIn.Lives(t.Context()); err != nil {
		t.Error(err)
	}
	w.down.Store(true)
	if err := who.LogIn.Lives(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("an issuer that is away says %v", err)
	}
	w.down.Store(false)
	if uid := b.uid(p); uid != "ann" {
		t.Errorf("an issuer that was away has ended the session: %s", uid)
	}
}

// A session that its issuer has ended ends here as well, on all processes; nobody had noticed before, because its token is still good.
func TestSessionThatTheIssuerEnds(t *testing.T) {
	w := newWorld(t)
	p, other := w.process(w.asking), w.process(w.asking)
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	b.share(p, other)
	issuer := gotrue.Client{URL: w.issuer.URL + "/auth/v1"}
	s, err := issuer.Password(t.Context(), "ann@example.com", identity.DefaultPassword)
	if err != nil {
		t.Fatal(err)
	}
	if err := issuer.Logout(t.Context(), s.AccessToken, "others"); err != nil {
		t.Fatal(err)
	}
	if uid := b.uid(p); uid != "ann" {
		t.Fatalf("the token was refused already: %s", uid)
	}
	if err := b.caller(p).LogIn.Lives(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("an issuer that has ended the session says %v", err)
	}
	w.pass(6 * time.Second)
	for _, process := range []*process{p, other} {
		if who, err := b.authenticate(process); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("the session goes on for %q: %v", who.UID, err)
		}
	}
	if !strings.Contains(w.logged(), "a session was ended") || !strings.Contains(w.logged(), "refresh_token_not_found") {
		t.Errorf("the log does not say why: %s", w.logged())
	}
}

// A token that has expired for its issuer, whose clock may be ahead, says nothing of the session: that gets another one.
func TestTokenThatHasExpiredForItsIssuer(t *testing.T) {
	w := newWorld(t)
	p := w.process(w.asking, func(o *session.Options) {
		tokens, err := token.New(token.Options{Issuers: []token.Issuer{{Kind: token.Supabase, URL: w.issuer.URL, Leeway: 5 * time.Minute}}, Now: w.now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tokens.Close)
		o.Tokens = tokens
	})
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	w.pass(time.Hour + 2*time.Minute)
	who := b.caller(p)
	if n := w.refreshes.Load(); n != 0 {
		t.Fatalf("%d refreshes: the leeway does not hold the refresh back", n)
	}
	if err := who.LogIn.Lives(t.Context()); err != nil || w.refreshes.Load() != 1 || b.uid(p) != "ann" {
		t.Errorf("%v, %d refreshes, %q", err, w.refreshes.Load(), b.uid(p))
	}
}

// A refresh token that another process has used up says nothing of the session.
func TestRefreshTokenOfAnotherProcess(t *testing.T) {
	w := newWorld(t)
	other, b := w.process(), newBrowser(t)
	var asked []string
	p := w.process(func(o *session.Options) {
		o.LogIns = anyIssuer{source(func(s liveness.Tokens) error {
			if asked = append(asked, s.Refresh); len(asked) > 1 {
				return nil
			}
			w.pass(2 * time.Hour)
			b.uid(other)
			return fault.New(fault.Unauthenticated, "", "the session has ended")
		})}
	})
	b.logIn(p, "ann@example.com")
	b.share(p, other)
	if err := b.caller(p).LogIn.Lives(t.Context()); err != nil || len(asked) != 2 || asked[0] == asked[1] {
		t.Errorf("%v after %q", err, asked)
	}
}

type source func(liveness.Tokens) error

func (s source) Lives(_ context.Context, _ token.Claims, t liveness.Tokens) error { return s(t) }

// A provider with OpenID Connect asks for the password again where a recent log-in is needed, and says when that was.
func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	provider := newProvider(t, w)
	p := provider.process()
	b := newBrowser(t)
	for _, wrong := range []string{"x", "-1", "1.5", "99999999999999999999", "0%26prompt=none"} {
		if a := b.get(p.URL + "/auth/login?provider=acme&max_age=" + wrong); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", wrong, a.status, a.text)
		}
	}
	for _, maxAge := range []string{"", "300"} {
		to := b.get(p.URL + "/auth/login?provider=acme&max_age=" + maxAge).header.Get("Location")
		b.get(b.get(to).header.Get("Location"))
		if at := b.caller(p).LogIn.Time; provider.maxAge != maxAge || at.IsZero() != (maxAge == "") {
			t.Errorf("max_age=%s: the provider got %q, and the log-in was at %s", maxAge, provider.maxAge, at)
		}
	}
	if a := b.get(p.URL + "/auth/login?max_age=300&next=/mine"); !strings.Contains(a.text, `"/auth/login?provider=acme&amp;next=%2fmine&amp;max_age=300"`) {
		t.Errorf("the log-in page leads to providers without the age:\n%s", a.text)
	}
	own := w.process(func(o *session.Options) { o.Page = "/login" })
	if to := newBrowser(t).get(own.URL + "/auth/login?max_age=300&next=/mine").header.Get("Location"); to != "/login?email=&max_age=300&next=%2Fmine" {
		t.Errorf("the application's own page is %s", to)
	}
}

// A provider with OpenID Connect tells by the refresh token whether a session lives. Without one, its answer is about the ID token alone, and the
// session goes on.
func TestIntrospectionOfASession(t *testing.T) {
	for _, offline := range []bool{true, false} {
		w := newWorld(t)
		provider := newProvider(t, w)
		provider.offline = offline
		p := provider.process()
		b := newBrowser(t)
		to := b.get(p.URL + "/auth/login?provider=acme").header.Get("Location")
		b.get(b.get(to).header.Get("Location"))
		who := b.caller(p)
		if err := who.LogIn.Lives(t.Context()); err != nil {
			t.Errorf("offline: %t: %v", offline, err)
		}
		provider.ended.Store(true)
		if err := who.LogIn.Lives(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("offline: %t: a session that has ended: %v", offline, err)
		}
		if _, err := b.authenticate(p); (err == nil) == offline {
			t.Errorf("offline: %t: afterwards: %v", offline, err)
		}
	}
}
