// Package identity is a development identity provider that implements the HTTP protocol of Supabase Auth (GoTrue). A front end that uses
// @supabase/supabase-js works without changes. The users are the rows of a table. It is not for production, since anyone who can reach it
// can log in as any user.
//
// Protocol: https://github.com/supabase/auth/blob/master/openapi.yaml
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

// DefaultPassword is the password of every user who has not set another one.
const DefaultPassword = "password"

// Path is the path of the provider below its origin.
const Path = "/auth/v1"

// User is a user who can log in.
type User struct {
	ID, Email, Name string
	Roles           []string
	Tier            string
	Created         time.Time
}

// Directory finds, adds and changes users. A missing user is a not_found fault.
type Directory interface {
	List(ctx context.Context, search string, limit int) ([]User, error)
	ByID(ctx context.Context, id string) (User, error)
	ByEmail(ctx context.Context, email string) (User, error)
	Create(ctx context.Context, u User) (User, error)
	// SetEmail changes the e-mail address of a user. One that somebody else has is a conflict.
	SetEmail(ctx context.Context, id, email string) error
}

// Options configure a provider.
type Options struct {
	Environment string // development or test; others are rejected
	Origin      string // the URL of the provider without a path
	Project     string
	Dir         string // the folder of keys, passwords and sessions, so that users stay logged in
	Users       Directory
	Mail        func(to, subject, text, html string) // nil disables mail
	RedirectTo  []string                             // origins to which a log-in may redirect, in addition to this machine
	Logger      *slog.Logger
	Now         func() time.Time
	Lifetime    time.Duration // of an access token; 0 means an hour
}

// Provider is a development identity provider.
type Provider struct {
	Options
	keys  *keys
	store *store
	codes *codes
}

// New returns a provider and reads its keys and sessions.
func New(o Options) (*Provider, error) {
	if o.Environment != "development" && o.Environment != "test" {
		return nil, fault.New(fault.Invalid, "start the development identity provider", "it is not allowed in the environment "+o.Environment,
			"use it in development and test only: anyone who can reach it can log in as any user")
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

// Rotate creates a new signing key. Tokens that were signed with earlier keys stay valid.
func (p *Provider) Rotate() error { return p.keys.rotate() }

// Lives reports whether a session has not ended. A token that outlives its session is no longer valid.
func (p *Provider) Lives(session string) bool { return p.store.lives(session) }

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

// settings handles GET /settings. Anonymous users are not supported, since access rules need existing users.
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
