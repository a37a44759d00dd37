package session_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/dev/mail"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

// site is a service whose browsers log in with an issuer: the development identity provider, or a real Supabase Auth.
type site struct {
	*world
	client gotrue.Client
	trusts token.Issuer
	inbox  string            // URL of the mail of the issuer
	read   map[string]string // the last message that was read, by address
	people rows
}

// rows are the e-mail addresses of people, as a log-in keeps them.
type rows struct {
	mu     sync.Mutex
	emails map[string]string // by user ID
}

func (r *rows) Keep(_ context.Context, c token.Claims) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.emails == nil {
		r.emails = map[string]string{}
	}
	r.emails[c.Subject] = c.Email
	return nil
}

func (r *rows) email(uid string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.emails[uid]
}

// TestIssuers holds the development identity provider and Supabase Auth to the same behaviour. AUTH_ISSUER_URL is the URL of the second, and
// AUTH_ISSUER_MAIL the address to which it sends mail by SMTP; CONTRIBUTING.md has the rest.
func TestIssuers(t *testing.T) {
	t.Run("development", func(t *testing.T) { issuerSuite(t, developmentSite) })
	t.Run("supabase", func(t *testing.T) {
		if os.Getenv("AUTH_ISSUER_URL") == "" {
			t.Skip("AUTH_ISSUER_URL is not set: nothing is asked of a real Supabase Auth")
		}
		issuerSuite(t, realSite)
	})
}

func developmentSite(t *testing.T) *site {
	t.Helper()
	w := newWorld(t)
	catcher, inbox := inboxOf(t, "127.0.0.1:0")
	w.provider.Mail = catcher.Send
	return &site{
		world: w, client: gotrue.Client{URL: w.issuer.URL + identity.Path}, trusts: token.Issuer{Kind: token.Supabase, URL: w.issuer.URL},
		inbox: inbox, read: map[string]string{},
	}
}

func realSite(t *testing.T) *site {
	t.Helper()
	address := strings.TrimSuffix(os.Getenv("AUTH_ISSUER_URL"), "/")
	named, err := token.Discover(t.Context(), http.DefaultClient, address)
	if err != nil {
		t.Fatalf("its issuer (GOTRUE_JWT_ISSUER) has to be AUTH_ISSUER_URL: %v", err)
	}
	_, inbox := inboxOf(t, os.Getenv("AUTH_ISSUER_MAIL"))
	w := &world{t: t, pool: testkit.NewDatabase(t), clock: time.Now}
	if _, err := own.Apply(t.Context(), w.pool); err != nil {
		t.Fatal(err)
	}
	trusts := token.Issuer{Kind: token.JWKS, URL: named.Issuer, KeysURL: address + "/.well-known/jwks.json", Audience: []string{"authenticated"}, Roles: "app_metadata.roles"}
	return &site{world: w, client: gotrue.Client{URL: address}, trusts: trusts, inbox: inbox, read: map[string]string{}}
}

// inboxOf receives mail and returns the URL of its API.
func inboxOf(t *testing.T, address string) (*mail.Catcher, string) {
	t.Helper()
	c, err := mail.New(t.Context(), mail.Options{Address: address, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	t.Cleanup(func() { _ = c.Stop(context.WithoutCancel(t.Context())) })
	mux := http.NewServeMux()
	c.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return c, server.URL + "/mail/api/messages/wait?timeout=30s"
}

// process starts a server of the site.
func (s *site) process() *process {
	s.t.Helper()
	return s.world.process(func(o *session.Options) {
		tokens, err := token.New(token.Options{Issuers: []token.Issuer{s.trusts}, Now: s.now})
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(tokens.Close)
		o.Tokens, o.People, o.Issuer = tokens, &s.people, func() gotrue.Client { return s.client }
	})
}

var digits = regexp.MustCompile(`\b[0-9]{6}\b`)

// mailTo returns the link and the code of the next mail to an address.
func (s *site) mailTo(address string) (link, code string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.inbox+"&"+url.Values{"to": {address}, "after": {s.read[address]}}.Encode(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var m mail.Message
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || len(m.Links) == 0 {
		s.t.Fatalf("no mail to %s: %s", address, text)
	}
	s.read[address] = m.ID
	without := strings.ReplaceAll(m.Text, m.Links[0], "")
	return m.Links[0], digits.FindString(without)
}

// newAddress is an address that nobody has used.
func newAddress(name string) string {
	return name + "-" + strings.ToLower(rand.Text()[:10]) + "@example.com"
}

// signUp makes an account and logs its browser in.
func (s *site) signUp(b *browser, p *process, email, password string) {
	s.t.Helper()
	a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "`+email+`", "password": "`+password+`", "mode": "signup"}`)
	if a.status == http.StatusAccepted { // the address has to be confirmed
		link, _ := s.mailTo(email)
		a = b.get(b.get(link).header.Get("Location"))
		a.status -= http.StatusSeeOther - http.StatusOK
	}
	if a.status != http.StatusOK || b.session(p).User == nil {
		s.t.Fatalf("sign up: %d %s %v", a.status, a.text, a.header)
	}
}

// refused checks the code of the error of an issuer.
func refused(t *testing.T, what string, err error, status int, code string) {
	t.Helper()
	var e *gotrue.Error
	if !asError(err, &e) || e.Status != status || e.Code != code {
		t.Errorf("%s: %v, want %d %s", what, err, status, code)
	}
}
