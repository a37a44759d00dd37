package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

const askingSchema = `
	type Note @table @auth(rules: [{ allow: PUBLIC }]) { text: String! }
	extend type Query { price: Int @http(url: "${FAR_URL}/price") @auth(rules: [{ allow: PUBLIC }]) }`

// A server without the secret does not start, and one with it asks the service.
func TestServerNeedsTheSecretOfServices(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/price" || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
			t.Errorf("the service got %s %v", r.URL, r.Header)
		}
		_, _ = io.WriteString(w, "12")
	}))
	t.Cleanup(far.Close)
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: askingSchema})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	for secret, want := range map[string]string{
		"": "graphql.http.secret is not set", "hidden": "graphql.http.secret is not valid", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": "",
	} {
		a := newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t), "KROWOC_GRAPHQL_HTTP_SECRET="+secret)
		a.Env = func(name string) string { return map[string]string{"FAR_URL": far.URL}[name] }
		pool := testkit.NewDatabase(t)
		testkit.Exec(t, pool, "CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL)")
		srv, err := a.NewServer(pool, s, a.Logger, app.ServerOptions{Authenticators: []server.Authenticator{app.ActAs{}}})
		switch {
		case want != "":
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("the server starts with %v, want %s", err, want)
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		if err := srv.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Stop(context.WithoutCancel(t.Context())) })
		if _, text := eventually(t, srv.URL(), `{"query": "{ price }"}`, http.StatusOK); !strings.Contains(text, `{"data":{"price":12}}`) {
			t.Errorf("the server answers %s", text)
		}
	}
}
