package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
)

// ActAsHeader contains the user ID of the caller of a request in development, followed by any roles and a tier after semicolons:
// `Krowoc-Act-As: 0f8c…; admin; tier=PRO`.
const ActAsHeader = "Krowoc-Act-As"

// ActAs authenticates callers by ActAsHeader, without any proof. Only development sessions and tests use it; `krowoc serve` never does.
type ActAs struct{ Now func() time.Time } // nil is time.Now

// Name implements server.Authenticator.
func (ActAs) Name() string { return "header " + ActAsHeader }

// Authenticate implements server.Authenticator.
func (a ActAs) Authenticate(r *http.Request, token string) (who caller.Caller, known bool, err error) {
	header := r.Header.Get(ActAsHeader)
	if header == "" || token != "" {
		return caller.Caller{}, false, nil // a token is present and must be checked by another authenticator
	}
	who = caller.Parse(header, ";")
	who.LogIn = caller.LogIn{Time: a.now(), Lives: func(context.Context) error { return nil }} // who needs no proof has just given it
	return who, true, nil
}

func (a ActAs) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
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
	return auth.Tokens{Verifier: d, LogIns: d}.Authenticate(r, text)
}

// LogIn implements auth.LogIns.
func (d devTokens) LogIn(claims token.Claims, t liveness.Tokens) caller.LogIn {
	return liveness.LogIn(liveness.Supabase{Client: d.issuer}, claims, t)
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

// credentials are what a server checks credentials with, beside the tokens of issuers.
type credentials struct {
	revoked *revocation.Reader
	keys    *apikey.Verifier
	checks  *callerChecks
}

func (a *App) newCredentials(pool *pgxpool.Pool, logger *slog.Logger) credentials {
	checks := &callerChecks{}
	revoked := revocation.NewReader(revocation.Options{Pool: pool, Logger: logger, On: func(revocation.Revocation) { checks.start() }})
	return credentials{checks: checks, revoked: revoked, keys: apikey.NewVerifier(apikey.Options{
		Pool: pool, Logger: logger, Now: a.Now, Revoked: func(id string) bool { return revoked.Has(revocation.Key, id) },
	})}
}

// Start reads what is revoked.
func (c credentials) Start(ctx context.Context) error {
	return errors.Join(c.revoked.Start(ctx), c.keys.Start(ctx)) // neither fails
}

// Stop ends the work in the background.
func (c credentials) Stop(ctx context.Context) error {
	return errors.Join(c.keys.Stop(ctx), c.revoked.Stop(ctx))
}

// newTokens returns the verifier of the configured issuers. It is nil if there are none.
func (a *App) newTokens(revoked *revocation.Reader) (*token.Verifier, error) {
	if len(a.Config.Auth.Issuers) == 0 {
		return nil, nil
	}
	return token.New(token.Options{
		Issuers: a.issuersOfTokens(), Client: a.toIssuers(a.Config.Auth.Issuers...), Logger: a.Logger, Now: a.Now,
		Revoked: func(c token.Claims) bool { return isRevoked(revoked, c) },
	})
}

// isRevoked reports whether the session of a token has ended, its user has been revoked since it was issued, or its key counts no longer. A token
// tells its second only, by a clock that may be ahead: one of the same second, or of the leeway after it, may be older than the revocation. One that
// does not tell at all may be, too.
func isRevoked(revoked *revocation.Reader, c token.Claims) bool {
	at, isUser := revoked.At(revocation.UID, c.Subject)
	isOlder := isUser && !c.Issued.After(at.Add(c.Leeway))
	return isOlder || revoked.Has(revocation.Session, c.Session) || revoked.Has(revocation.KID, c.Key)
}

// audienceOf returns whom the tokens of an issuer are for. The ID token of a log-in is for the client.
func audienceOf(i config.Issuer) []string {
	if i.ClientID == "" {
		return i.Audience
	}
	return append(slices.Clone(i.Audience), i.ClientID)
}

// issuersOfTokens returns the configured issuers that sign tokens.
func (a *App) issuersOfTokens() []token.Issuer {
	var issuers []token.Issuer
	for n, i := range a.Config.Auth.Issuers {
		if i.Kind == gitHub {
			continue
		}
		issuers = append(issuers, token.Issuer{
			Where: fmt.Sprintf("%s: auth.issuers[%d]", a.Config.Origin(fmt.Sprintf("auth.issuers[%d]", n)), n), Kind: token.Kind(i.Kind),
			URL: i.URL, KeysURL: i.JWKS, Audience: audienceOf(i), Leeway: i.Leeway, Require: i.Require, Roles: i.Roles, Tier: i.Tier, Subject: i.Subject, Secret: []byte(i.Secret.Reveal()),
		})
	}
	return issuers
}

// VerifyToken verifies a token as a server of the environment would, except that it does not know what is revoked. In development, it also
// trusts the identity provider of the running session.
func (a *App) VerifyToken(ctx context.Context, text string) error {
	issuers := a.issuersOfTokens()
	if a.Config.IsLocal() {
		state, err := dev.Find(a.StateDir())
		for _, v := range state.Vars {
			if url, ok := strings.CutPrefix(v, authURL+"="); ok && err == nil {
				issuers = append(issuers, token.Issuer{Kind: token.Supabase, URL: url})
			}
		}
	}
	if len(issuers) == 0 {
		return fault.New(fault.Unauthenticated, "read the access token", "the environment "+a.Config.Environment+" trusts no issuer",
			"set auth.issuers, choose another environment with --env, or start `krowoc dev`")
	}
	v, err := token.New(token.Options{Issuers: issuers, Logger: a.Logger, Now: a.Now})
	if err != nil {
		return err
	}
	defer v.Close()
	_, err = v.Verify(ctx, text)
	return err
}
