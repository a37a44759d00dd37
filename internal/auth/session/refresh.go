package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// refreshTimeout limits a refresh, with the wait for another process that does the same.
const refreshTimeout = 15 * time.Second

// renewInBackground refreshes a session whose token is still valid, so that no request waits. The caller holds the lock of the entry.
func (m *Manager) renewInBackground(e *entry) {
	m.adding.Lock()
	defer m.adding.Unlock()
	if e.refreshing || m.context.Err() != nil {
		return
	}
	e.refreshing = true
	id := e.row.id
	m.background.Go(func() {
		r, err := m.refresh(m.context, id, "")
		e.mu.Lock()
		defer e.mu.Unlock()
		e.refreshing = false
		m.refreshed(e, r, err)
	})
}

// renew refreshes a session whose token has expired. The caller holds the lock of the entry. It goes on if the request ends: the issuer has
// used up the old token by then, and the new one must not be lost. refused is an access token that does not count although it has not expired.
func (m *Manager) renew(e *entry, refused string) error {
	r, err := m.refresh(m.context, e.row.id, refused)
	m.refreshed(e, r, err)
	return err
}

func (m *Manager) refreshed(e *entry, r row, err error) {
	switch {
	case err == nil:
		e.row, e.readAt = r, m.o.Now()
	case errors.Is(err, errNone):
		e.err = errNone
	default:
		m.o.Logger.Warn("could not refresh a session", "error", err)
	}
}

// refresh replaces the tokens of a session, unless another process has done it. It returns errNone if the session has ended, and ends it if
// the issuer says so.
func (m *Manager) refresh(ctx context.Context, id, refused string) (r row, err error) {
	const op = "refresh a session"
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return r, &fault.Error{Code: fault.Unavailable, Op: op, Message: "too many sessions wait for the issuer", Err: ctx.Err(), RetryAfter: time.Second}
	}
	var changed *token.Claims
	var unverified error
	err = pgx.BeginFunc(ctx, m.o.Pool, func(tx pgx.Tx) error {
		r, changed, err = m.refreshIn(ctx, tx, id, refused)
		if errors.As(err, new(*unverifiedError)) {
			unverified, err = err, nil // the new refresh token is kept
		}
		return err
	})
	switch {
	case err == nil && unverified != nil:
		return r, unverified
	case err == nil && r.id == "":
		err = errNone
	}
	if err != nil && !errors.Is(err, errNone) {
		err = pg.Fault(op, err)
	}
	if err == nil && changed != nil {
		if err := m.o.People.Keep(ctx, *changed); err != nil {
			m.o.Logger.Warn("could not keep the row of a person", "uid", changed.Subject, "error", err)
		}
	}
	return r, err
}

// refreshIn refreshes a session under the lock of its row. The row is empty if the session has ended. changed are the claims of a person whose
// e-mail address is another one now.
func (m *Manager) refreshIn(ctx context.Context, tx pgx.Tx, id, refusedToken string) (r row, changed *token.Claims, err error) {
	if r, err = m.store.locked(ctx, tx, id); err != nil {
		return r, nil, err
	}
	if r.access != refusedToken && m.o.Now().Before(r.accessUntil.Add(-refreshAhead)) {
		return r, nil, nil // another process was faster
	}
	next, claims, refused, err := m.renewed(ctx, r)
	switch {
	case refused != "":
		m.o.Logger.Warn("a session was ended", "uid", r.uid, "reason", refused)
		_, err = endIn(ctx, tx, m.o.Revoke, "id = $1", id)
		return row{}, nil, err
	case errors.As(err, new(*unverifiedError)):
		return r, nil, errors.Join(err, m.store.renew(ctx, tx, next))
	case err != nil:
		return r, nil, err
	case claims.Email != "" && m.hasNewEmail(r, claims):
		changed = &claims
	}
	return next, changed, m.store.renew(ctx, tx, next)
}

// unverifiedError is the error of a new access token that could not be verified, for example because the keys of the issuer were not to be had.
// The refresh token that came with it is good: the old one is used up.
type unverifiedError struct{ error }

// Unwrap returns the error.
func (e *unverifiedError) Unwrap() error { return e.error }

// renewed asks the issuer for new tokens. refused says why the session has to end.
func (m *Manager) renewed(ctx context.Context, r row) (next row, claims token.Claims, refused string, err error) {
	s, err := m.refreshTokens(ctx, r)
	if err != nil {
		return r, claims, refusal(err), err
	}
	claims, err = m.verify(ctx, m.providerOf(r), s.AccessToken)
	switch {
	case err != nil && m.isRevoked(s.AccessToken):
		return r, claims, "its session at the issuer was revoked", nil
	case err != nil:
		r.refresh = s.RefreshToken
		return r, claims, "", &unverifiedError{err}
	case claims.Subject != r.uid:
		return r, claims, "the issuer sent the token of another user", nil
	}
	return m.tokensOf(r, s, claims), claims, "", nil
}

func (m *Manager) refreshTokens(ctx context.Context, r row) (gotrue.Session, error) {
	if c := m.providerOf(r); c != nil {
		return c.Refresh(ctx, r.refresh)
	}
	issuer := m.o.Issuer()
	if !isOf(issuer, r.issuer) {
		return gotrue.Session{}, fault.New(fault.Unauthenticated, "refresh a session", "its issuer is no longer configured", "log in again")
	}
	return issuer.Refresh(ctx, r.refresh)
}

// isOf reports whether Supabase Auth has issued tokens, perhaps under another address. Nobody else may get those of a provider that was removed.
func isOf(c gotrue.Client, issuer string) bool {
	return c.URL != "" && (issuer == c.URL || issuer == token.SupabaseURL(issuer))
}

// isRevoked reports whether an operator has revoked the session of the issuer that a token names. The token has come from the issuer just now.
func (m *Manager) isRevoked(access string) bool {
	if m.o.Revoked == nil {
		return false
	}
	_, claims, _ := token.Inspect(access) // an unreadable one names no session
	for _, name := range []string{"session_id", "sid"} {
		if id, _ := claims[name].(string); id != "" {
			return m.o.Revoked(id)
		}
	}
	return false
}

// tokensOf puts the tokens of the issuer into a row.
func (m *Manager) tokensOf(r row, s gotrue.Session, claims token.Claims) row {
	r.access, r.refresh, r.accessUntil, r.until = s.AccessToken, s.RefreshToken, claims.Expires, m.o.Now().Add(m.o.Lifetime)
	return r
}

// refusal says why an issuer refuses to refresh a session for good, or "" if it may do so later.
func refusal(err error) string {
	var e *gotrue.Error
	if !errors.As(err, &e) || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return ""
	}
	if e.Code == "refresh_token_already_used" {
		return "its refresh token was used a second time, by somebody who may have stolen it"
	}
	return e.Error()
}
