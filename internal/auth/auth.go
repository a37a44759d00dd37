// Package auth finds out who makes a request.
package auth

import (
	"context"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// Tokens authenticates callers by the access tokens of trusted issuers.
type Tokens struct {
	Verifier Verifier
	Fill     Fill   // may be nil
	LogIns   LogIns // may be nil
}

// Fill adds to a caller what the project's own tables say of them.
type Fill func(ctx context.Context, who caller.Caller) (caller.Caller, error)

// LogIns tells how the holder of a token has logged in. liveness.Issuers is one.
type LogIns interface {
	LogIn(claims token.Claims, t liveness.Tokens) caller.LogIn
}

// Verifier verifies access tokens. token.Verifier is one.
type Verifier interface {
	Verify(ctx context.Context, token string) (token.Claims, error)
}

// Name says what it reads.
func (Tokens) Name() string { return "access token" }

// Authenticate returns the caller that a token names. It does not know requests without one. A token that is not valid is an error, so that
// nobody becomes anonymous without noticing.
func (t Tokens) Authenticate(r *http.Request, text string) (who caller.Caller, known bool, err error) {
	if text == "" {
		return caller.Caller{}, false, nil
	}
	claims, err := t.Verifier.Verify(r.Context(), text)
	if err != nil {
		return caller.Caller{}, false, err
	}
	who = caller.Caller{UID: claims.Subject, Roles: claims.Roles, Tier: claims.Tier}
	if t.LogIns != nil {
		who.LogIn = t.LogIns.LogIn(claims, liveness.Tokens{Access: text})
	}
	if t.Fill != nil {
		if who, err = t.Fill(r.Context(), who); err != nil {
			return caller.Caller{}, false, err
		}
	}
	return who, true, nil
}

// KeyHeader contains an API key, for clients that need the Authorization header for something else.
const KeyHeader = "Krowoc-Key"

// Keys authenticates machines by their API keys, in KeyHeader or as a token.
type Keys struct{ Verifier *apikey.Verifier }

// Name says what it reads.
func (Keys) Name() string { return "API key" }

// Authenticate returns the caller that a key is for. It knows the keys among tokens by their prefix.
func (k Keys) Authenticate(r *http.Request, text string) (who caller.Caller, known bool, err error) {
	const op = "read the API key"
	values := r.Header.Values(KeyHeader)
	switch {
	case len(values) > 1 || len(values) == 1 && text != "":
		return caller.Caller{}, false, fault.New(fault.Invalid, op, "the request has several keys or tokens", "send one key or token")
	case len(values) == 1:
		text = values[0]
	case !strings.HasPrefix(text, apikey.Prefix):
		return caller.Caller{}, false, nil
	}
	key, err := k.Verifier.Verify(r.Context(), text)
	if err != nil {
		return caller.Caller{}, false, err
	}
	return caller.Caller{
		UID: key.UID, Roles: key.Roles, Tier: key.Tier, Service: key.Service, Key: key.ID,
		Scope: caller.Scope{Operations: key.Operations, Types: key.Types},
	}, true, nil
}
