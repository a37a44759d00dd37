package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

// people is a directory in memory.
type people struct {
	mu      sync.Mutex
	all     []identity.User
	missing error // what List returns if there is no table of users
}

func (p *people) find(matches func(identity.User) bool) (identity.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.all {
		if matches(u) {
			return u, nil
		}
	}
	return identity.User{}, fault.New(fault.NotFound, "look", "nobody")
}

func (p *people) List(_ context.Context, search string, _ int) (list []identity.User, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.all {
		if strings.Contains(u.Name, search) {
			list = append(list, u)
		}
	}
	return list, p.missing
}

func (p *people) ByID(_ context.Context, id string) (identity.User, error) {
	return p.find(func(u identity.User) bool { return u.ID == id })
}

func (p *people) ByEmail(_ context.Context, email string) (identity.User, error) {
	return p.find(func(u identity.User) bool { return strings.EqualFold(u.Email, email) })
}

func (p *people) Create(ctx context.Context, u identity.User) (identity.User, error) {
	if _, err := p.ByEmail(ctx, u.Email); err == nil {
		return u, fault.New(fault.Conflict, "add", "there is one")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	u.ID = fmt.Sprintf("user-%d", len(p.all))
	p.all = append(p.all, u)
	return u, nil
}

func (p *people) SetEmail(ctx context.Context, id, email string) error {
	if _, err := p.ByEmail(ctx, email); err == nil {
		return fault.New(fault.Conflict, "change", "there is one")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.all {
		if p.all[i].ID == id {
			p.all[i].Email = email
		}
	}
	return nil
}

// provider is a provider under test, with the mail that it has sent.
type provider struct {
	*identity.Provider
	t      *testing.T
	url    string
	dir    string
	people *people
	sent   func() // after each mail

	mu   sync.Mutex
	mail []string
	now  time.Time
}

func (p *provider) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *provider) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func start(t *testing.T) *provider {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c, err := console.New(t.Context(), console.Options{Address: "127.0.0.1:0", Logger: log, Links: func() []console.Link { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, url: c.URL() + identity.Path, dir: t.TempDir(), now: time.Now(), people: &people{all: []identity.User{
		{ID: "ann", Email: "ann@example.com", Name: "Ann", Roles: []string{"admin"}}, {ID: "bob", Email: "bob@example.com", Name: "Bob <b>"},
	}}}
	p.Provider = p.open(c.URL())
	p.Register(c.Mux)
	c.Mux.HandleFunc("GET /callback", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<p>back</p>") })
	c.Start(t.Context())
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// open opens a provider on the same files, as after a restart.
func (p *provider) open(origin string) *identity.Provider {
	p.t.Helper()
	opened, err := identity.New(identity.Options{
		Environment: "test", Origin: origin, Project: "shop", Dir: p.dir, Users: p.people, Logger: slog.New(slog.DiscardHandler), Now: p.clock,
		Mail: func(_, _, text, _ string) {
			p.mu.Lock()
			p.mail = append(p.mail, text)
			sent := p.sent
			p.mu.Unlock()
			if sent != nil {
				sent()
			}
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return opened
}

// lastMail returns the link and the code of the last mail.
func (p *provider) lastMail() (link, code string) { return p.mailBefore(0) }

// mailBefore returns those of an earlier mail.
func (p *provider) mailBefore(n int) (link, code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range strings.Split(p.mail[len(p.mail)-1-n], "\n") {
		if strings.HasPrefix(line, "http") {
			link = line
		}
		if _, digits, found := strings.Cut(line, "the code "); found {
			code = digits
		}
	}
	return link, code
}

type answer struct {
	Status       int `json:"-"`
	Header       http.Header
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ErrorCode    string `json:"error_code"`
	User         struct{ ID, Email string }
	ID, Email    string
	Keys         []any
	text         string
}

// do sends a request; body is sent as JSON unless it is nil.
func (p *provider) do(method, path, token string, body any) answer {
	p.t.Helper()
	var r io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	address := path
	if strings.HasPrefix(path, "/") {
		address = p.url + path
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{Status: res.StatusCode, Header: res.Header, text: string(text)}
	_ = json.Unmarshal(text, &a)
	return a
}

type m = map[string]any

func (p *provider) expect(a answer, status int, code string) {
	p.t.Helper()
	if a.Status != status || a.ErrorCode != code {
		p.t.Errorf("got %d %s, want %d %s", a.Status, a.text, status, code)
	}
}

func TestPasswords(t *testing.T) {
	p := start(t)
	a := p.do("POST", "/token?grant_type=password", "", m{"email": "ANN@example.com", "password": identity.DefaultPassword})
	p.expect(a, 200, "")
	claims, err := p.Verify(t.Context(), a.AccessToken)
	if err != nil || claims.Subject != "ann" || claims.Email != "ann@example.com" || fmt.Sprint(claims.Roles) != "[admin]" {
		t.Error(claims, err)
	}
	p.expect(p.do("POST", "/token?grant_type=password", "", m{"email": "ann@example.com", "password": "wrong"}), 400, "invalid_credentials")
	p.expect(p.do("POST", "/token?grant_type=password", "", m{"email": "nobody@example.com", "password": "wrong"}), 400, "invalid_credentials")
	p.expect(p.do("POST", "/token?grant_type=magic", "", m{}), 400, "unsupported_grant_type")

	n := p.do("POST", "/signup", "", m{"email": "Zoe@example.com", "password": "secret1", "data": m{"full_name": "Zoe"}})
	p.expect(n, 200, "")
	p.expect(p.do("POST", "/signup", "", m{"email": "zoe@example.com", "password": "secret1"}), 422, "user_already_exists")
	p.expect(p.do("POST", "/signup", "", m{"email": "x@example.com", "password": "short"}), 422, "weak_password")
	p.expect(p.do("POST", "/signup", "", m{"email": "no address", "password": "secret1"}), 400, "validation_failed")
	p.expect(p.do("POST", "/signup", "", m{}), 422, "anonymous_provider_disabled")
	p.expect(p.do("POST", "/signup", "", m{"email": strings.Repeat("x", 70_000)}), 413, "validation_failed")
	p.expect(p.do("PUT", "/user", n.AccessToken, m{"password": "secret2", "data": m{"theme": "dark"}}), 200, "")
	p.expect(p.do("POST", "/token?grant_type=password", "", m{"email": "zoe@example.com", "password": "secret1"}), 400, "invalid_credentials")
	p.expect(p.do("POST", "/token?grant_type=password", "", m{"email": "zoe@example.com", "password": "secret2"}), 200, "")
	if u := p.do("GET", "/user", n.AccessToken, nil); u.ID == "" || !strings.Contains(u.text, `"theme":"dark"`) || !strings.Contains(u.text, `"full_name":"Zoe"`) {
		t.Error(u.text)
	}
	p.expect(p.do("GET", "/user", "", nil), 401, "no_authorization")
	p.expect(p.do("GET", "/user", "nonsense", nil), 403, "bad_jwt")
}

// The name that the directory has is shown with the metadata of a user, and does not become a part of it.
func TestNameThatChanges(t *testing.T) {
	p := start(t)
	ann := p.do("POST", "/token?grant_type=password", "", m{"email": "ann@example.com", "password": identity.DefaultPassword})
	p.expect(p.do("PUT", "/user", ann.AccessToken, m{"data": m{"theme": "dark"}}), 200, "")
	var requests sync.WaitGroup
	for range 4 { // at once, because they share what is stored
		requests.Go(func() {
			if u := p.do("GET", "/user", ann.AccessToken, nil); !strings.Contains(u.text, `"name":"Ann"`) {
				t.Error(u.text)
			}
		})
	}
	requests.Wait()
	p.people.mu.Lock()
	p.people.all[0].Name = "Anna"
	p.people.mu.Unlock()
	if u := p.do("GET", "/user", ann.AccessToken, nil); !strings.Contains(u.text, `"name":"Anna"`) || !strings.Contains(u.text, `"theme":"dark"`) {
		t.Error(u.text)
	}
}

func TestSessionsOutliveARestart(t *testing.T) {
	p := start(t)
	logIn := func() answer {
		return p.do("POST", "/token?grant_type=password", "", m{"email": "ann@example.com", "password": identity.DefaultPassword})
	}
	a, b := logIn(), logIn()
	again := p.open(strings.TrimSuffix(p.url, identity.Path))
	if _, err := again.Verify(t.Context(), a.AccessToken); err != nil {
		t.Error(err)
	}
	if err := p.Rotate(); err != nil {
		t.Fatal(err)
	}
	if c := logIn(); c.AccessToken == "" || len(p.do("GET", "/.well-known/jwks.json", "", nil).Keys) != 2 {
		t.Error("the key was not rotated")
	}
	p.expect(p.do("GET", "/user", a.AccessToken, nil), 200, "")
	p.expect(p.do("POST", "/logout?scope=others", a.AccessToken, nil), 204, "")
	p.expect(p.do("GET", "/user", b.AccessToken, nil), 403, "session_not_found")
	p.expect(p.do("POST", "/logout?scope=nobody", a.AccessToken, nil), 400, "validation_failed")
	p.expect(p.do("POST", "/logout", a.AccessToken, nil), 204, "")
	p.expect(p.do("GET", "/user", a.AccessToken, nil), 403, "session_not_found")
	d := logIn()
	p.wait(2 * time.Hour)
	p.expect(p.do("GET", "/user", d.AccessToken, nil), 403, "bad_jwt")
	for _, name := range []string{"keys.json", "sessions.json"} {
		if info, err := os.Stat(filepath.Join(p.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(name, info, err)
		}
	}
}

func TestRefreshTokensAreUsedOnce(t *testing.T) {
	p := start(t)
	refresh := func(token string) answer {
		return p.do("POST", "/token?grant_type=refresh_token", "", m{"refresh_token": token})
	}
	a := p.do("POST", "/token?grant_type=password", "", m{"email": "ann@example.com", "password": identity.DefaultPassword})
	b := refresh(a.RefreshToken)
	p.expect(b, 200, "")
	if again := refresh(a.RefreshToken); again.Status != 200 || again.RefreshToken != b.RefreshToken { // another tab, at the same time
		t.Errorf("another tab gets %s, and the first one has a token that is worth nothing", again.text)
	}
	p.wait(time.Minute)
	p.expect(refresh(a.RefreshToken), 400, "refresh_token_already_used")
	p.expect(p.do("GET", "/user", b.AccessToken, nil), 403, "session_not_found") // the thief is out, and so is everybody
	p.expect(refresh("nonsense"), 400, "refresh_token_not_found")
}

func TestMail(t *testing.T) {
	p := start(t)
	p.expect(p.do("POST", "/otp", "", m{"email": "ann@example.com"}), 200, "")
	link, code := p.lastMail()
	for range 4 {
		p.expect(p.do("POST", "/verify", "", m{"type": "email", "email": "ann@example.com", "token": "wrong"}), 403, "otp_expired")
	}
	p.expect(p.do("POST", "/verify", "", m{"type": "email", "email": "ann@example.com", "token": code}), 200, "")
	if to := p.do("GET", link, "", nil).Header.Get("Location"); !strings.Contains(to, "error_code=otp_expired") {
		t.Error("a link is used twice:", to)
	}
	p.do("POST", "/otp?redirect_to=http://localhost:3000/in", "", m{"email": "ann@example.com"})
	link, _ = p.lastMail()
	if to := p.do("GET", link, "", nil).Header.Get("Location"); !strings.HasPrefix(to, "http://localhost:3000/in#access_token=") {
		t.Error(to)
	}
	p.do("POST", "/otp", "", m{"email": "ann@example.com"})
	_, code = p.lastMail()
	for range 5 {
		p.do("POST", "/verify", "", m{"email": "ann@example.com", "token": "wrong"})
	}
	p.expect(p.do("POST", "/verify", "", m{"email": "ann@example.com", "token": code}), 403, "otp_expired") // too many tries
	p.do("POST", "/otp", "", m{"email": "ann@example.com"})
	_, code = p.lastMail()
	p.wait(time.Hour)
	p.expect(p.do("POST", "/verify", "", m{"email": "ann@example.com", "token": code}), 403, "otp_expired")
	p.expect(p.do("POST", "/otp", "", m{"email": "nobody@example.com", "create_user": false}), 422, "otp_disabled")
	p.expect(p.do("POST", "/recover", "", m{"email": "nobody@example.com"}), 200, "")
	p.expect(p.do("POST", "/otp?redirect_to=https://evil.example", "", m{"email": "ann@example.com"}), 400, "validation_failed")
}

// A new e-mail address counts when the owners of the old and of the new one have confirmed it, in any order, by link or by code.
func TestEmailChange(t *testing.T) {
	p := start(t)
	logIn := func(email string) answer {
		return p.do("POST", "/token?grant_type=password", "", m{"email": email, "password": identity.DefaultPassword})
	}
	ann := logIn("ann@example.com")
	p.expect(p.do("PUT", "/user", ann.AccessToken, m{"email": "no address"}), 400, "validation_failed")
	p.expect(p.do("PUT", "/user", ann.AccessToken, m{"email": "BOB@example.com"}), 422, "email_exists")
	p.expect(p.do("PUT", "/user", "", m{"email": "lee@example.com"}), 401, "no_authorization")

	// With links.
	back := "/user?redirect_to=" + url.QueryEscape("http://localhost:3000/in")
	u := p.do("PUT", back, ann.AccessToken, m{"email": "Lee@example.com"})
	if u.Status != 200 || u.Email != "ann@example.com" || !strings.Contains(u.text, `"new_email":"lee@example.com"`) {
		t.Fatalf("%d %s", u.Status, u.text)
	}
	old, _ := p.mailBefore(1)
	link, _ := p.lastMail()
	if to := p.do("GET", link, "", nil).Header.Get("Location"); !strings.HasPrefix(to, "http://localhost:3000/in#message=Confirmation+link+accepted") {
		t.Errorf("the first link leads to %s", to)
	}
	p.expect(logIn("lee@example.com"), 400, "invalid_credentials")
	if to := p.do("GET", link, "", nil).Header.Get("Location"); !strings.Contains(to, "error_code=otp_expired") {
		t.Errorf("one address confirms twice: %s", to)
	}
	if to := p.do("GET", old, "", nil).Header.Get("Location"); !strings.HasPrefix(to, "http://localhost:3000/in#access_token=") {
		t.Errorf("the second link leads to %s", to)
	}
	p.expect(logIn("ann@example.com"), 400, "invalid_credentials")
	p.expect(logIn("lee@example.com"), 200, "")
	if u := p.do("GET", "/user", ann.AccessToken, nil); u.Email != "lee@example.com" || strings.Contains(u.text, "new_email") {
		t.Errorf("the session goes on with %s", u.text)
	}

	// With codes. A second request replaces the first.
	p.expect(p.do("PUT", "/user", ann.AccessToken, m{"email": "one@example.com"}), 200, "")
	_, late := p.lastMail()
	p.expect(p.do("PUT", "/user", ann.AccessToken, m{"email": "two@example.com"}), 200, "")
	_, ofOld := p.mailBefore(1)
	_, ofNew := p.lastMail()
	verify := func(email, code string) answer {
		return p.do("POST", "/verify", "", m{"type": "email_change", "email": email, "token": code})
	}
	p.expect(verify("one@example.com", late), 403, "otp_expired")
	if a := verify("lee@example.com", ofOld); a.Status != 200 || a.AccessToken != "" || !strings.Contains(a.text, `"code":"200"`) {
		t.Errorf("the first code: %d %s", a.Status, a.text)
	}
	if a := verify("two@example.com", ofNew); a.Status != 200 || a.User.Email != "two@example.com" {
		t.Errorf("the second code: %d %s", a.Status, a.text)
	}

	// Somebody else takes the address before it is confirmed.
	p.expect(p.do("PUT", back, ann.AccessToken, m{"email": "taken@example.com", "code_challenge": strings.Repeat("c", 43), "code_challenge_method": "s256"}), 200, "")
	old, _ = p.mailBefore(1)
	link, _ = p.lastMail()
	p.expect(p.do("POST", "/signup", "", m{"email": "taken@example.com", "password": "secret1"}), 200, "")
	if to := p.do("GET", old, "", nil).Header.Get("Location"); !strings.HasPrefix(to, "http://localhost:3000/in?message=Confirmation+link+accepted") {
		t.Errorf("the first link of an application with PKCE leads to %s", to)
	}
	if to := p.do("GET", link, "", nil).Header.Get("Location"); !strings.HasPrefix(to, "http://localhost:3000/in?error=access_denied&error_code=email_exists") {
		t.Errorf("the second link leads to %s", to)
	}
}

func TestNoOpenRedirect(t *testing.T) {
	p := start(t)
	for _, to := range []string{"https://evil.example", "//evil.example", "http://localhost@evil.example", "http://user@localhost", "javascript:alert(1)", "ftp://localhost", "http://localhost.evil.example"} {
		p.expect(p.do("GET", "/authorize?redirect_to="+url.QueryEscape(to), "", nil), 400, "validation_failed")
	}
	page := p.do("GET", "/authorize?redirect_to=http://localhost:3000/x", "", nil)
	if page.Status != 200 || strings.Contains(page.text, "<b>") {
		t.Error(page.text)
	}
	if a := p.do("OPTIONS", "/token", "", nil); a.Status != 204 || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "apikey") {
		t.Error(a)
	}
}

// Without people, the page says what is missing.
func TestNobody(t *testing.T) {
	p := start(t)
	p.people.all, p.people.missing = nil, fault.New(fault.Invalid, "find users", "the schema has no type <User>", "add such a type")
	page := p.do("GET", "/authorize", "", nil)
	if contentType := page.Header.Get("Content-Type"); page.Status != 200 || !strings.HasPrefix(contentType, "text/html") {
		t.Errorf("%d %s", page.Status, contentType)
	}
	for _, text := range []string{"no type &lt;User&gt;", "add such a type"} {
		if !strings.Contains(page.text, text) {
			t.Errorf("no %q in %s", text, page.text)
		}
	}
	p.people.missing = nil
	if page := p.do("GET", "/authorize", "", nil); !strings.Contains(page.text, "load seeds") {
		t.Error(page.text)
	}
}

func TestDevelopmentAlone(t *testing.T) {
	for _, environment := range []string{"production", "staging", ""} {
		if _, err := identity.New(identity.Options{Environment: environment, Dir: t.TempDir(), Now: time.Now}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", environment, err)
		}
	}
}

// TestSupabaseClients runs Supabase's own clients against the provider: that of browsers, and that of servers.
func TestSupabaseClients(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		testkit.Skip(t, "npm is not installed: the clients of Supabase do not log in")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, script := range []string{"client.mjs", "ssr.mjs"} {
		t.Run(script, func(t *testing.T) {
			p := start(t)
			inbox, deliver, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer inbox.Close()
			defer deliver.Close()
			p.mu.Lock()
			p.sent = func() {
				link, code := p.lastMail()
				if err := json.NewEncoder(deliver).Encode(m{"link": link, "code": code}); err != nil {
					t.Error(err)
				}
			}
			p.mu.Unlock()
			cmd := exec.CommandContext(t.Context(), "node", script)
			cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), "AUTH_URL="+p.url), inbox
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// TestLoginPage clicks a person.
func TestLoginPage(t *testing.T) {
	ctx, cancel := context.WithTimeout(testkit.Browser(t), 60*time.Second)
	defer cancel()
	p := start(t)
	callback := strings.TrimSuffix(p.url, identity.Path) + "/callback"
	ann := `//button[contains(., "Ann") and contains(., "admin")]`
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	err := chromedp.Do(ctx, chromedp.Navigate(p.url+"/authorize?provider=google&state=s1&code_challenge=verifier&code_challenge_method=plain&redirect_to="+url.QueryEscape(callback)),
		chromedp.WaitVisible(ann), chromedp.Click(ann), chromedp.WaitVisible(`//p[text()="back"]`))
	if err != nil {
		t.Fatal(err)
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil || u.Query().Get("state") != "s1" {
		t.Fatal(at, err)
	}
	code := u.Query().Get("code")
	p.expect(p.do("POST", "/token?grant_type=pkce", "", m{"auth_code": "nonsense", "code_verifier": "verifier"}), 404, "flow_state_not_found")
	a := p.do("POST", "/token?grant_type=pkce", "", m{"auth_code": code, "code_verifier": "verifier"})
	if p.expect(a, 200, ""); a.User.ID != "ann" {
		t.Error(a.text)
	}
	p.expect(p.do("POST", "/token?grant_type=pkce", "", m{"auth_code": code, "code_verifier": "verifier"}), 404, "flow_state_not_found")
}
