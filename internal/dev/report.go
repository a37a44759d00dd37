package dev

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
)

// Event is something a session tells the person at the terminal.
type Event struct {
	Time     time.Time
	Part     string // dev, postgres, schema, migrate, seed, api, or the name of a service or process
	Level    slog.Level
	Text     string
	Err      error     // with Level Error: the whole error, for hints and diagnostics
	Mistakes diag.List // warnings about the team's files
	Request  string    // id of the request that it is about, where it is about one
	Reloaded bool      // a save was taken over, all of it
	Ready    *Ready    // set when the API is up
	Settled  *Settled  // set once, when all is up that comes up
}

// Settled says that every part is up or has failed to come up.
type Settled struct {
	State
	Failed bool // a service or process has
}

// Ready says that the session is up, and how long that took.
type Ready struct {
	State
	Took time.Duration
}

// reporter hands events to the sink one at a time, whichever goroutine they come from.
type reporter struct {
	mu   sync.Mutex
	sink func(Event)
	now  func() time.Time

	failures atomic.Int64
}

func (r *reporter) emit(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Time = r.now()
	r.sink(e)
}

func (r *reporter) info(part, text string) { r.emit(Event{Part: part, Text: text}) }

func (r *reporter) warn(part, text string) {
	r.emit(Event{Part: part, Level: slog.LevelWarn, Text: text})
}

func (r *reporter) fail(part string, err error) {
	r.failures.Add(1)
	r.emit(Event{Part: part, Level: slog.LevelError, Text: err.Error(), Err: err})
}

// slow is how long a part may take to start until people are told that it still does, and how often they are.
const slow = 5 * time.Second

// whileStarting tells that a part still starts, until done.
func (r *reporter) whileStarting(part string) (done func()) {
	began, end := r.now(), make(chan struct{})
	go func() {
		tick := time.NewTicker(slow)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.info(part, fmt.Sprintf("still starts, after %d s", int(r.now().Sub(began).Seconds())))
			case <-end:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(end) })
}

// logger returns a logger whose records become events of a part.
func (r *reporter) logger(part string) *slog.Logger {
	return slog.New(&eventHandler{reporter: r, part: part})
}

// eventHandler is a slog.Handler that turns records into events, attributes as key=value.
type eventHandler struct {
	*reporter
	part   string
	prefix string // of open groups
	attrs  string // rendered
}

// Enabled lets everything through: who shows events chooses among them.
func (h *eventHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle reports a record.
func (h *eventHandler) Handle(_ context.Context, rec slog.Record) error {
	text, request := rec.Message+h.attrs, ""
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key == "request_id" {
			request = a.Value.String()
			return true
		}
		text += h.render(a)
		return true
	})
	h.emit(Event{Part: h.part, Level: rec.Level, Text: text, Request: request})
	return nil
}

// WithAttrs returns a handler that adds attributes to every record.
func (h *eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	for _, a := range attrs {
		next.attrs += h.render(a)
	}
	return &next
}

// WithGroup returns a handler that puts a name before the keys that follow.
func (h *eventHandler) WithGroup(name string) slog.Handler {
	next := *h
	next.prefix += name + "."
	return &next
}

func (h *eventHandler) render(a slog.Attr) string {
	if a.Equal(slog.Attr{}) {
		return ""
	}
	return " " + h.prefix + a.Key + "=" + a.Value.Resolve().String()
}
