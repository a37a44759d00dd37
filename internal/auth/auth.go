// Package auth finds out who makes a request.
package auth

import (
	"context"
	"net/http"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
)

// Tokens authenticates callers by the access tokens of trusted issuers.
type Tokens struct {
	Verifier Verifier
	Fill     Fill // may be nil
}

// Fill adds to a caller what the project's own tables say of them.
type Fill func(ctx context.Context, who caller.Caller) (caller.Caller, error)

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
	who = caller.Caller{UID: claims.Subject, Roles: claims.Roles}
	if t.Fill != nil {
		if who, err = t.Fill(r.Context(), who); err != nil {
			return caller.Caller{}, false, err
		}
	}
	return who, true, nil
}
