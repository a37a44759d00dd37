package gotrue_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/fault"
)

// TestAnswers: what servers of different releases answer, and servers that are no such server.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body       string
		code       fault.Code
		serverCode string
	}{
		"a session":         {200, `{"access_token": "a", "refresh_token": "r", "expires_in": 3600, "user": {"id": "u"}}`, "", ""},
		"a newer error":     {400, `{"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}`, fault.Invalid, "invalid_credentials"},
		"an older error":    {400, `{"error": "invalid_grant", "error_description": "Invalid Refresh Token"}`, fault.Invalid, "invalid_grant"},
		"a gateway's error": {401, `{"message": "No API key found in request"}`, fault.Unauthenticated, ""},
		"too many":          {429, `{}`, fault.RateLimited, ""},
		"down":              {503, `<html>`, fault.Unavailable, ""},
		"something else":    {200, `<html>`, fault.Upstream, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Apikey") != "public" || r.Header.Get("X-Forwarded-For") != "192.0.2.1" || r.URL.Path != "/token" {
					t.Errorf("the request is %s %v", r.URL, r.Header)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			s, err := gotrue.Client{URL: server.URL, Key: "public", Address: "192.0.2.1"}.Password(t.Context(), "a@example.com", "secret")
			if err == nil && c.code == "" {
				if s.AccessToken != "a" || s.User.ID != "u" {
					t.Errorf("the session is %+v", s)
				}
				return
			}
			if fault.CodeOf(err) != c.code || gotrue.Code(err) != c.serverCode {
				t.Errorf("%v: %s and %q, want %s and %q", err, fault.CodeOf(err), gotrue.Code(err), c.code, c.serverCode)
			}
		})
	}
}
