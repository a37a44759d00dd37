package session

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// view is what the page shows: the log-in, or the code of a mail, or an error.
type view struct {
	Title       string
	Problem     string
	Hint        string
	Email, Next string
	MaxAge      string // of the log-in that is asked for, in seconds
	Mode        string
	AskCode     bool
	Providers   []string
	Form        bool
	Token       string // against forged forms
}

// checkPage refuses a log-in page on an origin that is not trusted: passwords are typed there.
func checkPage(to string, trusted []string) error {
	u, err := url.Parse(to)
	isPath := err == nil && u.Scheme == "" && u.Host == "" // https:///a.example.com has no host either, but browsers find one
	if isPath || (err == nil && slices.Contains(trusted, u.Scheme+"://"+u.Host)) {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Op: "configure sessions", Message: "auth.session.page: " + to + " is on an origin that is not listed", Err: err,
		Hint: "add its origin to server.cors.origins, or write a path"}
}

func (m *Manager) render(w http.ResponseWriter, status int, v view) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer, the Origin of its form would be null
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, v) // the browser may have gone
}

// loginPage shows the log-in, or leads to the application's own page.
func (m *Manager) loginPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	next := m.next(q.Get("next"))
	if m.o.Page != "" {
		to := withQuery(withQuery(m.o.Page, "next", next), "email", q.Get("email"))
		if maxAge := q.Get("max_age"); maxAge != "" {
			to = withQuery(to, "max_age", maxAge)
		}
		redirect(w, r, to)
		return
	}
	v := view{Title: "Log in", Form: true, Email: q.Get("email"), Next: next, MaxAge: q.Get("max_age"), Token: m.token(w, r, m.ticketOf(r))}
	if s, err := m.settings(r); err == nil {
		v.Providers = providersOf(s)
	}
	m.render(w, http.StatusOK, v)
}

// codePage asks for the code of the mail.
func (m *Manager) codePage(w http.ResponseWriter, r *http.Request, in input) {
	m.render(w, http.StatusAccepted, view{Title: "Check your mail", AskCode: true, Email: in.Email, Next: in.Next, Mode: in.Mode, Token: m.token(w, r, m.ticketOf(r))})
}

// failurePage says why a log-in has failed.
func (m *Manager) failurePage(w http.ResponseWriter, r *http.Request, err error) {
	if m.o.Page != "" && r.Method == http.MethodGet {
		redirect(w, r, withQuery(m.o.Page, "error", problem.From(err).Detail))
		return
	}
	details := problem.From(err)
	details.SetRetryAfter(w.Header())
	m.render(w, problem.Status(fault.CodeOf(err)), view{Title: "This did not work", Problem: details.Detail, Hint: details.Hint})
}
