// Package console is the web console of a development session: one HTTP server for the pages and APIs in addition to the project's own
// API, and for the events that a page under development follows.
package console

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/localhost"
)

// Link is an entry on the start page.
type Link struct{ Name, URL string }

// Options configure the console.
type Options struct {
	Address string // host:port; a free port if that one is taken
	Project string
	Logger  *slog.Logger
	Links   func() []Link
}

// Console is the server. Other packages add their pages to its Mux before it starts.
type Console struct {
	Mux *http.ServeMux

	options  Options
	listener net.Listener
	http     *http.Server
	cancel   context.CancelFunc
	pages    Broadcast // tells the pages under development

	mu      sync.Mutex
	mistake string
}

// New listens, but does not serve yet.
func New(ctx context.Context, o Options) (*Console, error) {
	l, taken, err := listen.Near(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	if taken != nil {
		o.Logger.Warn(taken.Error() + ": using another port")
	}
	c := &Console{Mux: http.NewServeMux(), options: o, listener: l}
	c.Mux.Handle("GET /{$}", http.HandlerFunc(c.index))
	c.Mux.Handle("GET /console.css", asset("page/console.css"))
	c.Mux.Handle("GET /console.js", asset("page/console.js"))
	c.Mux.Handle("GET /client.js", asset("page/client.js"))
	c.Mux.Handle("GET /events", anyOrigin(http.HandlerFunc(c.events)))
	return c, nil
}

// URL returns the URL of the console.
func (c *Console) URL() string { return "http://" + c.listener.Addr().String() }

// Start serves in the background.
func (c *Console) Start(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.http = &http.Server{
		Handler: localhost.Only("the development console")(c.Mux), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(c.options.Logger.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := c.http.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
			c.options.Logger.Error(fault.Wrap("serve the console", err).Error())
		}
	}()
}

// Stop stops the server and ends all event streams.
func (c *Console) Stop(ctx context.Context) error {
	if c.http == nil {
		return c.listener.Close()
	}
	c.cancel()
	if err := c.http.Shutdown(ctx); err != nil {
		return c.http.Close()
	}
	return nil
}

// Reload tells the pages that the API has changed and that there are no errors.
func (c *Console) Reload() {
	c.setMistake("")
	c.pages.Send("reload", "")
}

// Mistake shows an error on the pages; an empty text removes it.
func (c *Console) Mistake(text string) {
	c.setMistake(text)
	c.pages.Send("mistake", text)
}

func (c *Console) setMistake(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mistake = text
}

func (c *Console) currentMistake() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mistake
}

func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	var first []Event
	if text := c.currentMistake(); text != "" {
		first = append(first, Event{"mistake", text})
	}
	c.pages.Serve(w, r, first...)
}

var index = Parse("page/index.html", pages)

func (c *Console) index(w http.ResponseWriter, _ *http.Request) {
	Render(w, index, struct {
		Project, Mistake string
		Links            []Link
	}{c.options.Project, c.currentMistake(), c.options.Links()})
}

// anyOrigin allows pages of any origin to read a response that is not secret.
func anyOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		next.ServeHTTP(w, r)
	})
}
