package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/server"
)

// BenchmarkMiddleware is what every request pays before and after its handler.
func BenchmarkMiddleware(b *testing.B) {
	checker, err := health.New(health.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.New(server.Options{
		Address: ":0", Routes: api(hello), Health: checker,
		Logger: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	handler := server.HandlerOf(s)
	request := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
}
