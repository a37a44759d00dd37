package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/server"
)

// Options.Failed learns of each request that failed, with its route and cause, once, and of nothing else.
func TestFailedRequests(t *testing.T) {
	var mu sync.Mutex
	var got []string
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Do") {
		case "panic":
			panic("hunter2")
		case "status":
			w.WriteHeader(http.StatusBadGateway)
		case "problem":
			problem.Write(w, r, fault.New(fault.Conflict, "save", "it is taken"))
		case "noted":
			request.From(r.Context()).NoteFailure()
			problem.Write(w, r, fault.New(fault.Internal, "save", "an inner edge knows it"))
		}
	}, func(o *server.Options) {
		o.Failed = func(ctx context.Context, f server.Failure) {
			mu.Lock()
			defer mu.Unlock()
			var panicked *fault.Panic
			got = append(got, fmt.Sprintf("%s: %q %d %s %t", request.From(ctx).ID, f.Route, f.Status, fault.CodeOf(f.Err), errors.As(f.Err, &panicked)))
		}
	})
	for _, what := range []string{"nothing", "panic", "status", "problem", "noted"} {
		r.do(t, http.MethodPost, "/graphql", strings.NewReader("{}"), "Do", what, "X-Request-ID", what)
	}
	r.do(t, http.MethodGet, "/nowhere/42", nil, "X-Request-ID", "unknown")
	r.do(t, http.MethodDelete, "/graphql", nil, "X-Request-ID", "method")
	r.do(t, http.MethodGet, "/graphql", nil, "Authorization", "Bearer x", "X-Request-ID", "token")
	r.do(t, http.MethodGet, "/readyz", nil, "X-Request-ID", "probe")
	want := []string{
		`panic: "POST /graphql" 500 internal true`,
		`status: "POST /graphql" 502  false`,
		`problem: "POST /graphql" 409 conflict false`,
		`unknown: "" 404 not_found false`,
		`method: "" 405 invalid false`,
		`token: "GET /graphql" 401 unauthenticated false`,
	}
	if err := r.Stop(t.Context()); err != nil { // the last hook has run
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
