package github_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/auth/github"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

// asked notes which addresses are asked, and answers with a status.
type asked struct {
	status int
	header http.Header
	paths  []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.paths = append(a.paths, r.URL.String())
	answer := &http.Response{StatusCode: a.status, Header: a.header.Clone(), Body: http.NoBody, Request: r}
	if strings.HasSuffix(r.URL.Path, "/access_token") {
		answer.StatusCode = http.StatusOK
		answer.Header = http.Header{"Content-Type": {"application/json"}}
		answer.Body = io.NopCloser(strings.NewReader(`{"access_token": "ghu_2", "refresh_token": "ghr_2", "expires_in": 28800}`))
	}
	return answer, nil
}

// Each GitHub has its own addresses.
func TestAddresses(t *testing.T) {
	for site, api := range map[string]string{
		github.DefaultURL:           "https://api.github.com/user",
		"https://octocorp.ghe.com/": "https://api.octocorp.ghe.com/user",
		"https://git.example.com":   "https://git.example.com/api/v3/user",
	} {
		seen := &asked{status: http.StatusBadGateway}
		c := &github.Client{URL: site, ClientID: "shop", HTTP: &http.Client{Transport: seen}, Now: time.Now}
		to, err := c.AuthorizeURL(t.Context(), "https://shop.example.com/auth/callback", "state", strings.Repeat("v", 43), "")
		if err != nil || !strings.HasPrefix(to, strings.TrimSuffix(site, "/")+"/login/oauth/authorize?client_id=shop&code_challenge=") {
			t.Errorf("the browser goes to %s: %v", to, err)
		}
		_, err = c.Refresh(t.Context(), `{"token": {"access_token": "gho_1"}}`)
		if fault.CodeOf(err) != fault.Unavailable || seen.paths[0] != api {
			t.Errorf("it asks %v: %v", seen.paths, err)
		}
	}
}

// A limit or a failure ends no session; a token that is unknown does.
func TestRefusals(t *testing.T) {
	limited := http.Header{"X-Ratelimit-Remaining": {"0"}}
	for name, c := range map[string]struct {
		status int
		header http.Header
		code   fault.Code
	}{
		"unknown token": {http.StatusUnauthorized, nil, fault.Unauthenticated},
		"no scope":      {http.StatusNotFound, nil, fault.Unauthenticated},
		"forbidden":     {http.StatusForbidden, nil, fault.Unauthenticated},
		"limited":       {http.StatusForbidden, limited, fault.RateLimited},
		"secondary":     {http.StatusForbidden, http.Header{"X-Ratelimit-Remaining": {"4999"}, "Retry-After": {"60"}}, fault.RateLimited},
		"too many":      {http.StatusTooManyRequests, nil, fault.RateLimited},
		"down":          {http.StatusServiceUnavailable, nil, fault.Unavailable},
		"no JSON":       {http.StatusOK, nil, fault.Upstream},
	} {
		client := &github.Client{URL: github.DefaultURL, HTTP: &http.Client{Transport: &asked{status: c.status, header: c.header}}, Now: time.Now}
		if _, err := client.Refresh(t.Context(), `{"token": {"access_token": "gho_1"}}`); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	client := &github.Client{URL: github.DefaultURL, Now: time.Now}
	if _, err := client.Refresh(t.Context(), "eyJ"); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a session of another kind: %v", err)
	}
}

// A token of a GitHub App can be refreshed once. The next one is kept whatever GitHub answers then, unless it refuses it.
func TestKeepsRotatedToken(t *testing.T) {
	for status, kept := range map[int]bool{
		http.StatusServiceUnavailable: true,
		http.StatusTooManyRequests:    true,
		http.StatusOK:                 true, // but no JSON
		http.StatusUnauthorized:       false,
	} {
		client := &github.Client{URL: github.DefaultURL, HTTP: &http.Client{Transport: &asked{status: status}}, Now: time.Now}
		s, err := client.Refresh(t.Context(), `{"token": {"access_token": "ghu_1", "refresh_token": "ghr_1", "expiry": "2026-01-01T00:00:00Z"}, "person": {"id": 42}}`)
		if strings.Contains(s.RefreshToken, `"ghr_2"`) != kept || (err == nil) != kept {
			t.Errorf("after status %d, the session has %s: %v", status, s.RefreshToken, err)
		}
	}
}

func TestClaims(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const said = `{"iss": "https://github.com", "person": {"id": 42, "login": "ada", "email": "ada@example.com"}, "until": "2026-11-01T13:00:00Z"}`
	for name, c := range map[string]struct {
		url, subject, said string
		at                 time.Time
		uid                string
	}{
		"good":    {github.DefaultURL, "", said, now, "42"},
		"as UUID": {github.DefaultURL, token.SubjectUUID, said, now, token.UserID(github.DefaultURL, "42")},
		"expired": {github.DefaultURL, "", said, now.Add(time.Hour), ""},
		"another": {"https://git.example.com", "", said, now, ""},
		"a token": {github.DefaultURL, "", "eyJhbGciOiJub25lIn0.e30.", now, ""},
	} {
		got, err := (&github.Client{URL: c.url, Subject: c.subject}).Claims(c.said, c.at)
		if got.Subject != c.uid || (err == nil) != (c.uid != "") {
			t.Errorf("%s: the user is %q: %v", name, got.Subject, err)
		}
	}
}
