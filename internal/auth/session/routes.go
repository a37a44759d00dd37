package session

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// pathPrefix is in front of all routes of sessions.
const pathPrefix = "/auth/"

// MaxBody is how many bytes the body of a request may have.
const MaxBody = 16 << 10

// Route is a route of sessions.
type Route struct {
	Pattern string
	Handler http.Handler
}

// handler returns what is sent as JSON; nil sends nothing, because the handler has written the answer.
type handler func(http.ResponseWriter, *http.Request) (any, error)

// Routes returns the routes.
func (m *Manager) Routes() []Route {
	var routes []Route
	for _, r := range []struct {
		pattern string
		handle  handler
	}{
		{"GET login", m.showLogin},
		{"POST login", m.login},
		{"GET callback", m.callback},
		{"POST refresh", m.refreshNow},
		{"POST logout", m.logout},
		{"GET session", m.show},
		{"GET sessions", m.list},
		{"DELETE sessions/{id}", m.endOne},
		{"POST password", m.changePassword},
		{"POST email", m.changeEmail},
		{"GET providers", m.providers},
	} {
		method, path, _ := strings.Cut(r.pattern, " ")
		routes = append(routes, Route{method + " " + pathPrefix + path, m.answer(r.handle)})
	}
	return routes
}

func (m *Manager) answer(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		value, err := handle(w, r)
		switch {
		case err != nil && wantsPage(r):
			m.failurePage(w, r, err)
		case err != nil:
			problem.Write(w, r, err)
		case value != nil:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(value) // the client may have gone
		}
	})
}

// issuer returns the client of the issuer for a request.
func (m *Manager) issuer(r *http.Request) gotrue.Client {
	c := m.o.Issuer()
	c.Address = request.Address(r)
	return c
}

// isLogin reports whether a request begins or ends sessions, also of browsers without one.
func isLogin(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, pathPrefix) }

// wantsPage reports whether a browser shows the answer: it has followed a link or sent a form. Old browsers do not say so.
func wantsPage(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	isForm := mediaType(r) == "application/x-www-form-urlencoded"
	return isForm || strings.Contains(r.Header.Get("Accept"), "text/html")
}

func isJSON(r *http.Request) bool { return mediaType(r) == "application/json" }

func mediaType(r *http.Request) string {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an error leaves it empty
	return kind
}

// input is what a page sends.
type input struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Code     string `json:"code"` // of a mail
	Mode     string `json:"mode"` // signup or recover; else a log-in
	Next     string `json:"next"` // where it ends
}

// readInput reads the body of a request, as JSON or as a form.
func readInput(r *http.Request) (in input, err error) {
	const op = "read the request"
	if isJSON(r) {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return in, &fault.Error{Code: fault.Invalid, Op: op, Message: "the body is not the expected JSON", Err: err, Hint: `send, for example, {"email": "…", "password": "…"}`}
		}
		return in, nil
	}
	if err := r.ParseForm(); err != nil {
		return in, &fault.Error{Code: fault.Invalid, Op: op, Message: "the body is neither JSON nor a form", Err: err}
	}
	f := r.PostForm
	return input{Email: f.Get("email"), Password: f.Get("password"), Code: f.Get("code"), Mode: f.Get("mode"), Next: f.Get("next")}, nil
}

// redirect leads a browser on.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
