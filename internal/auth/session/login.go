package session

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
)

// showLogin handles GET /auth/login: it leads to a provider, or shows the log-in page. It changes nothing but the cookie of the log-in.
func (m *Manager) showLogin(w http.ResponseWriter, r *http.Request) (any, error) {
	q := r.URL.Query()
	provider, maxAge := q.Get("provider"), q.Get("max_age")
	if _, err := strconv.ParseUint(maxAge, 10, 31); maxAge != "" && err != nil {
		return nil, fault.New(fault.Invalid, "log in", "max_age is not a number of seconds", "write max_age=300, for example")
	}
	if provider == "" {
		m.loginPage(w, r)
		return nil, nil
	}
	if m.o.Providers[provider] == nil && m.issuer(r).URL == "" {
		return nil, fault.New(fault.NotFound, "log in", "there is no provider "+quoted(provider), "list the providers with GET "+pathPrefix+"providers")
	}
	f, err := m.begin(w, r, provider, q.Get("next"))
	if err != nil {
		return nil, err
	}
	to := m.issuer(r).AuthorizeURL(provider, m.callbackOf(r, f), f.challenge())
	if c := m.o.Providers[provider]; c != nil {
		if to, err = c.AuthorizeURL(r.Context(), m.callbackURL(r), f.State, f.Verifier, maxAge); err != nil {
			return nil, err
		}
	}
	redirect(w, r, to)
	return nil, nil
}

// login handles POST /auth/login: with a password, with the code of a mail, or by mail.
func (m *Manager) login(w http.ResponseWriter, r *http.Request) (any, error) {
	in, err := readInput(r)
	if err != nil {
		return nil, err
	}
	in.Email, in.Next = strings.TrimSpace(in.Email), m.next(in.Next)
	if in.Email == "" {
		return nil, fault.New(fault.Invalid, "log in", "the e-mail address is missing", `send {"email": "…"}, or open /auth/login?provider=NAME`)
	}
	if m.issuer(r).URL == "" {
		return nil, fault.New(fault.Invalid, "log in", "this service logs people in with a provider alone", "open "+pathPrefix+"login, or list the providers with GET "+pathPrefix+"providers")
	}
	var s gotrue.Session
	ctx, method := r.Context(), "password"
	switch {
	case in.Code != "":
		method = "otp"
		s, err = m.issuer(r).VerifyCode(ctx, in.Email, in.Code, kindOfCode(in.Mode))
	case in.Mode == "signup":
		s, err = m.signUp(w, r, in)
	case in.Password != "" && in.Mode == "":
		s, err = m.issuer(r).Password(ctx, in.Email, in.Password)
	default:
		method, err = "otp", m.sendMail(w, r, in)
	}
	if err != nil {
		m.failed(r, method, err)
		return nil, err
	}
	if s.AccessToken == "" { // the mail has to be answered first
		return m.sent(w, r, in)
	}
	if err := m.start(w, r, s, method); err != nil {
		m.failed(r, method, err)
		return nil, err
	}
	if wantsPage(r) {
		redirect(w, r, in.Next)
		return nil, nil
	}
	return map[string]string{"next": in.Next}, nil
}

func kindOfCode(mode string) string {
	if mode == "recover" {
		return "recovery"
	}
	return "email"
}

func (m *Manager) signUp(w http.ResponseWriter, r *http.Request, in input) (gotrue.Session, error) {
	f, err := m.begin(w, r, "signup", in.Next)
	if err != nil {
		return gotrue.Session{}, err
	}
	return m.issuer(r).SignUp(r.Context(), in.Email, in.Password, m.callbackOf(r, f), f.challenge())
}

// sendMail sends a link that ends in this browser.
func (m *Manager) sendMail(w http.ResponseWriter, r *http.Request, in input) error {
	issuer := m.issuer(r)
	send, method := issuer.SendLink, "otp"
	if in.Mode == "recover" {
		send, method = issuer.Recover, "recovery"
	}
	f, err := m.begin(w, r, method, in.Next)
	if err != nil {
		return err
	}
	return send(r.Context(), in.Email, m.callbackOf(r, f), f.challenge())
}

// callback handles GET /auth/callback, where the issuer leads the browser.
func (m *Manager) callback(w http.ResponseWriter, r *http.Request) (any, error) {
	if m.confirmed(w, r) {
		return nil, nil
	}
	q := r.URL.Query()
	f, err := m.finish(w, r)
	if err == nil && q.Get("code") == "" {
		err = fault.New(fault.Unauthenticated, "log in", "the issuer refused: "+quoted(q.Get("error_description")), "begin again")
	}
	if err != nil {
		m.failed(r, f.Method, err)
		return nil, err
	}
	s, err := m.exchange(r, f, q.Get("code"))
	if f.Method == emailChange {
		f.Method = "otp"
	}
	if err == nil {
		err = m.start(w, r, s, f.Method)
	}
	if err != nil {
		m.failed(r, f.Method, err)
		return nil, err
	}
	redirect(w, r, f.Next)
	return nil, nil
}

// exchange exchanges the code of a log-in for tokens.
func (m *Manager) exchange(r *http.Request, f flow, code string) (gotrue.Session, error) {
	if c := m.o.Providers[f.Method]; c != nil {
		return c.Exchange(r.Context(), m.callbackURL(r), code, f.Verifier)
	}
	return m.issuer(r).Exchange(r.Context(), code, f.Verifier)
}

// clipped shortens a text of others for a message or the list of sessions.
func clipped(text string) string { return request.Clip(text, 200) }

// quoted returns a text of a client for a message. The list of errors replaces what is quoted.
func quoted(text string) string { return strconv.Quote(clipped(text)) }

// start starts the session of a browser that has logged in. A session that the browser had before ends: its ticket is never used again.
func (m *Manager) start(w http.ResponseWriter, r *http.Request, s gotrue.Session, method string) error {
	claims, err := m.verify(r.Context(), m.o.Providers[method], s.AccessToken)
	if err != nil {
		return err
	}
	if err := m.o.People.Keep(r.Context(), claims); err != nil {
		return err
	}
	ticket := make([]byte, ticketSize)
	if _, err := encoding.Decode(ticket, []byte(random(ticketSize))); err != nil {
		return err
	}
	now := m.o.Now()
	fresh := m.tokensOf(row{id: uuid.NewString(), issuer: claims.Issuer, uid: claims.Subject, method: method}, s, claims)
	info := Info{Method: method, Address: request.Address(r), UserAgent: clipped(r.UserAgent()), Started: now}
	if err := m.store.add(r.Context(), fresh, digest(ticket), info); err != nil {
		return err
	}
	m.endFormer(r)
	setCookie(w, m.cookie(r, sessionCookie, encoding.EncodeToString(ticket), int(m.o.Lifetime.Seconds())))
	setCookie(w, m.cookie(r, csrfCookie, m.newToken(ticket), int(m.o.Lifetime.Seconds())))
	m.o.Logger.InfoContext(r.Context(), "login_success", "provider", method, "uid", claims.Subject)
	m.tell(r, claims.Subject, method, nil)
	return nil
}

// endFormer ends the session that the browser had before a log-in.
func (m *Manager) endFormer(r *http.Request) {
	ticket := m.ticketOf(r)
	if ticket == nil {
		return
	}
	former, _, err := m.current(r.Context(), digest(ticket))
	if err == nil {
		err = m.End(r.Context(), former.uid, former.id, "")
	}
	if err != nil {
		m.o.Logger.DebugContext(r.Context(), "the former session of a browser was not ended", "error", err)
	}
}

// failed logs a log-in that failed.
func (m *Manager) failed(r *http.Request, provider string, err error) {
	m.o.Logger.InfoContext(r.Context(), "login_failed", "provider", provider, "reason", err.Error())
	m.tell(r, "", provider, err)
}

// tell reports a log-in of a user, or one that failed.
func (m *Manager) tell(r *http.Request, uid, provider string, failure error) {
	if m.o.LoggedIn != nil {
		m.o.LoggedIn(r.Context(), uid, provider, failure)
	}
}

// providers handles GET /auth/providers: the ways to log in.
func (m *Manager) providers(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := m.settings(r)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Providers []string `json:"providers"`
		Email     bool     `json:"email"`
		SignUp    bool     `json:"signUp"`
	}{[]string{}, s.External["email"], !s.DisableSignup}
	answer.Providers = providersOf(s)
	return answer, nil
}

// show handles GET /auth/session: who is logged in in this browser.
func (m *Manager) show(w http.ResponseWriter, r *http.Request) (any, error) {
	type user struct {
		ID       string   `json:"id"`
		Email    string   `json:"email,omitempty"`
		Roles    []string `json:"roles"`
		Metadata any      `json:"metadata,omitempty"`
	}
	var answer struct {
		User      *user      `json:"user"` // null for nobody
		SessionID string     `json:"sessionId,omitempty"`
		ExpiresAt *time.Time `json:"expiresAt,omitempty"`
		CSRFToken string     `json:"csrfToken"`
	}
	ticket := m.ticketOf(r)
	if ticket != nil {
		current, claims, err := m.current(r.Context(), digest(ticket))
		isRefused := fault.CodeOf(err) == fault.Unauthenticated // a token that does not count names nobody
		if err != nil && !isOver(err) && !isRefused {
			return nil, err
		}
		switch {
		case err == nil:
			answer.User = &user{claims.Subject, claims.Email, append([]string{}, claims.Roles...), claims.All["user_metadata"]}
			answer.SessionID, answer.ExpiresAt = current.id, &current.until
		case isOver(err):
			setCookie(w, m.cookie(r, sessionCookie, "", -1))
			ticket = nil
		}
	}
	answer.CSRFToken = m.token(w, r, ticket)
	return answer, nil
}

// signedIn returns the session of a request that needs one.
func (m *Manager) signedIn(ctx context.Context, r *http.Request) (row, error) {
	none := fault.New(fault.Unauthenticated, "read the session", "nobody is logged in", "log in first: "+pathPrefix+"login")
	ticket := m.ticketOf(r)
	if ticket == nil {
		return row{}, none
	}
	current, _, err := m.current(ctx, digest(ticket))
	if isOver(err) {
		err = none
	}
	return current, err
}

// sent answers that mail is on its way.
func (m *Manager) sent(w http.ResponseWriter, r *http.Request, in input) (any, error) {
	if wantsPage(r) {
		m.codePage(w, r, in)
		return nil, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	return nil, json.NewEncoder(w).Encode(map[string]bool{"sent": true})
}
