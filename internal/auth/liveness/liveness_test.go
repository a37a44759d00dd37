package liveness_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

// ann is a person whose ID in the project is a UUID.
var ann = token.Claims{Subject: "5f0c1d3e-54b5-5d3b-9c1c-8c0b1b2a7d10", AuthTime: time.Unix(1767225600, 0), All: map[string]any{"sub": "ann"}}

// issuer answers requests for a path with a status and a body, and fails the test for requests that check refuses.
func issuer(t *testing.T, path string, status int, body string, check func(*http.Request) bool) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/openid-configuration" {
			fmt.Fprintf(w, `{"issuer": %q, "introspection_endpoint": %q}`, "http://"+r.Host, "http://"+r.Host+path)
			return
		}
		if r.URL.Path != path || !check(r) {
			t.Errorf("the request is %s %s %v %v", r.Method, r.URL, r.Header, r.PostForm)
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestSupabase(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   fault.Code
	}{
		"lives":                {200, `{"id": "ann"}`, ""},
		"ended":                {403, `{"code": 403, "error_code": "session_not_found", "msg": "Session from session_id claim in JWT does not exist"}`, fault.Unauthenticated},
		"a user that is gone":  {404, `{"error_code": "user_not_found"}`, fault.Unauthenticated},
		"of somebody else":     {200, `{"id": "bob"}`, fault.Unauthenticated},
		"of nobody":            {200, `{}`, fault.Unauthenticated},
		"a token past its end": {403, `{"code": 403, "error_code": "bad_jwt", "msg": "invalid JWT: token has invalid claims: token is expired"}`, fault.Unauthenticated},
		"a firewall":           {403, `<html>`, fault.Unavailable},
		"a gateway's error":    {401, `{"message": "No API key found in request"}`, fault.Unavailable},
		"limited":              {429, `{}`, fault.Unavailable},
		"down":                 {503, ``, fault.Unavailable},
		"not JSON":             {200, `<html>`, fault.Unavailable},
		"a wrong address":      {404, `<html>`, fault.Unavailable},
	} {
		server := issuer(t, "/user", tt.status, tt.body, func(r *http.Request) bool {
			return r.Method == http.MethodGet && r.Header.Get("Authorization") == "Bearer a" && r.Header.Get("Apikey") == "public"
		})
		source := liveness.Supabase{Client: func() gotrue.Client { return gotrue.Client{URL: server.URL, Key: "public"} }}
		err := source.Lives(t.Context(), ann, liveness.Tokens{Access: "a", Refresh: "r"})
		if fault.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIntrospection(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   fault.Code
	}{
		"lives":                  {200, `{"active": true, "sub": "ann"}`, ""},
		"lives without a name":   {200, `{"active": true}`, ""},
		"ended":                  {200, `{"active": false}`, fault.Unauthenticated},
		"without an answer":      {200, `{}`, fault.Unauthenticated},
		"of somebody else":       {200, `{"active": true, "sub": "bob"}`, fault.Unauthenticated},
		"active in another way":  {200, `{"active": "true"}`, fault.Unavailable},
		"a secret that is wrong": {401, `{"error": "invalid_client"}`, fault.Unavailable},
		"a redirect":             {302, ``, fault.Unavailable},
		"down":                   {503, ``, fault.Unavailable},
		"not JSON":               {200, `<html>`, fault.Unavailable},
	} {
		server := issuer(t, "/introspect", tt.status, tt.body, func(r *http.Request) bool {
			id, secret, _ := r.BasicAuth()
			return r.Method == http.MethodPost && id == "shop%3A1" && secret == "h%26h" && r.PostFormValue("token") == "r" && r.PostFormValue("token_type_hint") == "refresh_token"
		})
		source := &liveness.Introspection{Issuer: server.URL, ClientID: "shop:1", Secret: "h&h"}
		if err := source.Lives(t.Context(), ann, liveness.Tokens{Access: "a", Refresh: "r"}); fault.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An issuer that takes the secret in the body only gets it there, and a token without a refresh token is asked about itself.
func TestIntrospectionByForm(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here := "http://" + r.Host
		if r.URL.Path != "/i" {
			fmt.Fprintf(w, `{"issuer": %q, "introspection_endpoint": %q, "introspection_endpoint_auth_methods_supported": ["client_secret_post"]}`, here, here+"/i")
			return
		}
		_, _, basic := r.BasicAuth()
		alive := !basic && r.PostFormValue("client_id") == "shop" && r.PostFormValue("client_secret") == "hush" && r.PostFormValue("token") == "a"
		fmt.Fprintf(w, `{"active": %t}`, alive)
	}))
	defer server.Close()
	source := &liveness.Introspection{Issuer: server.URL, ClientID: "shop", Secret: "hush"}
	if err := source.Lives(t.Context(), ann, liveness.Tokens{Access: "a"}); err != nil {
		t.Error(err)
	}
}

// An issuer whose metadata is missing, insecure or without the address is not asked, and nothing is allowed.
func TestIntrospectionThatCannotBeFound(t *testing.T) {
	for metadata, want := range map[string]fault.Code{
		``: fault.Unavailable, `{"issuer": "URL"}`: fault.Forbidden, `{"issuer": "http://other.example", "introspection_endpoint": "URL/i"}`: fault.Unavailable,
		`{"issuer": "URL", "introspection_endpoint": "http://other.example/i"}`: fault.Unavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.ReplaceAll(metadata, "URL", "http://"+r.Host))
		}))
		source := &liveness.Introspection{Issuer: server.URL, ClientID: "shop", Secret: "hush"}
		if err := source.Lives(t.Context(), ann, liveness.Tokens{Access: "a"}); fault.CodeOf(err) != want {
			t.Errorf("%s: %v", metadata, err)
		}
		server.Close()
	}
}

func TestLogIn(t *testing.T) {
	issuers := liveness.Issuers{"https://a.example": &liveness.Introspection{}}
	for url, known := range map[string]bool{"https://a.example": true, "https://b.example": false} {
		claims := ann
		claims.Issuer = url
		l := issuers.LogIn(claims, liveness.Tokens{Access: "a"})
		if (l.Lives != nil) != known || !l.Time.Equal(ann.AuthTime) {
			t.Errorf("%s: %+v", url, l)
		}
	}
}
