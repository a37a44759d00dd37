package tracing_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// Parts of the program use the span of a request as any other, from many goroutines, and their own spans go where the request goes.
func TestSpansOfOtherParts(t *testing.T) {
	for _, share := range []float64{0, 1} {
		for _, fails := range []bool{true, false} {
			t.Run(fmt.Sprintf("share %g, fails %t", share, fails), func(t *testing.T) {
				c := newCollector(t)
				traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Sample: share})
				sql, late, done := traced.SQL(), make(chan struct{}), make(chan struct{})
				api := serve(t, traced, func(w http.ResponseWriter, r *http.Request) {
					var parts sync.WaitGroup
					for n := range 20 {
						parts.Go(func() {
							trace.SpanFromContext(r.Context()).SetAttributes(attribute.Int(fmt.Sprint("part.", n), n))
							ctx := sql.TraceQueryStart(r.Context(), nil, pgx.TraceQueryStartData{SQL: "SELECT 's3cret' FROM t"})
							sql.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{Err: &pgconn.PgError{Code: "22000", Message: "s3cret"}})
							_, own := traced.Provider().Tracer("part").Start(r.Context(), "part")
							own.End()
						})
					}
					parts.Wait()
					go func() {
						defer close(done)
						<-late
						ctx := sql.TraceQueryStart(r.Context(), nil, pgx.TraceQueryStartData{SQL: "SELECT 1"})
						sql.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{})
						trace.SpanFromContext(r.Context()).SetAttributes(attribute.Bool("late", true))
						trace.SpanFromContext(r.Context()).SetStatus(codes.Error, "late")
					}()
					if fails {
						w.WriteHeader(http.StatusInternalServerError)
					}
				})
				send(t, http.MethodPost, api+"/graphql")
				close(late)
				<-done
				stop()
				got := map[string]int{}
				for _, name := range c.names() {
					got[name]++
				}
				want := map[string]int{}
				if fails || share == 1 {
					want = map[string]int{"POST /graphql": 1, "SELECT t": 20, "part": 20, "SELECT": 1}
				}
				for _, name := range []string{"POST /graphql", "SELECT t", "part", "SELECT"} {
					if got[name] != want[name] {
						t.Errorf("%s is sent %d times, not %d", name, got[name], want[name])
					}
				}
				if strings.Contains(string(c.raw), "s3cret") || traced.Dropped() != 0 {
					t.Errorf("a value is sent, or %d are lost", traced.Dropped())
				}
			})
		}
	}
}

// An operation that fails through the server makes its request one that failed, whatever the status says; one that a client made fail does not.
func TestFailedOperations(t *testing.T) {
	for code, sent := range map[fault.Code]bool{
		fault.Internal: true, fault.Unavailable: true, fault.Timeout: true, fault.Upstream: true, "": false,
		fault.Invalid: false, fault.Forbidden: false, fault.RateLimited: false, fault.Canceled: false, fault.Conflict: false, fault.NotFound: false,
	} {
		t.Run(string(code), func(t *testing.T) {
			c := newCollector(t)
			traced, _, stop := start(t, tracing.Options{Endpoint: c.URL})
			api := serve(t, traced, func(_ http.ResponseWriter, r *http.Request) {
				op := &exec.Operation{Document: "{a(b: \"s3cret\")}"}
				_, end := traced.GraphQL().Operation(r.Context(), op)
				if code != "" {
					op.Err = fault.New(code, "", "s3cret")
				}
				end()
			})
			send(t, http.MethodPost, api+"/graphql")
			stop()
			if got := len(c.names()) == 2; got != sent {
				t.Errorf("sent %q", c.names())
			}
		})
	}
}
