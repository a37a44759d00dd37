package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
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
			URL: i.URL, KeysURL: i.JWKS, Audience: audienceOf(i), Leeway: i.Leeway, Require: i.Require, Roles: i.Roles, Secret: []byte(i.Secret.Reveal()),
		}
	}
	return token.New(token.Options{
		Issuers: issuers, Logger: a.Logger, Now: a.Now,
		Revoked: func(c token.Claims) bool {
			return revoked.Has(revocation.Session, c.Session) || revoked.Has(revocation.KID, c.Key)
		},
	})
}

// audienceOf returns whom the tokens of an issuer are for. The ID token of a log-in is for the client.
func audienceOf(i config.Issuer) []string {
	if i.ClientID == "" {
		return i.Audience
	}
	return append(slices.Clone(i.Audience), i.ClientID)
}
