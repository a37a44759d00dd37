package mail

import (
	"embed"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

//go:embed page
var files embed.FS

var (
	inboxPage   = console.Parse("page/inbox.html", files)
	messagePage = console.Parse("page/message.html", files)
)

// Register adds the inbox under /mail/, and its JSON API for tests in any language under /mail/api/.
func (c *Catcher) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /mail/{$}", c.inbox)
	mux.HandleFunc("GET /mail/events", func(w http.ResponseWriter, r *http.Request) { c.changed.Serve(w, r) })
	mux.HandleFunc("GET /mail/{id}", c.one(c.message))
	mux.HandleFunc("GET /mail/{id}/html", c.one(html))
	mux.HandleFunc("GET /mail/{id}/source", c.one(source))
	mux.HandleFunc("GET /mail/{id}/attachments/{n}", c.one(attachment))
	mux.HandleFunc("POST /mail/delete", console.SameOrigin(c.delete))
	mux.HandleFunc("GET /mail/api/messages", c.list)
	mux.HandleFunc("GET /mail/api/messages/wait", c.wait)
	mux.HandleFunc("GET /mail/api/messages/{id}", c.one(func(w http.ResponseWriter, _ *http.Request, m *Message) { console.JSON(w, m) }))
	mux.HandleFunc("GET /mail/api/messages/{id}/source", c.one(source))
	mux.HandleFunc("DELETE /mail/api/messages", console.SameOrigin(c.clear))
	mux.HandleFunc("DELETE /mail/api/messages/{id}", console.SameOrigin(c.clear))
}

func (c *Catcher) inbox(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("q")
	console.Render(w, inboxPage, struct {
		Query, Address string
		Messages       []*Message
	}{query, c.Address(), c.find(func(m *Message) bool { return m.matches(query) }, keep)})
}

// one returns a handler for the message whose ID is in the path.
func (c *Catcher) one(show func(http.ResponseWriter, *http.Request, *Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found := c.find(func(m *Message) bool { return m.ID == r.PathValue("id") }, 1)
		if len(found) == 0 {
			problem.NotFound().Write(w, r)
			return
		}
		show(w, r, found[0])
	}
}

func (c *Catcher) message(w http.ResponseWriter, r *http.Request, m *Message) {
	show := r.URL.Query().Get("show")
	if show == "" && m.HTML != "" {
		show = "html"
	}
	console.Render(w, messagePage, struct {
		Message *Message
		Show    string
	}{m, show})
}

// mailPolicy allows the HTML of a message its styles and nothing else. Remote images would reveal that the message was read.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

var byContentID = regexp.MustCompile(`(?i)cid:([^"'\s>)]+)`)

// html writes the HTML of a message, for a frame in our page. Its links open in a new tab.
func html(w http.ResponseWriter, _ *http.Request, m *Message) {
	page := byContentID.ReplaceAllStringFunc(m.HTML, func(link string) string {
		id, err := url.PathUnescape(link[len("cid:"):])
		for i, a := range m.Attachments {
			if err == nil && a.id == id {
				return fmt.Sprintf("/mail/%s/attachments/%d", m.ID, i)
			}
		}
		return link
	})
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(`<!doctype html><base target="_blank">` + page)) // the client may have disconnected
}

func source(w http.ResponseWriter, _ *http.Request, m *Message) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(m.raw) // the client may have disconnected
}

// attachment writes a file. Only images are displayed; other files are downloaded, since they could be pages with scripts.
func attachment(w http.ResponseWriter, r *http.Request, m *Message) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(m.Attachments) {
		problem.NotFound().Write(w, r)
		return
	}
	a := m.Attachments[n]
	disposition, kind := "attachment", "application/octet-stream"
	if strings.HasPrefix(a.Type, "image/") && !strings.Contains(a.Type, "svg") {
		disposition, kind = "inline", a.Type
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if text := mime.FormatMediaType(disposition, map[string]string{"filename": a.Name}); text != "" {
		h.Set("Content-Disposition", text)
	}
	_, _ = w.Write(a.content) // the client may have disconnected
}

func (c *Catcher) delete(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	c.remove(func(m *Message) bool { return id == "" || m.ID == id })
	http.Redirect(w, r, "/mail/", http.StatusSeeOther)
}

func (c *Catcher) clear(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	c.remove(func(m *Message) bool { return id == "" || m.ID == id })
	w.WriteHeader(http.StatusNoContent)
}

// list writes the messages that match a recipient, a subject or a text, newest first.
func (c *Catcher) list(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = keep
	}
	console.JSON(w, map[string]any{"messages": c.find(filter(r), limit)})
}

func filter(r *http.Request) func(*Message) bool {
	q := r.URL.Query()
	to, subject, text := q.Get("to"), strings.ToLower(q.Get("subject")), q.Get("q")
	return func(m *Message) bool {
		return m.to(to) && strings.Contains(strings.ToLower(m.Subject), subject) && m.matches(text)
	}
}

// Limits of wait.
const (
	usualWait   = 10 * time.Second
	longestWait = 5 * time.Minute
)

// wait writes the newest matching message as soon as there is one. It must be newer than after, which is the ID of a message or a
// time.
func (c *Catcher) wait(w http.ResponseWriter, r *http.Request) {
	limit := usualWait
	if text := r.URL.Query().Get("timeout"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			problem.Write(w, r, fault.New(fault.Invalid, "wait for mail", "invalid timeout", "write a duration such as 10s"))
			return
		}
		limit = min(d, longestWait)
	}
	fits, after := filter(r), c.moment(r.URL.Query().Get("after"))
	events, end := c.changed.Follow()
	defer end()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		if found := c.find(func(m *Message) bool { return m.At.After(after) && fits(m) }, 1); len(found) > 0 {
			console.JSON(w, found[0])
			return
		}
		select {
		case <-events:
		case <-timeout.C:
			problem.Write(w, r, fault.New(fault.Timeout, "wait for mail", fmt.Sprintf("no matching message within %v", limit)))
			return
		case <-r.Context().Done():
			return
		}
	}
}

// moment parses a time, or returns the time of the message with that ID.
func (c *Catcher) moment(text string) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at
	}
	for _, m := range c.find(func(m *Message) bool { return m.ID == text }, 1) {
		return m.At
	}
	return time.Time{}
}
