package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/people"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is an issuer (the development identity provider), a database, and a clock that all share.
type world struct {
	t         *testing.T
	pool      *pgxpool.Pool
	issuer    *httptest.Server
	provider  *identity.Provider
	refreshes atomic.Int32
	down      atomic.Bool // the issuer answers 503

	clock func() time.Time // nil is one that tests move

	mu   sync.Mutex
	at   time.Time
	mail string // the last one
	log  strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: testkit.NewDatabase(t), at: time.Now()}
	if _, err := own.Apply(t.Context(), w.pool); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.issuer = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			http.Error(rw, "down", http.StatusServiceUnavailable)
			return
		}
		if r.URL.Query().Get("grant_type") == "refresh_token" {
			w.refreshes.Add(1)
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.issuer.Close)
	var err error
	w.provider, err = identity.New(identity.Options{
		Environment: "test", Origin: w.issuer.URL, Project: "shop", Dir: t.TempDir(), Users: newUsers(), Logger: slog.New(slog.DiscardHandler), Now: w.now,
		Mail: func(_, _, text, _ string) { w.mu.Lock(); w.mail = text; w.mu.Unlock() },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.provider.Register(mux)
	return w
}

func (w *world) now() time.Time {
	if w.clock != nil {
		return w.clock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// Write is the log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// users are ann and bob, and whoever signs up.
type users struct {
	mu  sync.Mutex
	all []identity.User
}

func newUsers() *users {
	return &users{all: []identity.User{
		{ID: "ann", Email: "ann@example.com", Name: "Ann", Roles: []string{"admin"}}, {ID: "bob", Email: "bob@example.com", Name: "Bob"},
	}}
}

func (u *users) find(matches func(identity.User) bool) (identity.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.IndexFunc(u.all, matches)
	if i < 0 {
		return identity.User{}, fault.New(fault.NotFound, "look", "nobody")
	}
	return u.all[i], nil
}

func (u *users) List(context.Context, string, int) ([]identity.User, error) { return u.all, nil }

func (u *users) ByID(_ context.Context, id string) (identity.User, error) {
	return u.find(func(u identity.User) bool { return u.ID == id })
}

func (u *users) ByEmail(_ context.Context, email string) (identity.User, error) {
	return u.find(func(u identity.User) bool { return strings.EqualFold(u.Email, email) })
}

func (u *users) Create(_ context.Context, one identity.User) (identity.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one.ID = "new " + one.Email
	u.all = append(u.all, one)
	return one, nil
}

func (u *users) SetEmail(_ context.Context, id, email string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range u.all {
		if u.all[i].ID == id {
			u.all[i].Email = email
		}
	}
	return nil
}

const firstKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// process is a server with sessions.
type process struct {
	*httptest.Server
	manager *session.Manager
}

// process starts a server: its routes, and /api, which says who calls.
func (w *world) process(change ...func(*session.Options)) *process {
	w.t.Helper()
	issuer := "https://issuer.example.com"
	if w.issuer != nil {
		issuer = w.issuer.URL
	}
	tokens, err := token.New(token.Options{Issuers: []token.Issuer{{Kind: token.Supabase, URL: issuer}}, Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := session.NewKeyring(firstKey)
	if err != nil {
		w.t.Fatal(err)
	}
	o := session.Options{
		Pool: w.pool, Keys: keys, Tokens: tokens, People: (*people.Table)(nil), Logger: slog.New(slog.NewTextHandler(w, nil)), Now: w.now, Lifetime: 30 * 24 * time.Hour,
		Issuer: func() gotrue.Client { return gotrue.Client{URL: issuer + "/auth/v1"} },
	}
	for _, c := range change {
		c(&o)
	}
	m, err := session.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, r := range m.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	mux.HandleFunc("/api", func(rw http.ResponseWriter, r *http.Request) {
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		who, _, err := m.Authenticate(r, bearer)
		var setter server.HeaderSetter
		if errors.As(err, &setter) {
			setter.SetHeader(rw.Header())
		}
		if err != nil {
			problem.Write(rw, r, err)
			return
		}
		_, _ = io.WriteString(rw, who.UID)
	})
	p := &process{httptest.NewServer(m.Protect(mux)), m}
	w.t.Cleanup(func() { p.Close(); m.Close(); tokens.Close() })
	return p
}

// browser is a browser: cookies, and what it says of the origin of its requests.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	text   string
}

// do sends a request; header are pairs of names and values.
func (b *browser) do(method, address, body string, header ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method != http.MethodGet {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func (b *browser) get(address string) answer { b.t.Helper(); return b.do(http.MethodGet, address, "") }

// logIn logs in with the password that everybody has.
func (b *browser) logIn(p *process, email string) {
	b.t.Helper()
	a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "password": "`+identity.DefaultPassword+`"}`)
	if a.status != http.StatusOK {
		b.t.Fatalf("log in: %d %s", a.status, a.text)
	}
}

// uid is who the API of a process takes the browser for.
func (b *browser) uid(p *process) string {
	b.t.Helper()
	if a := b.get(p.URL + "/api"); a.status == http.StatusOK {
		return a.text
	} else {
		return http.StatusText(a.status)
	}
}

// share makes the browser know another process as well: it sends its cookies to both, as to two replicas of one host.
func (b *browser) share(from, to *process) {
	b.t.Helper()
	f, err := url.Parse(from.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, b.client.Jar.Cookies(f))
}

// shown is what GET /auth/session says.
type shown struct {
	User *struct {
		ID    string   `json:"id"`
		Email string   `json:"email"`
		Roles []string `json:"roles"`
	} `json:"user"`
	SessionID string `json:"sessionId"`
	CSRFToken string `json:"csrfToken"`
}

func (b *browser) session(p *process) (s shown) {
	b.t.Helper()
	a := b.get(p.URL + "/auth/session")
	if err := json.Unmarshal([]byte(a.text), &s); err != nil {
		b.t.Fatalf("%d %s", a.status, a.text)
	}
	return s
}
