// Package exec serves a graph.API over HTTP: gqlgen's handler parses and validates, graph plans, and one
// SQL statement per operation answers, its JSON passed through to the socket as Postgres built it.
package exec

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	gqllru "github.com/99designs/gqlgen/graphql/handler/lru"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
)

// DB runs queries and begins transactions: a *pgxpool.Pool.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Options says what to serve. API, DB and Logger are required; zero values of the others take the defaults.
type Options struct {
	API           *graph.API
	DB            DB
	Logger        *slog.Logger
	Now           func() time.Time // request.time; default time.Now
	Timeout       time.Duration    // for one operation, its SQL included; default 30 s
	Introspection bool             // answer __schema and __type
	MaxDocument   int              // bytes of a document; default 64 KiB
	MaxTokens     int              // tokens of a document; default 10,000
	CacheSize     int              // documents, and plans, that are kept; default 1,000
}

func (o Options) withDefaults() (Options, error) {
	const op = "serve the API"
	switch {
	case o.API == nil || o.DB == nil || o.Logger == nil:
		return o, fault.New(fault.Invalid, op, "API, DB and Logger are required")
	case o.Timeout < 0 || o.MaxDocument < 0 || o.MaxTokens < 0 || o.CacheSize < 0:
		return o, fault.New(fault.Invalid, op, "Timeout, MaxDocument, MaxTokens and CacheSize cannot be negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	for _, v := range []struct {
		value *int
		usual int
	}{{&o.MaxDocument, 64 << 10}, {&o.MaxTokens, 10_000}, {&o.CacheSize, 1000}} {
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	return o, nil
}

// Handler serves an API at one path, by GET and POST.
type Handler struct {
	options Options
	current atomic.Pointer[handler.Server]
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

// Swap serves another API from the next request on. Requests under way finish on the one they began with.
func (h *Handler) Swap(api *graph.API) {
	o := h.options
	plans, err := lru.New[string, *graph.Plan](o.CacheSize)
	if err != nil { // only for a size that is not positive
		panic(fmt.Sprintf("a cache of %d plans: %v", o.CacheSize, err))
	}
	s := handler.New(&executable{api: api, options: o, plans: plans})
	s.SetQueryCache(gqllru.New[*ast.QueryDocument](o.CacheSize))
	s.SetParserTokenLimit(o.MaxTokens)
	s.SetRecoverFunc(recovered(o.Logger))
	s.AddTransport(transport{options: o})
	h.current.Store(s)
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.options.Timeout)
	defer cancel()
	h.current.Load().ServeHTTP(w, r.WithContext(ctx))
}
