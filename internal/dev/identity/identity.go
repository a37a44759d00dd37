// Package identity is a development identity provider that speaks the HTTP protocol of Supabase Auth (GoTrue): a front end that
// signs people up and in with @supabase/supabase-js needs no change. Its people are the rows of a table. It is not for
// production: anybody who reaches it may become anybody.
//
// The protocol: https://github.com/supabase/auth/blob/master/openapi.yaml
package identity

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/fault"
)

// DefaultPassword is the password of everybody who has not been given another.
const DefaultPassword = "password"

// Path is where the provider is, beneath its origin.
const Path = "/auth/v1"

// User is a person who can log in.
type User struct {
	ID, Email, Name string
	Roles           []string
	Created         time.Time
}

// Directory has the people. What it does not find is a not_found fault.
type Directory interface {
	List(ctx context.Context, search string, limit int) ([]User, error)
	ByID(ctx context.Context, id string) (User, error)
	ByEmail(ctx context.Context, email string) (User, error)
	Create(ctx context.Context, u User) (User, error)
}

// Options say who logs in where.
type Options struct {
	Environment string // development or test; others are refused
	Origin      string // where the provider is reached, without a path
	Project     string
	Dir         string // where keys, passwords and sessions are kept, so that people stay logged in
	Users       Directory
	Mail        func(to, subject, text, html string) // nil: there is no mail
	RedirectTo  []string                             // origins to which a log-in may lead back, beside those of this machine
	Logger      *slog.Logger
	Now         func() time.Time
	Lifetime    time.Duration // of an access token; 0 is an hour
}

// Provider is the provider.
type Provider struct {
	Options
	keys  *keys
	store *store
	codes *codes
}

// New returns a provider.
func New(o Options) (*Provider, error) {
	if o.Environment != "development" && o.Environment != "test" {
		return nil, fault.New(fault.Invalid, "start the development identity provider", "the environment is "+o.Environment,
			"It is for development and test alone: whoever reaches it may become anybody.")
	}
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	keys, err := openKeys(filepath.Join(o.Dir, "keys.json"))
	if err != nil {
		return nil, err
	}
	store, err := openStore(filepath.Join(o.Dir, "sessions.json"))
	if err != nil {
		return nil, err
	}
	return &Provider{Options: o, keys: keys, store: store, codes: newCodes(o.Now)}, nil
}

// Rotate signs with a new key from now on. What was signed with those before is still good.
func (p *Provider) Rotate() error { return p.keys.rotate() }

// Register adds the endpoints.
func (p *Provider) Register(mux *http.ServeMux) {
	for pattern, handle := range map[string]handler{
		"GET /health":                           p.health,
		"GET /settings":                         p.settings,
		"GET /.well-known/jwks.json":            p.jwks,
		"GET /.well-known/openid-configuration": p.discovery,
		"POST /signup":                          p.signUp,
		"POST /token":                           p.token,
		"POST /otp":                             p.otp,
		"POST /magiclink":                       p.otp,
		"POST /recover":                         p.recoverPassword,
		"POST /resend":                          p.otp,
		"GET /verify":                           p.verifyLink,
		"POST /verify":                          p.verify,
		"GET /user":                             p.withSession(p.getUser),
		"PUT /user":                             p.withSession(p.putUser),
		"POST /logout":                          p.withSession(p.logout),
		"GET /authorize":                        p.authorize,
	} {
		method, path := cutPattern(pattern)
		mux.Handle(method+" "+Path+path, allowAnyOrigin(handle))
	}
	mux.Handle("OPTIONS "+Path+"/", allowAnyOrigin(nil))
	mux.HandleFunc("POST "+Path+"/authorize", console.SameOrigin(func(w http.ResponseWriter, r *http.Request) { serve(w, r, p.chosen) }))
}

// anonymous users are not supported: rules are about people that there are.
func (p *Provider) settings(*http.Request) (any, error) {
	return map[string]any{
		"external":       map[string]bool{"email": true, "krowoc": true, "anonymous_users": false, "phone": false},
		"disable_signup": false, "mailer_autoconfirm": true, "phone_autoconfirm": true, "sms_provider": "", "saml_enabled": false,
	}, nil
}

func (p *Provider) health(*http.Request) (any, error) {
	return map[string]string{"name": "GoTrue", "version": "krowoc", "description": "The development identity provider of " + p.Project}, nil
}

func (p *Provider) discovery(*http.Request) (any, error) {
	base := p.Origin + Path
	return map[string]any{
		"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "userinfo_endpoint": base + "/user",
		"jwks_uri": base + "/.well-known/jwks.json", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256", "plain"},
	}, nil
}
