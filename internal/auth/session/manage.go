package session

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/fault"
)

// isOver reports whether an error says that the session has ended.
func isOver(err error) bool { return errors.Is(err, errNone) }

// refreshNow handles POST /auth/refresh: it makes sure that the session is still good. Tokens are refreshed by themselves.
func (m *Manager) refreshNow(w http.ResponseWriter, r *http.Request) (any, error) {
	if _, err := m.signedIn(r.Context(), r); err != nil {
		return nil, err
	}
	return m.show(w, r)
}

// logout handles POST /auth/logout: scope local (the default), others or global.
func (m *Manager) logout(w http.ResponseWriter, r *http.Request) (any, error) {
	scope := r.URL.Query().Get("scope")
	if !slices.Contains([]string{"", "local", "others", "global"}, scope) {
		return nil, fault.New(fault.Invalid, "log out", "unknown scope "+quoted(scope), "use local, others or global")
	}
	current, err := m.signedIn(r.Context(), r)
	if scope != "others" {
		setCookie(w, m.cookie(r, sessionCookie, "", -1))
		setCookie(w, m.cookie(r, csrfCookie, "", -1))
	}
	switch {
	case fault.CodeOf(err) == fault.Unauthenticated && scope != "others":
		err = nil // it has ended already
	case err != nil:
	default:
		err = m.endAt(r, current, scope)
	}
	if err != nil {
		return nil, err
	}
	if wantsPage(r) {
		redirect(w, r, m.next(r.URL.Query().Get("next")))
		return nil, nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil, nil
}

// endAt ends sessions here and then at the issuer, which may be away: its tokens have never left the servers.
func (m *Manager) endAt(r *http.Request, current row, scope string) error {
	var err error
	switch scope {
	case "others":
		err = m.End(r.Context(), current.uid, "", current.id)
	case "global":
		err = m.End(r.Context(), current.uid, "", "")
	default:
		scope = "local"
		err = m.End(r.Context(), current.uid, current.id, "")
	}
	if err != nil {
		return err
	}
	if m.providerOf(current) != nil {
		return nil // its tokens have never left the servers
	}
	if err := m.issuer(r).Logout(r.Context(), current.access, scope); err != nil {
		m.o.Logger.WarnContext(r.Context(), "could not end a session at the issuer", "uid", current.uid, "error", err)
	}
	return nil
}

// list handles GET /auth/sessions: where the caller is logged in.
func (m *Manager) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	current, err := m.signedIn(r.Context(), r)
	if err != nil {
		return nil, err
	}
	list, err := m.List(r.Context(), current.uid, current.id)
	return map[string][]Info{"sessions": list}, err
}

// List lists the sessions of a person, the newest first. The one with the ID current is marked.
func (m *Manager) List(ctx context.Context, uid, current string) ([]Info, error) {
	return m.store.list(ctx, uid, current, m.o.Now())
}

// endOne handles DELETE /auth/sessions/{id}.
func (m *Manager) endOne(w http.ResponseWriter, r *http.Request) (any, error) {
	current, err := m.signedIn(r.Context(), r)
	if err != nil {
		return nil, err
	}
	if err := m.End(r.Context(), current.uid, r.PathValue("id"), ""); err != nil {
		return nil, err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil, nil
}

// notProviders are switches of the issuer that are not providers to choose.
var notProviders = []string{"email", "phone", "anonymous_users"}

// settings returns the ways to log in: those of Supabase Auth, and the other providers.
func (m *Manager) settings(r *http.Request) (s gotrue.Settings, err error) {
	if m.issuer(r).URL != "" {
		if s, err = m.issuer(r).Settings(r.Context()); err != nil {
			return s, err
		}
	} else {
		s.DisableSignup = true
	}
	if s.External == nil {
		s.External = map[string]bool{}
	}
	for name := range m.o.Providers {
		s.External[name] = true
	}
	return s, nil
}

func providersOf(s gotrue.Settings) []string {
	names := []string{}
	for name, on := range s.External {
		if on && !slices.Contains(notProviders, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
