package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

// Pages of the listed origins may call the API from a browser, and no others.
func TestCORS(t *testing.T) {
	database := testkit.DatabaseURL(t)
	with := func(origins, credentials string) string {
		return api(t, newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+database, "KROWOC_SERVER_CORS_ORIGINS="+origins, "KROWOC_SERVER_CORS_CREDENTIALS="+credentials), app.ServerOptions{})
	}
	ask := func(url, method, origin string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, url+"/graphql", strings.NewReader(`{"query": "{__typename}"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/json")
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	const mine = "https://app.example.com"
	listed, closed := with(mine+",https://b.example.com", "true"), with("", "false")
	for _, tt := range []struct{ url, method, origin, allowed, credentials string }{
		{listed, http.MethodOptions, mine, mine, "true"},
		{listed, http.MethodPost, mine, mine, "true"},
		{listed, http.MethodOptions, "https://evil.example.com", "", ""},
		{listed, http.MethodPost, "https://evil.example.com", "", ""},
		{listed, http.MethodPost, "http://app.example.com", "", ""},
		{closed, http.MethodOptions, mine, "", ""},
		{closed, http.MethodPost, mine, "", ""},
	} {
		r := ask(tt.url, tt.method, tt.origin)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != tt.allowed || r.Header.Get("Access-Control-Allow-Credentials") != tt.credentials {
			t.Errorf("%s from %s: %q, %v", tt.method, tt.origin, got, r.Header)
		}
	}
}

func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		origins, credentials string
		fine                 bool
	}{
		{"https://app.example.com", "true", true}, {"http://localhost:5173", "true", true}, {"*", "false", true}, {"https://*.example.com", "false", true},
		{"*", "true", false}, {"https://*.example.com", "true", false}, {"app.example.com", "false", false}, {"https://app.example.com/", "false", false},
		{"https://app.example.com/path", "false", false}, {"ftp://app.example.com", "false", false}, {"null", "true", false},
	} {
		a := newApp(t, repository, "KROWOC_SERVER_CORS_ORIGINS="+tt.origins, "KROWOC_SERVER_CORS_CREDENTIALS="+tt.credentials)
		s, err := a.Schema()
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.NewServer(testkit.NewDatabase(t), s, a.Logger, app.ServerOptions{})
		if (err == nil) != tt.fine || (err != nil && fault.CodeOf(err) != fault.Invalid) {
			t.Errorf("%s, credentials %s: %v", tt.origins, tt.credentials, err)
		}
	}
}
