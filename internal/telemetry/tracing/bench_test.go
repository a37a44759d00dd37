package tracing_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// BenchmarkRequest is what traces cost a request with an operation of ten steps and one statement.
func BenchmarkRequest(b *testing.B) {
	statement := "SELECT id FROM prompts WHERE id = $1 AND (" + strings.Repeat("title = 'a' OR ", 200) + "true)" // as long as that of a nested list
	discard := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer discard.Close()
	for name, share := range map[string]float64{"1 %": 0.01, "all": 1} {
		b.Run(name, func(b *testing.B) {
			traced, err := tracing.New(tracing.Options{Endpoint: discard.URL, Sample: share, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			if err := traced.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer func() { _ = traced.Stop(context.Background()) }()
			graphQL, sql := traced.GraphQL(), traced.SQL()
			handler := traced.HTTP(func(context.Context) (int, int64) { return http.StatusOK, 1000 })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				op := &exec.Operation{Name: "Bench", Document: "{prompts {nodes {id}}}", Cost: 10}
				ctx, end := graphQL.Operation(r.Context(), op)
				last := time.Now()
				for range 10 {
					began := last
					last = time.Now()
					graphQL.Part(ctx, "Document", "part", began, last, nil)
				}
				query := sql.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: statement})
				sql.TraceQueryEnd(query, nil, pgx.TraceQueryEndData{CommandTag: pgconn.NewCommandTag("SELECT 1")})
				end()
			}))
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Pattern = "POST /graphql"
			r = r.WithContext(request.With(r.Context(), &request.Info{ID: "r-1", Correlation: "r-1"}))
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
		})
	}
}
