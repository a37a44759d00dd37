package session_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestLogInAndOut(t *testing.T) {
	w := newWorld(t)
	var told []string
	p := w.process(func(o *session.Options) {
		o.LoggedIn = func(_ context.Context, uid, method string, failure error) {
			told = append(told, fmt.Sprint(uid, " ", method, " ", failure == nil))
		}
	})
	b := newBrowser(t)
	if s := b.session(p); s.User != nil || b.uid(p) != "" {
		t.Fatalf("before the log-in: %+v", s)
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "ann@example.com", "password": "wrong"}`); a.status != http.StatusBadRequest {
		t.Errorf("a wrong password: %d %s", a.status, a.text)
	}
	a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "ann@example.com", "password": "password", "next": "/mine?a=1"}`)
	if a.status != http.StatusOK || !strings.Contains(a.text, `"/mine?a=1"`) || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("log in: %d %s %v", a.status, a.text, a.header)
	}
	cookies := strings.Join(a.header.Values("Set-Cookie"), "\n")
	if !strings.Contains(cookies, "HttpOnly; SameSite=Lax") || strings.Contains(cookies, "ey") && strings.Contains(cookies, "krowoc_session=ey") {
		t.Errorf("cookies: %s", cookies)
	}
	if s := b.session(p); s.User == nil || s.User.ID != "ann" || s.User.Email != "ann@example.com" || len(s.User.Roles) != 1 || b.uid(p) != "ann" {
		t.Errorf("after the log-in: %+v", s)
	}
	if n := testkit.Value(t, w.pool, "SELECT count(*) FROM krowoc.sessions WHERE access::text LIKE '%65794a%' OR refresh IS NULL"); n != "0" {
		t.Error("the table has a token that is not encrypted")
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/logout", ""); a.status != http.StatusNoContent {
		t.Errorf("log out: %d %s", a.status, a.text)
	}
	if s := b.session(p); s.User != nil || b.uid(p) != "" {
		t.Errorf("after the log-out: %+v", s)
	}
	if got := strings.Join(told, ", "); got != " password false, ann password true" {
		t.Errorf("LoggedIn is told %s", got)
	}
	log := w.logged()
	for _, want := range []string{"login_failed provider=password", "login_success provider=password uid=ann"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

// follow follows redirects to the end, with the choice of a user on the page of the issuer.
func (b *browser) provider(p *process, user, next string) answer {
	b.t.Helper()
	a := b.get(p.URL + "/auth/login?provider=krowoc&next=" + url.QueryEscape(next))
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther {
		b.t.Fatalf("log in with a provider: %d %s", a.status, a.text)
	}
	q := to.Query()
	form := url.Values{"user": {user}, "redirect_to": {q.Get("redirect_to")}, "code_challenge": {q.Get("code_challenge")}, "code_challenge_method": {q.Get("code_challenge_method")}}
	chosen := b.do(http.MethodPost, to.Scheme+"://"+to.Host+to.Path, form.Encode())
	return answer{chosen.status, chosen.header, chosen.header.Get("Location")}
}

func TestProvider(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	callback := b.provider(p, "bob", "/after").text
	if stranger := newBrowser(t).get(callback); stranger.status != http.StatusBadRequest || !strings.Contains(stranger.text, "not begun in this browser") {
		t.Errorf("a log-in that another browser has begun: %d %s", stranger.status, stranger.text)
	}
	a := b.get(callback)
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/after" || b.uid(p) != "bob" {
		t.Fatalf("callback: %d %s %s", a.status, a.header.Get("Location"), a.text)
	}
	if again := b.get(callback); again.status != http.StatusBadRequest {
		t.Errorf("a log-in that is finished a second time: %d", again.status)
	}
	// The cookie of one log-in does not finish another one.
	mallory, victim := newBrowser(t), newBrowser(t)
	hers := mallory.provider(p, "ann", "/")
	victim.get(p.URL + "/auth/login?provider=krowoc")
	if a := victim.get(hers.text); a.status != http.StatusBadRequest || victim.uid(p) != "" {
		t.Errorf("log-in CSRF: %d, the victim is %q", a.status, victim.uid(p))
	}
}

// The log-in page of an application is a path, or on an origin that may use sessions.
func TestOwnPage(t *testing.T) {
	w := newWorld(t)
	const origin = "https://app.example.com"
	for page, want := range map[string]string{"/login": "/login?email=&next=%2Fmine", origin + "/login": origin + "/login?email=&next=%2Fmine",
		"/?a=b#login": "/?a=b&email=&next=%2Fmine#login"} {
		p := w.process(func(o *session.Options) { o.Page, o.Origins = page, []string{origin} })
		if a := newBrowser(t).get(p.URL + "/auth/login?next=/mine"); a.header.Get("Location") != want {
			t.Errorf("the page is %s", a.header.Get("Location"))
		}
		to := newBrowser(t).do(http.MethodGet, p.URL+"/auth/callback?state=x", "", "Accept", "text/html").header.Get("Location")
		if !strings.HasPrefix(to, strings.TrimSuffix(page, "#login")) || !strings.Contains(to, "error=") {
			t.Errorf("a failure leads to %s", to)
		}
	}
	for _, page := range []string{"https://evil.example.com/login", "http://app.example.com/login", "https:///evil.example.com", "//evil.example.com", "javascript:alert(1)"} {
		_, err := session.New(session.Options{Pool: w.pool, Page: page, Origins: []string{origin}})
		if err == nil || !strings.Contains(err.Error(), "not listed") {
			t.Errorf("%s: %v", page, err)
		}
	}
}

func TestMail(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	send := func() (link, code string) {
		t.Helper()
		if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "ann@example.com", "next": "/mail"}`); a.status != http.StatusAccepted {
			t.Fatalf("send mail: %d %s", a.status, a.text)
		}
		for _, line := range strings.Split(w.mail, "\n") {
			if strings.HasPrefix(line, "http") {
				link = line
			}
			if _, digits, found := strings.Cut(line, "the code "); found {
				code = digits
			}
		}
		return link, code
	}
	link, _ := send()
	back := newBrowser(t).get(link).header.Get("Location")
	if a := newBrowser(t).get(back); a.status != http.StatusBadRequest {
		t.Errorf("the link in another browser: %d", a.status)
	}
	link, _ = send()
	a := b.get(b.get(link).header.Get("Location"))
	if a.header.Get("Location") != "/mail" || b.uid(p) != "ann" {
		t.Errorf("the link of a mail: %d %s, %q", a.status, a.text, b.uid(p))
	}
	_, code := send()
	other := newBrowser(t)
	if a := other.do(http.MethodPost, p.URL+"/auth/login", url.Values{"email": {"ann@example.com"}, "code": {code}, "next": {"/code"}}.Encode()); a.header.Get("Location") != "/code" || other.uid(p) != "ann" {
		t.Errorf("the code of a mail: %d %s", a.status, a.text)
	}
}

// TestAccount: people sign up, change their password, and get in again after they have forgotten it.
func TestAccount(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	const eve = `"email": "eve@example.com"`
	if a := b.do(http.MethodPost, p.URL+"/auth/login", `{`+eve+`, "password": "first password", "mode": "signup"}`); a.status != http.StatusOK || b.uid(p) != "new eve@example.com" {
		t.Fatalf("sign up: %d %s, %q", a.status, a.text, b.uid(p))
	}
	if a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/password", `{"password": "stolen"}`); a.status != http.StatusUnauthorized {
		t.Errorf("a stranger changes a password: %d", a.status)
	}
	if a := b.do(http.MethodPost, p.URL+"/auth/password", `{"password": "second password"}`); a.status != http.StatusNoContent {
		t.Errorf("change the password: %d %s", a.status, a.text)
	}
	for password, want := range map[string]int{"first password": http.StatusBadRequest, "second password": http.StatusOK} {
		if a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", `{`+eve+`, "password": "`+password+`"}`); a.status != want {
			t.Errorf("log in with the %s: %d", password, a.status)
		}
	}
	forgetful := newBrowser(t)
	if a := forgetful.do(http.MethodPost, p.URL+"/auth/login", `{`+eve+`, "mode": "recover", "next": "/new-password"}`); a.status != http.StatusAccepted {
		t.Fatalf("recover: %d %s", a.status, a.text)
	}
	_, link, _ := strings.Cut(w.mail, "http")
	link, _, _ = strings.Cut("http"+link, "\n")
	if a := forgetful.get(forgetful.get(link).header.Get("Location")); a.header.Get("Location") != "/new-password" || forgetful.uid(p) != "new eve@example.com" {
		t.Errorf("the link to recover: %d %s, %q", a.status, a.text, forgetful.uid(p))
	}
	// Whether an address is known cannot be found out.
	if a := newBrowser(t).do(http.MethodPost, p.URL+"/auth/login", `{"email": "nobody@example.com", "mode": "recover"}`); a.status != http.StatusAccepted {
		t.Errorf("recover an unknown address: %d %s", a.status, a.text)
	}
}

// TestRefreshOnce: ten tabs in front of two processes refresh a session once, before and after its token has expired.
func TestRefreshOnce(t *testing.T) {
	w := newWorld(t)
	first, second := w.process(), w.process()
	b := newBrowser(t)
	b.logIn(first, "ann@example.com")
	b.share(first, second)
	for n, wait := range []time.Duration{59*time.Minute + 30*time.Second, 2 * time.Hour} {
		w.pass(wait)
		var tabs sync.WaitGroup
		for i := range 20 {
			tabs.Go(func() {
				if who := b.uid([]*process{first, second}[i%2]); who != "ann" {
					t.Errorf("a tab is %q", who)
				}
			})
		}
		tabs.Wait()
		for until := time.Now().Add(5 * time.Second); w.refreshes.Load() < int32(n+1) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		if got := w.refreshes.Load(); got != int32(n+1) {
			t.Fatalf("%d refreshes after %v, want %d", got, wait, n+1)
		}
		w.pass(6 * time.Second)
		if b.uid(first) != "ann" || b.uid(second) != "ann" {
			t.Fatal("the tabs are logged out")
		}
	}
}

// TestIssuerAway: nobody is logged out because the issuer does not answer.
func TestIssuerAway(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	w.down.Store(true)
	w.pass(59*time.Minute + 30*time.Second)
	if who := b.uid(p); who != "ann" {
		t.Errorf("with a token that is still valid: %q", who)
	}
	w.pass(time.Hour)
	if who := b.uid(p); who != "Service Unavailable" {
		t.Errorf("with a token that has expired: %q", who)
	}
	w.down.Store(false)
	if who := b.uid(p); who != "ann" {
		t.Errorf("after the issuer came back: %q", who)
	}
}

// TestReusedToken: a refresh token that somebody else has used ends the session.
func TestReusedToken(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	stolen := testkit.Value(t, w.pool, "SELECT encode(refresh, 'hex') || ' ' || encode(access, 'hex') FROM krowoc.sessions")
	w.pass(2 * time.Hour)
	if b.uid(p) != "ann" {
		t.Fatal("no refresh")
	}
	refresh, access, _ := strings.Cut(stolen, " ")
	testkit.Exec(t, w.pool, "UPDATE krowoc.sessions SET refresh = decode($1, 'hex'), access = decode($2, 'hex'), access_until = $3", refresh, access, w.now())
	w.pass(6 * time.Second)
	w.pass(time.Minute) // more than the issuer forgives
	if who := b.uid(p); who != "Unauthorized" {
		t.Errorf("a reused refresh token: %q", who)
	}
	if log := w.logged(); !strings.Contains(log, "used a second time") {
		t.Errorf("the log does not say why:\n%s", log)
	}
	if n := testkit.Value(t, w.pool, "SELECT count(*) FROM krowoc.sessions"); n != "0" {
		t.Error("the row is there still")
	}
	if who := b.uid(p); who != "" {
		t.Errorf("the cookie was not removed: %q", who)
	}
}

// TestRefusedToken: a token that is refused before its end is replaced once: the issuer may have replaced a key that somebody has revoked.
func TestRefusedToken(t *testing.T) {
	w := newWorld(t)
	var revoked func(token.Claims) bool
	p := w.process(func(o *session.Options) {
		tokens, err := token.New(token.Options{Issuers: []token.Issuer{{Kind: token.Supabase, URL: w.issuer.URL}}, Now: w.now,
			Revoked: func(c token.Claims) bool { return revoked != nil && revoked(c) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tokens.Close)
		o.Tokens = tokens
	})
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	key := ""
	revoked = func(c token.Claims) bool { key = c.Key; return false }
	b.uid(p)
	old := key
	if err := w.provider.Rotate(); err != nil {
		t.Fatal(err)
	}
	revoked = func(c token.Claims) bool { return c.Key == old }
	w.pass(time.Minute) // the keys of the issuer are fetched again
	if who := b.uid(p); who != "ann" || w.refreshes.Load() != 1 {
		t.Errorf("after the key was revoked: %q, %d refreshes", who, w.refreshes.Load())
	}
	w.pass(2 * time.Minute)
	revoked = func(token.Claims) bool { return true } // now the session at the issuer
	for range 3 {
		if who := b.uid(p); who != "Unauthorized" || b.session(p).User != nil {
			t.Errorf("after the session of the issuer was revoked: %q", who)
		}
	}
	if n := w.refreshes.Load(); n != 2 {
		t.Errorf("%d refreshes", n)
	}
	w.pass(2 * time.Minute)
	revoked = nil
	if who := b.uid(p); who != "ann" { // the refresh token of the second refresh was kept
		t.Errorf("at last: %q", who)
	}
}

// TestManySessions: people see and end their sessions, and nobody else's.
func TestManySessions(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	laptop, phone, other := newBrowser(t), newBrowser(t), newBrowser(t)
	laptop.logIn(p, "ann@example.com")
	w.pass(time.Second)
	phone.logIn(p, "ann@example.com")
	other.logIn(p, "bob@example.com")
	var list struct{ Sessions []session.Info }
	if err := json.Unmarshal([]byte(laptop.get(p.URL+"/auth/sessions").text), &list); err != nil || len(list.Sessions) != 2 || list.Sessions[0].Current || !list.Sessions[1].Current {
		t.Fatalf("sessions: %+v %v", list, err)
	}
	theirs := other.session(p).SessionID
	if a := laptop.do(http.MethodDelete, p.URL+"/auth/sessions/"+theirs, ""); a.status != http.StatusNotFound || other.uid(p) != "bob" {
		t.Errorf("a session of somebody else was ended: %d", a.status)
	}
	if a := laptop.do(http.MethodDelete, p.URL+"/auth/sessions/"+list.Sessions[0].ID, ""); a.status != http.StatusNoContent || phone.uid(p) != "Unauthorized" {
		t.Errorf("a session of one's own: %d %s", a.status, phone.uid(p))
	}
	phone.logIn(p, "ann@example.com")
	if a := laptop.do(http.MethodPost, p.URL+"/auth/logout?scope=others", "{}"); a.status != http.StatusNoContent || phone.uid(p) != "Unauthorized" || laptop.uid(p) != "ann" {
		t.Errorf("log out the others: %d %s", a.status, a.text)
	}
	if a := laptop.do(http.MethodPost, p.URL+"/auth/logout?scope=global", "{}"); a.status != http.StatusNoContent || laptop.uid(p) != "" || other.uid(p) != "bob" {
		t.Errorf("log out everywhere: %d %s", a.status, a.text)
	}
}

// TestKeyRotation: a new key logs nobody out; a lost one does, and says so.
func TestKeyRotation(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t)
	before := w.process()
	b.logIn(before, "ann@example.com")
	second := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	with := func(keys string) *process {
		return w.process(func(o *session.Options) {
			var err error
			if o.Keys, err = session.NewKeyring(keys); err != nil {
				t.Fatal(err)
			}
		})
	}
	both := with(second + ", " + firstKey)
	b.share(before, both)
	if who := b.uid(both); who != "ann" {
		t.Errorf("with a new key and the old one: %q", who)
	}
	w.pass(2 * time.Hour)
	b.uid(both) // refreshes, and so seals with the new key
	alone := with(second)
	b.share(both, alone)
	if who := b.uid(alone); who != "ann" {
		t.Errorf("with the new key alone: %q", who)
	}
	lost := with(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32))))
	b.share(both, lost)
	if who := b.uid(lost); who != "Unauthorized" || !strings.Contains(w.logged(), "auth.session.keys") {
		t.Errorf("without its key: %q", who)
	}
	for _, bad := range []string{"", "short", firstKey + ",", "secret"} {
		if _, err := session.NewKeyring(bad); err == nil {
			t.Errorf("the key %q is accepted", bad)
		}
	}
}

func TestMovedCiphertext(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	ann, bob := newBrowser(t), newBrowser(t)
	ann.logIn(p, "ann@example.com")
	bob.logIn(p, "bob@example.com")
	// Whoever can write the table alone cannot give one session the tokens of another.
	testkit.Exec(t, w.pool, "UPDATE krowoc.sessions SET access = (SELECT access FROM krowoc.sessions WHERE uid = 'ann') WHERE uid = 'bob'")
	w.pass(6 * time.Second)
	if who := bob.uid(p); who != "Unauthorized" {
		t.Errorf("with the tokens of somebody else: %q", who)
	}
}

func TestCookies(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	b.logIn(p, "ann@example.com")
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	ticket := ""
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "krowoc_session" {
			ticket = c.Value
		}
	}
	// A ticket that somebody else has put into the browser is not that of the session after a log-in (fixation).
	fixed, victim := strings.Repeat("B", 43), newBrowser(t)
	victim.client.Jar.SetCookies(u, []*http.Cookie{{Name: "krowoc_session", Value: fixed, Path: "/"}})
	victim.logIn(p, "bob@example.com")
	if a := newBrowser(t).do(http.MethodGet, p.URL+"/api", "", "Cookie", "krowoc_session="+fixed); a.text == "bob" || victim.uid(p) != "bob" {
		t.Error("the ticket was fixed before the log-in")
	}
	stranger := newBrowser(t)
	for name, cookie := range map[string]string{
		"none": "", "empty": "krowoc_session=", "short": "krowoc_session=AAAA", "random": "krowoc_session=" + strings.Repeat("A", 43),
		"two": "krowoc_session=" + strings.Repeat("A", 43) + "; krowoc_session=" + ticket, "other name": "krowoc_sessions=" + ticket, "huge": "krowoc_session=" + strings.Repeat("A", 9000),
		"digest": "krowoc_session=" + testkit.Value(t, w.pool, "SELECT translate(rtrim(encode(ticket, 'base64'), '='), '+/', '-_') FROM krowoc.sessions WHERE uid = 'ann'"),
	} {
		if a := stranger.do(http.MethodGet, p.URL+"/api", "", "Cookie", cookie); a.status == http.StatusOK && a.text != "" {
			t.Errorf("%s: taken for %q", name, a.text)
		}
	}
	secure := w.process(func(o *session.Options) { o.PublicURL = "https://api.example.com" })
	a := stranger.do(http.MethodPost, secure.URL+"/auth/login", `{"email": "ann@example.com", "password": "password"}`)
	if list := fmt.Sprint(a.header.Values("Set-Cookie")); strings.Count(list, "__Host-krowoc") != 2 || strings.Count(list, "Path=/") != 2 || strings.Count(list, "Secure") != 2 || strings.Contains(list, "Domain") {
		t.Errorf("cookies over HTTPS: %s", list)
	}
}
