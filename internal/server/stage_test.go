package server_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/server"
)

// byHeader knows requests with a header, and reports a bad one. Whatever the token is, it does not know it.
type byHeader struct{ header string }

func (b byHeader) Name() string { return b.header }

func (b byHeader) Authenticate(r *http.Request, _ string) (who caller.Caller, known bool, err error) {
	switch name := r.Header.Get(b.header); name {
	case "":
		return caller.Caller{}, false, nil
	case "bad":
		return caller.Caller{}, false, fault.New(fault.Unauthenticated, "read "+b.header, "it is bad")
	case "away":
		return caller.Caller{}, false, fault.New(fault.Unavailable, "read "+b.header, "keys.internal does not answer")
	default:
		return caller.Caller{UID: b.header + ":" + name, Service: name == "service"}, true, nil
	}
}

// byToken knows one token.
type byToken struct{ token string }

func (byToken) Name() string { return "token" }

func (b byToken) Authenticate(_ *http.Request, token string) (who caller.Caller, known bool, err error) {
	return caller.Caller{UID: "holder"}, token == b.token, nil
}

func uid(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte("uid " + caller.From(r.Context()).UID))
}

func TestAuthenticators(t *testing.T) {
	r := start(t, uid, func(o *server.Options) {
		o.Authenticators = []server.Authenticator{byToken{"s3cret"}, byHeader{"First"}, byHeader{"Second"}}
	})
	for name, tc := range map[string]struct {
		header []string
		status int
		uid    any // in the answer and the log
	}{
		"nothing":                 {nil, 200, nil},
		"the second":              {[]string{"Second", "a"}, 200, "Second:a"},
		"the first of both":       {[]string{"Second", "a", "First", "b"}, 200, "First:b"},
		"a token":                 {[]string{"Authorization", "Bearer s3cret"}, 200, "holder"},
		"in lower case":           {[]string{"Authorization", "bearer s3cret", "First", "b"}, 200, "holder"},
		"a service":               {[]string{"First", "service"}, 200, "First:service"},
		"an unknown token":        {[]string{"Authorization", "Bearer other"}, 401, nil},
		"no token":                {[]string{"Authorization", "Bearer "}, 401, nil},
		"a bad one":               {[]string{"First", "bad", "Second", "a"}, 401, nil},
		"another scheme":          {[]string{"Authorization", "Basic YTpi"}, 200, nil},
		"two":                     {[]string{"Authorization", "Bearer s3cret", "Authorization", "Bearer s3cret"}, 400, nil},
		"who should know is away": {[]string{"First", "away"}, 503, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.do(t, "POST", "/graphql", nil, tc.header...)
			if got.StatusCode != tc.status {
				t.Fatalf("%d %s", got.StatusCode, got.body)
			}
			challenge := got.Header.Get("WWW-Authenticate")
			switch tc.status {
			case 200:
				if want, _ := tc.uid.(string); got.body != "uid "+want {
					t.Errorf("answer %q", got.body)
				}
			case 401:
				if challenge != `Bearer error="invalid_token"` {
					t.Errorf("WWW-Authenticate: %q", challenge)
				}
				fallthrough
			default:
				if got.Header.Get("Content-Type") != problem.MediaType || strings.Contains(got.body, "internal") {
					t.Errorf("answer %s", got.body)
				}
			}
			access := r.logs.find(t, "request")
			if last := access[len(access)-1]; last["uid"] != tc.uid || (last["service"] == true) != (name == "a service") || last["status"] != float64(tc.status) {
				t.Errorf("the access log has %v", last)
			}
		})
	}
	if text := r.logs.String(); strings.Contains(text, "s3cret") || strings.Contains(text, "YTpi") {
		t.Errorf("the log holds a token: %s", text)
	}
}

// Without any authenticator a token is refused too: its holder does not expect the answers of strangers.
func TestTokensAreNeverAnonymous(t *testing.T) {
	r := start(t, uid)
	if got := r.do(t, "POST", "/graphql", nil, "Authorization", "Bearer x"); got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if got := r.do(t, "GET", "/livez", nil, "Authorization", "Bearer x"); got.StatusCode != http.StatusOK {
		t.Errorf("a probe with a token is answered %d", got.StatusCode)
	}
}

// Middleware runs in the order of the stages, then in that of the list, and probes pass only what asks for them.
func TestStages(t *testing.T) {
	var mu sync.Mutex
	var passed []string
	step := func(stage server.Stage, name string, probes bool) server.Middleware {
		return server.Middleware{Stage: stage, Name: name, Probes: probes, Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				passed = append(passed, name+" "+caller.From(r.Context()).UID)
				mu.Unlock()
				next.ServeHTTP(w, r)
			})
		}}
	}
	r := start(t, uid, func(o *server.Options) {
		o.Authenticators = []server.Authenticator{byHeader{"User"}}
		o.Middleware = []server.Middleware{
			step(server.Serve, "serve", false), step(server.Limit, "limit b", false), step(server.Shield, "firewall", true), step(server.Limit, "limit a", false),
		}
	})
	for path, want := range map[string][]string{
		"/graphql": {"firewall ", "limit b User:ada", "limit a User:ada", "serve User:ada"},
		"/livez":   {"firewall "},
		"/nothing": {"firewall ", "limit b User:ada", "limit a User:ada", "serve User:ada"},
	} {
		passed = nil
		r.do(t, "GET", path, nil, "User", "ada")
		if !slices.Equal(passed, want) {
			t.Errorf("%s passes %q, want %q", path, passed, want)
		}
	}
}

// A route to which it does not matter who calls takes no notice of credentials, good or bad.
func TestAnonymousRoutes(t *testing.T) {
	r := start(t, uid, func(o *server.Options) { o.Authenticators = []server.Authenticator{byHeader{"User"}} },
		route("POST /relay", uid, server.Policy{Anonymous: true}))
	for _, header := range [][]string{{"User", "bad"}, {"User", "ada"}, {"User", "away"}, {"Authorization", "Bearer x"}} {
		if got := r.do(t, "POST", "/relay", nil, header...); got.StatusCode != http.StatusOK || got.body != "uid " || got.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%q: %d %s", header, got.StatusCode, got.body)
		}
	}
	if got := r.do(t, "POST", "/graphql", nil, "User", "bad"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("another route answers %d", got.StatusCode)
	}
	if layout := r.Layout(); !strings.Contains(layout, "write 1m0s, anonymous\n") {
		t.Errorf("got %s", layout)
	}
}
