package app

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/github"
	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/oidc"
	"github.com/krowoc/krowoc/internal/auth/people"
	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev/identity"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
)

// newSessions returns the sessions of browsers, which log in with the first issuer of the kind supabase. It is nil if no keys are configured.
func (a *App) newSessions(pool *pgxpool.Pool, tokens *token.Verifier, persons *people.Table, revoked *revocation.Reader, events *Analytics) (*session.Manager, error) {
	c := a.Config.Auth
	if c.Session.Keys.Reveal() == "" {
		return nil, nil
	}
	const op = "configure sessions"
	at := func(key string) string { return a.Config.Origin(key).String() + ": " }
	n := slices.IndexFunc(c.Issuers, func(i config.Issuer) bool { return i.Kind == string(token.Supabase) })
	providers, err := a.newProviders()
	public := a.Config.Server.PublicURL
	switch {
	case err != nil:
		return nil, err
	case n < 0 && len(providers) == 0:
		return nil, fault.New(fault.Invalid, op, at("auth.session.keys")+"no issuer can log browsers in", "add an issuer of the kind supabase or github to auth.issuers, or give one of the kind oidc a name and a clientId")
	case public == "":
		return nil, fault.New(fault.Invalid, op, at("auth.session.keys")+"server.publicUrl is missing", "set it to the URL under which browsers reach this server")
	case !token.Secure(public):
		return nil, fault.New(fault.Invalid, op, at("server.publicUrl")+public+" is not an https:// URL", "use https: anybody on the way could take the sessions otherwise")
	}
	keys, err := session.NewKeyring(c.Session.Keys.Reveal())
	if err != nil {
		return nil, err
	}
	return session.New(session.Options{
		Pool: pool, Keys: keys, Tokens: tokens, People: persons, Fill: persons.Fill, Logger: a.Logger, Now: a.Now,
		Providers: providers, LogIns: a.askedIssuers(),
		Issuer: func() gotrue.Client {
			if n < 0 {
				return gotrue.Client{}
			}
			return a.supabaseOf(c.Issuers[n])
		},
		PublicURL: public, Origins: a.Config.Server.CORS.Origins, Page: c.Session.Page, Lifetime: c.Session.Lifetime,
		LoggedIn: events.LoggedIn,
		Revoke:   revokeSession,
		Revoked:  func(id string) bool { return revoked.Has(revocation.Session, id) },
	})
}

// supabaseOf returns the client of an issuer of the kind supabase.
func (a *App) supabaseOf(i config.Issuer) gotrue.Client {
	return gotrue.Client{URL: token.SupabaseURL(i.URL), Key: i.Key, HTTP: a.outgoing(i.URL)}
}

// askedIssuers returns the issuers that can be asked whether a session still lives.
func (a *App) askedIssuers() liveness.Issuers {
	issuers := liveness.Issuers{}
	for _, i := range a.Config.Auth.Issuers {
		isClient := i.ClientID != "" && i.ClientSecret.Reveal() != ""
		switch {
		case i.Kind == string(token.Supabase):
			issuers[token.SupabaseURL(i.URL)] = liveness.Supabase{Client: func() gotrue.Client { return a.supabaseOf(i) }}
		case i.Kind == string(token.OIDC) && isClient && token.Introspects(i.URL):
			issuers[i.URL] = &liveness.Introspection{Issuer: i.URL, ClientID: i.ClientID, Secret: i.ClientSecret.Reveal(), HTTP: a.toIssuers(i)}
		}
	}
	return issuers
}

// reservedNames are methods of log-in, which no provider may be called.
var reservedNames = []string{"password", "otp", "recovery", "signup", "email_change"}

// newProviders returns the providers with which browsers log in, beside Supabase Auth, by name.
func (a *App) newProviders() (map[string]session.Provider, error) {
	providers := map[string]session.Provider{}
	for n, i := range a.Config.Auth.Issuers {
		key := fmt.Sprintf("auth.issuers[%d]", n)
		wrong := func(why, fix string) error {
			return fault.New(fault.Invalid, "configure sessions", fmt.Sprintf("%s: %s: %s", a.Config.Origin(key), key, why), fix)
		}
		ofPeople := i.Kind == string(token.OIDC) || i.Kind == gitHub
		isAsked := i.Kind == string(token.OIDC) || i.ClientID == "" // without a name, the client ID is for introspection
		switch {
		case i.Name == "" && i.Kind != gitHub && isAsked:
			continue
		case !ofPeople || i.Name == "" || i.ClientID == "":
			return nil, wrong("a log-in with a provider needs kind: oidc or github, name and clientId", "write all three, or none of name and clientId")
		case providers[i.Name] != nil:
			return nil, wrong("another issuer has the name "+i.Name, "choose another name")
		case slices.ContainsFunc(a.Config.Auth.Issuers[:n], func(o config.Issuer) bool { return o.Name != "" && site(o.URL) == site(i.URL) }):
			return nil, wrong("another issuer with a name has the same URL", "keep one of them")
		case slices.Contains(reservedNames, i.Name):
			return nil, wrong("the name "+i.Name+" stands for a log-in without a provider", "choose another name")
		case i.Kind == gitHub && i.ClientSecret.Reveal() == "":
			return nil, wrong("GitHub logs nobody in without a secret", "add clientSecret, which GitHub shows for the app")
		case i.Kind == gitHub && !token.Secure(i.URL):
			return nil, wrong(i.URL+" is not an https:// URL", "write "+github.DefaultURL+", or the URL of a GitHub Enterprise Server")
		}
		providers[i.Name] = a.newProvider(i)
	}
	return providers, nil
}

// site is the URL of an issuer, in the one of two ways to write it.
func site(url string) string { return strings.TrimSuffix(url, "/") }

// gitHub is the kind of an issuer that logs people in and signs no tokens.
const gitHub = "github"

func (a *App) newProvider(i config.Issuer) session.Provider {
	if i.Kind == gitHub {
		return &github.Client{URL: i.URL, ClientID: i.ClientID, Secret: i.ClientSecret.Reveal(), Scopes: i.Scopes, Parameters: i.Parameters, Subject: i.Subject, Now: a.Now, HTTP: a.outgoing(i.URL)}
	}
	return &oidc.Client{Issuer: i.URL, ClientID: i.ClientID, Secret: i.ClientSecret.Reveal(), Scopes: i.Scopes, Parameters: i.Parameters, HTTP: a.toIssuers(i)}
}

func revokeSession(ctx context.Context, tx pgx.Tx, id string) error {
	return revocation.Revoke(ctx, tx, revocation.Session, id)
}

// EndSession ends a session of a browser or of an issuer on all servers. It reports whether it was one of a browser.
func (d *Database) EndSession(ctx context.Context, id string) (ofBrowser bool, err error) {
	return session.EndOne(ctx, d.Pool, revokeSession, id)
}

// RevokeUser makes all servers refuse the access tokens that issuers have given a user until now. It ends the sessions that the user has in browsers,
// and with keys also revokes their API keys. It returns the IDs of both.
func (d *Database) RevokeUser(ctx context.Context, uid string, keys bool) (sessions, revoked []string, err error) {
	err = pg.InTx(ctx, d.Pool, func(tx pgx.Tx) error {
		if sessions, err = session.EndAll(ctx, tx, revokeSession, uid); err != nil {
			return err
		}
		if keys {
			if revoked, err = apikey.RevokeOf(ctx, tx, uid); err != nil {
				return err
			}
		}
		return revocation.Revoke(ctx, tx, revocation.UID, uid)
	})
	return sessions, revoked, pg.Fault("revoke the user "+uid, err)
}

// RevokeKID makes all servers refuse tokens that a key of an issuer has signed.
func (d *Database) RevokeKID(ctx context.Context, kid string) error {
	return revocation.Revoke(ctx, d.Pool, revocation.KID, kid)
}

// newPeople returns the table of people, in which log-ins keep their rows. It is nil if no type is configured.
func (a *App) newPeople(pool *pgxpool.Pool, s *schema.Schema) (*people.Table, error) {
	p := a.Config.Auth.People
	if p.Type == "" {
		return nil, nil
	}
	return people.New(pool, s, people.Fields(p))
}

// withSessions returns options in which the cookie of a session names the caller, unless something more explicit does, and pages of other
// sites cannot use it.
func withSessions(o ServerOptions) ServerOptions {
	o.Authenticators = append(slices.Clone(o.Authenticators), o.Sessions)
	o.Middleware = append(slices.Clone(o.Middleware), server.Middleware{Stage: server.Shield, Name: "forged requests", Wrap: o.Sessions.Protect})
	return o
}

func sessionRoutes(m *session.Manager) (routes []server.Route) {
	for _, r := range m.Routes() {
		routes = append(routes, server.Route{Pattern: r.Pattern, Handler: r.Handler, Policy: server.Policy{MaxBody: session.MaxBody}})
	}
	return routes
}

// issuer returns the client of the identity provider. It has no URL while the provider is not running.
func (d *devConsole) issuer() (issuer gotrue.Client) {
	if c := d.console.Load(); c != nil {
		issuer.URL, issuer.HTTP = c.URL()+identity.Path, d.app.outgoing(c.URL())
	}
	return issuer
}

// newSessions returns the sessions of browsers in development. Their key is in the folder of the identity provider.
func (d *devConsole) newSessions(pool *pgxpool.Pool, logger *slog.Logger, revoked *revocation.Reader, events *Analytics) (*session.Manager, error) {
	keys, err := session.OpenKeyring(filepath.Join(d.app.StateDir(), "auth", "session.key"))
	if err != nil {
		return nil, err
	}
	c := d.app.Config
	return session.New(session.Options{
		Pool: pool, Keys: keys, Tokens: devTokens{d}, People: (*people.Table)(nil), Logger: logger, Now: d.app.Now,
		Issuer: d.issuer, LogIns: devTokens{d},
		Origins: c.Server.CORS.Origins, Page: c.Auth.Session.Page, Lifetime: c.Auth.Session.Lifetime,
		LoggedIn: events.LoggedIn,
		Revoke:   revokeSession, Revoked: func(id string) bool { return revoked.Has(revocation.Session, id) },
	})
}
