package session

import (
	"context"
	"crypto/sha256"
	"time"

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

// lives asks the issuer whether a session still lives. One that it has ended ends here as well, on all replicas.
func (m *Manager) lives(ctx context.Context, ticket [sha256.Size]byte) error {
	r, err := m.ask(ctx, ticket)
	if fault.CodeOf(err) != fault.Unauthenticated || r.refresh == "" {
		return err // without a refresh token, the answer is about the access token and not about the session
	}
	m.readAgain(ticket)
	now, _, readErr := m.current(ctx, ticket)
	switch {
	case readErr != nil:
		return err
	case now.refresh != r.refresh: // another process has used it up meanwhile
		_, err = m.ask(ctx, ticket)
		return err
	}
	m.o.Logger.Warn("a session was ended", "uid", r.uid, "reason", "the issuer has ended it")
	if err := m.End(ctx, r.uid, r.id, ""); err != nil {
		m.o.Logger.Warn("could not end a session", "uid", r.uid, "error", err)
	}
	return err
}

// readAgain makes the next use of a session read its row.
func (m *Manager) readAgain(ticket [sha256.Size]byte) {
	e := m.entry(ticket)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readAt = time.Time{}
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
