package oidc_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/auth/oidc"
)

// documents answers for hosts that a test cannot reach.
type documents map[string]string

func (d documents) RoundTrip(r *http.Request) (*http.Response, error) {
	status := http.StatusOK
	if d[r.URL.String()] == "" {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(d[r.URL.String()])), Request: r}, nil
}

// Google and Microsoft are found by the metadata that they publish.
func TestLargeProviders(t *testing.T) {
	web := documents{
		"https://accounts.google.com/.well-known/openid-configuration": `{"issuer": "https://accounts.google.com",
			"authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth", "token_endpoint": "https://oauth2.googleapis.com/token",
			"jwks_uri": "https://www.googleapis.com/oauth2/v3/certs"}`,
		"https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration": `{"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
			"authorization_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize", "tenant_region_scope": null,
			"token_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/token", "jwks_uri": "https://login.microsoftonline.com/common/discovery/v2.0/keys"}`,
	}
	for issuer, c := range map[string]struct{ page, iss, other string }{
		"https://accounts.google.com": {"https://accounts.google.com/o/oauth2/v2/auth", "https://accounts.google.com", "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"},
		"https://login.microsoftonline.com/common/v2.0": {"https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
			"https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", "https://login.microsoftonline.com/common/v2.0/x"},
	} {
		client := &oidc.Client{Issuer: issuer, ClientID: "shop", Parameters: []string{"access_type=offline"}, HTTP: &http.Client{Transport: web}}
		to, err := client.AuthorizeURL(t.Context(), "https://shop.example.com/auth/callback", "state", strings.Repeat("v", 43), "")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if q := u.Query(); !strings.HasPrefix(to, c.page+"?") || q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid email profile" || q.Get("access_type") != "offline" {
			t.Errorf("the browser goes to %s", to)
		}
		if !client.Issues(c.iss) || client.Issues(c.other) {
			t.Errorf("%s does not know its tokens", issuer)
		}
	}
}
