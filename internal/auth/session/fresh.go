package session

import (
	"context"
	"crypto/sha256"

	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// logIn returns how the person of a session has logged in.
func (m *Manager) logIn(ticket [sha256.Size]byte, r row, claims token.Claims) caller.LogIn {
	if m.o.LogIns == nil {
		return caller.LogIn{Time: claims.AuthTime, Session: r.id}
	}
	l := m.o.LogIns.LogIn(claims, liveness.Tokens{Access: r.access, Refresh: r.refresh})
	l.Session = r.id
	if l.Lives != nil {
		l.Lives = func(ctx context.Context) error { return m.lives(ctx, ticket) }
	}
	return l
}

// lives asks the issuer whether a session still lives. An issuer also refuses a token that has expired by its own clock, that another process has
// replaced, or whose key is gone. So the session gets new tokens, and is asked about again. It ends, on all replicas, if the issuer refuses that.
func (m *Manager) lives(ctx context.Context, ticket [sha256.Size]byte) error {
	r, err := m.ask(ctx, ticket)
	if fault.CodeOf(err) != fault.Unauthenticated || r.refresh == "" {
		return err // without a refresh token, the answer is about the access token and not about the session
	}
	switch failed := m.replace(ctx, ticket, r.access); {
	case isOver(failed):
		return err
	case failed != nil:
		return failed
	}
	_, err = m.ask(ctx, ticket)
	return err
}

// replace replaces the tokens of a session, unless it has another access token than the one that is refused by now.
func (m *Manager) replace(ctx context.Context, ticket [sha256.Size]byte, refused string) error {
	e := m.entry(ticket)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := m.read(ctx, e, ticket); err != nil {
		return err
	}
	return m.renew(e, refused)
}

// ask asks the issuer with the tokens that the session has now.
func (m *Manager) ask(ctx context.Context, ticket [sha256.Size]byte) (row, error) {
	r, claims, err := m.current(ctx, ticket)
	if isOver(err) {
		return r, fault.New(fault.Unauthenticated, "read the session", "the session has ended", "log in again")
	}
	if err != nil {
		return r, err
	}
	return r, m.o.LogIns.LogIn(claims, liveness.Tokens{Access: r.access, Refresh: r.refresh}).Lives(ctx)
}
