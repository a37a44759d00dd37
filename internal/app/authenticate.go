package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/people"
	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
)

// ActAsHeader contains the user ID of the caller of a request in development, followed by any roles after semicolons:
// `Krowoc-Act-As: 0f8c…; admin`.
const ActAsHeader = "Krowoc-Act-As"

// ActAs authenticates callers by ActAsHeader, without any proof. Only development sessions and tests use it; `krowoc serve` never does.
type ActAs struct{}

// Name implements server.Authenticator.
func (ActAs) Name() string { return "header " + ActAsHeader }

// Authenticate implements server.Authenticator.
func (ActAs) Authenticate(r *http.Request, token string) (who caller.Caller, known bool, err error) {
	header := r.Header.Get(ActAsHeader)
	if header == "" || token != "" {
		return caller.Caller{}, false, nil // a token is present and must be checked by another authenticator
	}
	uid, roles, _ := strings.Cut(header, ";")
	who.UID = strings.TrimSpace(uid)
	for role := range strings.SplitSeq(roles, ";") {
		if role = strings.TrimSpace(role); role != "" {
			who.Roles = append(who.Roles, role)
		}
	}
	return who, true, nil
}

// devTokens authenticates callers by access tokens of the session's identity provider, with the code that production uses for its issuers.
type devTokens struct{ *devConsole }

// Name implements server.Authenticator.
func (devTokens) Name() string { return "access token of the development identity provider" }

// Authenticate implements server.Authenticator.
func (d devTokens) Authenticate(r *http.Request, text string) (who caller.Caller, known bool, err error) {
	if text == "" {
		return caller.Caller{}, false, nil
	}
	return auth.Tokens{Verifier: d}.Authenticate(r, text)
}

// Verify implements auth.Verifier.
func (d devTokens) Verify(ctx context.Context, text string) (token.Claims, error) {
	v := d.tokens.Load()
	if v == nil {
		return token.Claims{}, fault.New(fault.Unauthenticated, "read the access token", "the development identity provider is not running",
			"set dev.auth.enabled to true, or use the header "+ActAsHeader)
	}
	return v.Verify(ctx, text)
}

// newSessions returns the sessions of browsers in development. Their key is in the folder of the identity provider.
func (d *devConsole) newSessions(pool *pgxpool.Pool, logger *slog.Logger) (*session.Manager, error) {
	keys, err := session.OpenKeyring(filepath.Join(d.app.StateDir(), "auth", "session.key"))
	if err != nil {
		return nil, err
	}
	c := d.app.Config
	return session.New(session.Options{
		Pool: pool, Keys: keys, Tokens: devTokens{d}, People: (*people.Table)(nil), Logger: logger, Now: d.app.Now,
		Issuer: func() (issuer gotrue.Client) {
			if c := d.console.Load(); c != nil {
				issuer.URL = c.URL() + identity.Path
			}
			return issuer
		},
		Origins: c.Server.CORS.Origins, Page: c.Auth.Session.Page, Lifetime: c.Auth.Session.Lifetime,
	})
}

// newTokens returns the verifier of the configured issuers. It is nil if there are none.
func (a *App) newTokens(revoked *revocation.Reader) (*token.Verifier, error) {
	list := a.Config.Auth.Issuers
	if len(list) == 0 {
		return nil, nil
	}
	issuers := make([]token.Issuer, len(list))
	for n, i := range list {
		issuers[n] = token.Issuer{
			Where: fmt.Sprintf("%s: auth.issuers[%d]", a.Config.Origin(fmt.Sprintf("auth.issuers[%d]", n)), n), Kind: token.Kind(i.Kind),
			URL: i.URL, KeysURL: i.JWKS, Audience: i.Audience, Leeway: i.Leeway, Require: i.Require, Roles: i.Roles, Secret: []byte(i.Secret.Reveal()),
		}
	}
	return token.New(token.Options{
		Issuers: issuers, Logger: a.Logger, Now: a.Now,
		Revoked: func(c token.Claims) bool {
			return revoked.Has(revocation.Session, c.Session) || revoked.Has(revocation.KID, c.Key)
		},
	})
}

// newSessions returns the sessions of browsers, which log in with the first issuer of the kind supabase. It is nil if no keys are configured.
func (a *App) newSessions(pool *pgxpool.Pool, tokens *token.Verifier, persons *people.Table, revoked *revocation.Reader) (*session.Manager, error) {
	c := a.Config.Auth
	if c.Session.Keys.Reveal() == "" {
		return nil, nil
	}
	at := func(key string) string { return a.Config.Origin(key).String() + ": " }
	n := slices.IndexFunc(c.Issuers, func(i config.Issuer) bool { return i.Kind == string(token.Supabase) })
	public := a.Config.Server.PublicURL
	switch {
	case n < 0:
		return nil, fault.New(fault.Invalid, "configure sessions", at("auth.session.keys")+"no issuer can log browsers in", "add an issuer of the kind supabase to auth.issuers")
	case public == "":
		return nil, fault.New(fault.Invalid, "configure sessions", at("auth.session.keys")+"server.publicUrl is missing", "set it to the URL under which browsers reach this server")
	case !token.Secure(public):
		return nil, fault.New(fault.Invalid, "configure sessions", at("server.publicUrl")+public+" is not an https:// URL", "use https: anybody on the way could take the sessions otherwise")
	}
	keys, err := session.NewKeyring(c.Session.Keys.Reveal())
	if err != nil {
		return nil, err
	}
	return session.New(session.Options{
		Pool: pool, Keys: keys, Tokens: tokens, People: persons, Fill: persons.Fill, Logger: a.Logger, Now: a.Now,
		Issuer: func() gotrue.Client {
			return gotrue.Client{URL: token.SupabaseURL(c.Issuers[n].URL), Key: c.Issuers[n].Key}
		},
		PublicURL: public, Origins: a.Config.Server.CORS.Origins, Page: c.Session.Page, Lifetime: c.Session.Lifetime,
		Revoke:  revokeSession,
		Revoked: func(id string) bool { return revoked.Has(revocation.Session, id) },
	})
}

func revokeSession(ctx context.Context, tx pgx.Tx, id string) error {
	return revocation.Revoke(ctx, tx, revocation.Session, id)
}

// newPeople returns the table of people, in which log-ins keep their rows. It is nil if no type is configured.
func (a *App) newPeople(pool *pgxpool.Pool, s *schema.Schema) (*people.Table, error) {
	p := a.Config.Auth.People
	if p.Type == "" {
		return nil, nil
	}
	return people.New(pool, s, people.Fields(p))
}

// withSessions returns options in which the cookie of a session names the caller, unless a token does, and pages of other sites cannot use it.
func withSessions(o ServerOptions) ServerOptions {
	o.Authenticators = append([]server.Authenticator{o.Sessions}, o.Authenticators...)
	o.Middleware = append(slices.Clone(o.Middleware), server.Middleware{Stage: server.Shield, Name: "forged requests", Wrap: o.Sessions.Protect})
	return o
}

func sessionRoutes(m *session.Manager) (routes []server.Route) {
	for _, r := range m.Routes() {
		routes = append(routes, server.Route{Pattern: r.Pattern, Handler: r.Handler, Policy: server.Policy{MaxBody: session.MaxBody}})
	}
	return routes
}
