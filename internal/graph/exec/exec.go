// Package exec serves a graph.API over HTTP. An operation passes five steps, see Handler.Layout: its document becomes a plan,
// limits admit it, a cache may answer it, SQL runs, and whoever needs to know learns the outcome. A query is one SQL
// statement, whose JSON goes to the socket as Postgres built it.
package exec

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
)

// Options says what to serve. API, DB and Logger are required; zero values of the others take the defaults.
type Options struct {
	API           *graph.API
	DB            DB
	Logger        *slog.Logger
	Now           func() time.Time // request.time; default time.Now
	Introspection bool             // answer __schema and __type
	MaxDocument   int              // bytes of a document; default 64 KiB
	MaxTokens     int              // tokens of a document; default 10,000
	CacheBytes    int64            // memory for documents and plans that are kept; default 64 MiB

	// Timeout bounds one operation from its document to its outcome; default 30 s. MutationTimeout bounds mutations, which
	// hold locks, and cannot be longer; default Timeout.
	Timeout, MutationTimeout time.Duration

	// Concurrency is how many operations run in Postgres at once, which is the size of its pool; 0 does not limit them. Others wait for
	// their turn up to MaxWait, default 2 s, and are then refused with RetryAfter.
	Concurrency int
	MaxWait     time.Duration
	turns       chan struct{} // holds an element for each operation that runs
	counters    *counters

	// Sessions answers the fields about sessions that the API has, if it has any. Nil refuses them.
	Sessions Sessions

	// Services answers the fields with @http. Nil refuses them.
	Services Services

	// Limits returns the limits of a caller; nil leaves all callers those of the API.
	Limits func(who caller.Caller) Limits

	// Enforce runs the statements of callers under row-level security; nil does not. Those of the service run without.
	Enforce *Enforcement

	// Live is what subscriptions need; nil answers none.
	Live *Live
	hub  *hub

	// Outbox stores the product events of mutations; nil stores none.
	Outbox Outbox

	// Panicked is called when an operation panics, by the function that recovers, so that the stack is still there. It may be nil.
	Panicked func(ctx context.Context, value any)

	// What attaches to the steps of an operation. All are optional.
	Documents Documents
	Limiters  []Limiter
	Cache     Cache
	Observers []Observer
	Tracers   []Tracer
}

const (
	maxDocument = 64 << 10
	maxTokens   = 10_000
)

func (o Options) withDefaults() (Options, error) {
	const op = "serve the API"
	if o.API == nil || o.DB == nil || o.Logger == nil {
		return o, fault.New(fault.Invalid, op, "API, DB and Logger are required")
	}
	if err := o.matched(); err != nil {
		return o, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MutationTimeout == 0 {
		o.MutationTimeout = o.Timeout
	}
	if o.Timeout < 0 || o.MutationTimeout < 0 || o.MutationTimeout > o.Timeout {
		return o, fault.New(fault.Invalid, op, "Timeout and MutationTimeout must be positive, and MutationTimeout at most Timeout")
	}
	for _, v := range []struct {
		value *int
		usual int
	}{{&o.MaxDocument, maxDocument}, {&o.MaxTokens, maxTokens}} {
		if *v.value < 0 {
			return o, fault.New(fault.Invalid, op, "MaxDocument and MaxTokens must be positive")
		}
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	if o.MaxWait == 0 {
		o.MaxWait = 2 * time.Second
	}
	if o.Concurrency > 0 {
		o.turns = make(chan struct{}, o.Concurrency)
	}
	o.counters = &counters{}
	if o.Live != nil {
		o.hub = newHub(*o.Live, o.Logger)
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 64 << 20
	}
	return o, nil
}

// Handler serves an API at one path, by GET and POST.
type Handler struct {
	options Options
	current atomic.Pointer[pipeline]
}

// New returns a handler of o.API.
func New(o Options) (*Handler, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Handler{options: o}
	h.Swap(o.API)
	return h, nil
}

// Swap serves another API from the next request on. Requests under way finish on the one they began with. An API that is policed and one that is
// not cannot take the place of each other.
func (h *Handler) Swap(api *graph.API) {
	o := h.options
	o.API = api
	h.current.Store(newPipeline(o))
	if o.hub != nil {
		o.hub.endAll(errSchemaChanged)
	}
}

// Layout lists the steps that an operation passes and the parts of each, in their order.
func (h *Handler) Layout() string { return h.current.Load().layout() }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.options.hub != nil && isUpgrade(r) {
		h.serveSocket(w, r)
		return
	}
	serve(h.current.Load(), w, r)
}
