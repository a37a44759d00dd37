package dev

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
	requests "github.com/krowoc/krowoc/internal/request"
)

// Event is a message of a session to its user.
type Event struct {
	Time     time.Time
	Part     string // dev, postgres, schema, migrate, seed, api, or the name of a service or process
	Level    slog.Level
	Text     string
	Err      error     // with Level Error: the whole error, for hints and diagnostics
	Mistakes diag.List // warnings about the project's files
	Request  string    // ID of the request that the event belongs to, if any
	Reloaded bool      // all changed files were applied
	Ready    *Ready    // set when the API is up
	Settled  *Settled  // set once, when every part is up or has failed
}

// Settled reports that every part is up or has failed to start.
type Settled struct {
	State
	Failed bool // whether a service or process has failed
}

// Ready reports that the session is up, and how long the start took.
type Ready struct {
	State
	Took time.Duration
}

// reporter passes events from any goroutine to the sink, one at a time.
type reporter struct {
	mu   sync.Mutex
	sink func(Event)
	now  func() time.Time

	failures atomic.Int64
	failed   []string // parts that have failed, since clearFailed
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
	r.mu.Lock()
	if !slices.Contains(r.failed, part) {
		r.failed = append(r.failed, part)
	}
	r.mu.Unlock()
	r.emit(Event{Part: part, Level: slog.LevelError, Text: err.Error(), Err: err})
}

func (r *reporter) clearFailed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = nil
}

func (r *reporter) failedParts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failed)
}

// slow is the interval of reports about a part that is still starting.
const slow = 5 * time.Second

// whileStarting reports at intervals that a part is still starting, until done is called.
func (r *reporter) whileStarting(part string) (done func()) { return r.while(part, "still starting") }

// while reports at intervals what a part is still doing, until done is called.
func (r *reporter) while(part, doing string) (done func()) {
	began, end := r.now(), make(chan struct{})
	go func() {
		tick := time.NewTicker(slow)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.info(part, fmt.Sprintf("%s after %d s", doing, int(r.now().Sub(began).Seconds())))
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
	prefix string // the names of the open groups
	attrs  string // rendered
}

// Enabled accepts every level. Whoever shows the events filters them.
func (h *eventHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle reports a record.
func (h *eventHandler) Handle(_ context.Context, rec slog.Record) error {
	text, id := rec.Message+h.attrs, ""
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case requests.FieldRequestID: // the first field of a request
			id = a.Value.String()
		case requests.FieldTraceID, requests.FieldSpanID: // the console finds the trace by the ID of the request
		case requests.FieldCorrelationID:
			if a.Value.String() != id {
				text += h.render(a)
			}
		default:
			text += h.render(a)
		}
		return true
	})
	h.emit(Event{Part: h.part, Level: rec.Level, Text: text, Request: id})
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

// WithGroup returns a handler that prefixes later keys with a name.
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
