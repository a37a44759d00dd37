// Package liveness asks issuers whether a session still lives. A token is good until it expires, also after its session has ended; what asks
// for a recent log-in cannot wait for that.
package liveness

import (
	"context"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// op is the operation in errors.
const op = "ask the issuer whether the session lives"

// Tokens are those of a session.
type Tokens struct {
	Access  string
	Refresh string // empty where only the client has it
}

// Source is an issuer that can be asked.
type Source interface {
	// Lives returns an unauthenticated fault if the session has ended, or its access token counts no longer. Any other fault says that it is not
	// known.
	Lives(ctx context.Context, claims token.Claims, t Tokens) error
}

// Issuers are the issuers that can be asked, by their URL.
type Issuers map[string]Source

// LogIn returns how the holder of tokens has logged in.
func (i Issuers) LogIn(claims token.Claims, t Tokens) caller.LogIn {
	return LogIn(i[claims.Issuer], claims, t)
}

// LogIn returns how the holder of tokens has logged in. A nil source is an issuer that cannot be asked.
func LogIn(s Source, claims token.Claims, t Tokens) caller.LogIn {
	l := caller.LogIn{Time: claims.AuthTime}
	if s != nil {
		l.Lives = func(ctx context.Context) error { return s.Lives(ctx, claims, t) }
	}
	return l
}

// Supabase is a project of Supabase Auth, or another server with its protocol: who asks for the user of a token learns whether its session lives.
type Supabase struct{ Client func() gotrue.Client }

// Lives implements Source.
func (s Supabase) Lives(ctx context.Context, claims token.Claims, t Tokens) error {
	user, err := s.Client().UserOf(ctx, t.Access)
	switch {
	case err != nil && gotrue.Ended(err):
		return ended(err)
	case err != nil:
		return away(err)
	case user.ID != sub(claims):
		return ended(fault.New(fault.Upstream, op, "the issuer names another user"))
	}
	return nil
}

// sub is the user as the issuer names them, whatever the project calls them.
func sub(claims token.Claims) string {
	name, _ := claims.All["sub"].(string)
	return name
}

// ended is the fault of a session that lives no longer.
func ended(err error) error {
	return &fault.Error{Code: fault.Unauthenticated, Op: op, Message: "the session has ended", Hint: "log in again", Err: err}
}

// away is the fault of an issuer that does not say whether a session lives. The log has the reason.
func away(err error) error {
	return &fault.Error{Code: fault.Unavailable, Op: op, Err: err, Private: true}
}
