package session

import (
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// Protect refuses requests that change something and that a page of another site made the browser send (cross-site request forgery). What
// the browser says of their origin decides (Sec-Fetch-Site, Origin). A browser that says neither has to send the token of csrfHeader; a
// program without cookies has to send JSON, which no form can.
func (m *Manager) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := m.forged(r); err != nil {
			problem.Write(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// op is the operation in errors.
const op = "check the origin of the request"

// csrfField is the field of forms that has the token.
const csrfField = "csrf"

// newToken returns a token for a ticket, or for a browser that is not logged in. The browser has it in a cookie and sends it a second time
// (signed double submit): another site can read neither.
func (m *Manager) newToken(ticket []byte) string {
	value := random(ticketSize)
	return value + "." + m.o.Keys.sign(value+string(ticket), "csrf")
}

func (m *Manager) isToken(text string, ticket []byte) bool {
	value, signature, ok := strings.Cut(text, ".")
	return ok && m.o.Keys.signed(value+string(ticket), "csrf", signature)
}

// token returns the token of a browser. It sets the cookie if the browser has none that is good.
func (m *Manager) token(w http.ResponseWriter, r *http.Request, ticket []byte) string {
	text := m.cookieOf(r, csrfCookie)
	if !m.isToken(text, ticket) {
		text = m.newToken(ticket)
		setCookie(w, m.cookie(r, csrfCookie, text, int(m.o.Lifetime.Seconds())))
	}
	return text
}

func (m *Manager) forged(r *http.Request) error {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	ticket := m.ticketOf(r)
	hasBearer := strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer ") // the cookie does not count then
	usesCookie := ticket != nil && !hasBearer
	if isSafe || (!usesCookie && !isLogin(r)) {
		return nil
	}
	if err := m.csrf.Check(r); err != nil {
		return &fault.Error{Code: fault.Forbidden, Op: op, Message: "a page of another origin sent it", Err: err, Hint: "add the origin to server.cors.origins if it is one of your own pages"}
	}
	return m.checkToken(r, ticket)
}

func (m *Manager) checkToken(r *http.Request, ticket []byte) error {
	saysOrigin := r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
	isProgram := ticket == nil && isJSON(r)
	if saysOrigin || isProgram {
		return nil
	}
	sent := r.Header.Get(csrfHeader)
	if sent == "" && isLogin(r) && !isJSON(r) {
		sent = r.PostFormValue(csrfField)
	}
	if sent != "" && sent == m.cookieOf(r, csrfCookie) && m.isToken(sent, ticket) {
		return nil
	}
	return fault.New(fault.Forbidden, op, "the browser does not say which page sent it, and the header "+csrfHeader+" is missing or wrong",
		"send the value of the cookie "+m.cookieName(r, csrfCookie)+" in that header")
}
