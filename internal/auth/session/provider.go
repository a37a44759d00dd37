package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/token"
)

// Provider logs browsers in, beside Supabase Auth.
type Provider interface {
	// AuthorizeURL is where the browser logs in. The provider leads it to the callback with the state and a code. maxAge is how many seconds
	// ago the person may have given the password; empty leaves it to the provider.
	AuthorizeURL(ctx context.Context, callback, state, verifier, maxAge string) (string, error)
	// Exchange exchanges a code and its verifier for a session, and Refresh the refresh token of one.
	Exchange(ctx context.Context, callback, code, verifier string) (gotrue.Session, error)
	Refresh(ctx context.Context, refresh string) (gotrue.Session, error)
	// Issues reports whether an issuer in claims is this provider.
	Issues(issuer string) bool
}

// claimer is a provider that signs no tokens. What it has said of a person is in the encrypted row of the session, and needs no signature.
type claimer interface {
	Claims(said string, now time.Time) (token.Claims, error)
}

// providerOf returns the provider that has issued the tokens of a session, or nil for Supabase Auth. Two providers may have one issuer, such as a
// tenant of Microsoft and all tenants: each refreshes only its own tokens, so the name decides. A provider that was renamed is found as the first one.
func (m *Manager) providerOf(r row) Provider {
	if p := m.o.Providers[r.method]; p != nil && p.Issues(r.issuer) {
		return p
	}
	for _, name := range m.names {
		if p := m.o.Providers[name]; p.Issues(r.issuer) {
			return p
		}
	}
	return nil
}

// hasNewEmail reports whether new tokens of a session say something else of the e-mail address than the old ones, such as that it is verified now.
// The old ones may have expired; nobody else can have written them.
func (m *Manager) hasNewEmail(r row, now token.Claims) bool {
	if c, ok := m.providerOf(r).(claimer); ok {
		was, _ := c.Claims(r.access, time.Time{}) // an unreadable one has no address
		return was.Email != now.Email
	}
	_, was, _ := token.Inspect(r.access) // likewise
	return slices.ContainsFunc([]string{"email", "email_verified", "xms_edov"}, func(claim string) bool {
		return fmt.Sprint(was[claim]) != fmt.Sprint(now.All[claim])
	})
}

// verify returns the claims of a token that a provider has sent to this server. Bearer tokens never come this way.
func (m *Manager) verify(ctx context.Context, p Provider, access string) (token.Claims, error) {
	if c, ok := p.(claimer); ok {
		return c.Claims(access, m.o.Now())
	}
	return m.o.Tokens.Verify(ctx, access)
}
