package token_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"

	"github.com/krowoc/krowoc/internal/auth/token"
)

// web answers for hosts that a test cannot reach: JSON by URL.
type web map[string]any

func (w web) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	document, found := w[r.URL.String()]
	if !found {
		answer.WriteHeader(http.StatusNotFound)
	}
	err := json.NewEncoder(answer).Encode(document)
	return answer.Result(), err
}

// The metadata of Google and Microsoft, as they publish it.
func publicMetadata(keys ...any) web {
	set := map[string]any{"keys": keys}
	microsoft := func(tenant, issuer string) map[string]any {
		base := "https://login.microsoftonline.com/" + tenant
		return map[string]any{
			"token_endpoint": base + "/oauth2/v2.0/token", "token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
			"jwks_uri": base + "/discovery/v2.0/keys", "response_modes_supported": []string{"query", "fragment", "form_post"}, "subject_types_supported": []string{"pairwise"},
			"id_token_signing_alg_values_supported": []string{"RS256"}, "scopes_supported": []string{"openid", "profile", "email", "offline_access"},
			"issuer": issuer, "authorization_endpoint": base + "/oauth2/v2.0/authorize", "http_logout_supported": true, "tenant_region_scope": nil,
			"cloud_instance_name": "microsoftonline.com", "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
		}
	}
	return web{
		"https://accounts.google.com/.well-known/openid-configuration": map[string]any{
			"issuer": "https://accounts.google.com", "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
			"device_authorization_endpoint": "https://oauth2.googleapis.com/device/code", "token_endpoint": "https://oauth2.googleapis.com/token",
			"userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo", "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
			"jwks_uri": "https://www.googleapis.com/oauth2/v3/certs", "id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"plain", "S256"},
		},
		"https://www.googleapis.com/oauth2/v3/certs":                                             set,
		"https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration":         microsoft("common", "https://login.microsoftonline.com/{tenantid}/v2.0"),
		"https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration":  microsoft("organizations", "https://login.microsoftonline.com/{tenantid}/v2.0"),
		"https://login.microsoftonline.com/" + tenant + "/v2.0/.well-known/openid-configuration": microsoft(tenant, "https://login.microsoftonline.com/"+tenant+"/v2.0"),
		"https://login.microsoftonline.com/common/discovery/v2.0/keys":                           set,
		"https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys":                   set,
		"https://login.example.com/common/v2.0/.well-known/openid-configuration":                 microsoft("common", "https://login.example.com/{tenantid}/v2.0"),
	}
}

const (
	tenant      = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	otherTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
)

// withIssuer is a public key as Microsoft publishes it.
func withIssuer(t *testing.T, s signer, issuer string) any {
	t.Helper()
	key := s.public(t)
	if err := key.Set("issuer", issuer); err != nil {
		t.Fatal(err)
	}
	return key
}

// Tokens of Google and Microsoft are accepted by configuration alone, and no others for them.
func TestLargeProviders(t *testing.T) {
	key := newSigner(t, "k1", jwa.RS256())
	personal := newSigner(t, "k2", jwa.RS256())
	client := &http.Client{Transport: publicMetadata(withIssuer(t, key, "https://login.microsoftonline.com/{tenantid}/v2.0"),
		withIssuer(t, personal, "https://login.microsoftonline.com/"+otherTenant+"/v2.0"))}
	base := claims{"aud": "shop", "sub": "110169484474386276334", "exp": epoch.Add(time.Hour).Unix(), "iat": epoch.Unix(), "email": "ada@example.com"}
	const personalAccounts = "https://login.microsoftonline.com/" + otherTenant + "/v2.0"
	const google, common, ofTenant = "https://accounts.google.com", "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/" + tenant + "/v2.0"
	for name, c := range map[string]struct {
		url      string
		change   claims
		issuer   string // "" if it is refused
		email    string
		personal bool // signed with the key for personal accounts
	}{
		"google":                    {google, claims{"iss": google, "email_verified": true}, google, "ada@example.com", false},
		"google by its other name":  {google, claims{"iss": "accounts.google.com"}, google, "ada@example.com", false},
		"an unverified address":     {google, claims{"iss": google, "email_verified": false}, google, "", false},
		"another host by that name": {"https://login.microsoftonline.com/" + tenant + "/v2.0", claims{"iss": "accounts.google.com"}, "", "", false},
		"one tenant":                {ofTenant, claims{"iss": ofTenant, "tid": tenant}, ofTenant, "ada@example.com", false},
		"another than that":         {ofTenant, claims{"iss": "https://login.microsoftonline.com/" + otherTenant + "/v2.0", "tid": otherTenant}, "", "", false},
		"any tenant":                {common, claims{"iss": ofTenant, "tid": tenant}, ofTenant, "", false},
		"an address that it owns":   {common, claims{"iss": ofTenant, "tid": tenant, "xms_edov": true}, ofTenant, "ada@example.com", false},
		"another tenant in tid":     {common, claims{"iss": ofTenant, "tid": otherTenant}, "", "", false},
		"no tid":                    {common, claims{"iss": ofTenant}, "", "", false},
		"the placeholder":           {common, claims{"iss": "https://login.microsoftonline.com/{tenantid}/v2.0", "tid": "{tenantid}"}, "", "", false},
		"a path as tenant":          {common, claims{"iss": "https://login.microsoftonline.com/a/b/v2.0", "tid": "a/b"}, "", "", false},
		"a personal account":        {common, claims{"iss": personalAccounts, "tid": otherTenant}, personalAccounts, "", true},
		"a key of another tenant":   {common, claims{"iss": ofTenant, "tid": tenant}, "", "", true},
		"common on another host":    {"https://login.example.com/common/v2.0", claims{"iss": "https://login.example.com/" + tenant + "/v2.0", "tid": tenant}, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := token.New(token.Options{Now: now, Client: client, Issuers: []token.Issuer{{Kind: token.OIDC, URL: c.url, Audience: []string{"shop"}}}})
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			all := claims{}
			for _, m := range []claims{base, c.change} {
				for name, value := range m {
					all[name] = value
				}
			}
			by := key
			if c.personal {
				by = personal
			}
			got, err := v.Verify(t.Context(), by.sign(t, all, nil))
			if (err == nil) != (c.issuer != "") || got.Issuer != c.issuer || got.Email != c.email {
				t.Errorf("the token is that of %q, %q: %v", got.Issuer, got.Email, err)
			}
		})
	}
	if _, err := token.Discover(t.Context(), client, "https://login.microsoftonline.com/organizations/v2.0"); err != nil {
		t.Error(err)
	}
	if _, err := token.Discover(t.Context(), client, "https://login.example.com/common/v2.0"); err == nil {
		t.Error("a placeholder of another host is accepted")
	}
}

// With subject: uuid, the user ID is a UUID that depends on the issuer.
func TestSubjectUUID(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	v, _ := verifier(t, i, func(o *token.Options) { o.Issuers[0].Subject = token.SubjectUUID })
	got, err := v.Verify(t.Context(), key.sign(t, i.good(claims{"sub": "42"}), nil))
	if err != nil || got.Subject != token.UserID(i.name(), "42") || len(got.Subject) != 36 || got.Subject == token.UserID("https://other.example.com", "42") {
		t.Errorf("the user ID is %q: %v", got.Subject, err)
	}
	if id := token.UserID("https://github.com", "42"); id != "f26741ea-c9cd-5edd-8aeb-71f12ba02b9e" {
		t.Errorf("another release gives people other IDs: %s", id)
	}
}

// The administrators of any tenant give roles in its tokens. They count only where the project says so.
func TestRolesOfManyTenants(t *testing.T) {
	key := newSigner(t, "k1", jwa.RS256())
	client := &http.Client{Transport: publicMetadata(withIssuer(t, key, "https://login.microsoftonline.com/{tenantid}/v2.0"))}
	const common, ofTenant = "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/" + tenant + "/v2.0"
	text := key.sign(t, claims{"iss": ofTenant, "tid": tenant, "aud": "shop", "sub": "42", "exp": epoch.Add(time.Hour).Unix(), "roles": []string{"admin"}, "tier": "TEAM", "": "admin"}, nil)
	for name, c := range map[string]struct {
		url, roles, tier string
		counts           bool
	}{
		"any tenant":         {common, "", "", false},
		"any tenant, chosen": {common, "roles", "tier", true},
		"one tenant":         {ofTenant, "", "", true},
	} {
		v, err := token.New(token.Options{Now: now, Client: client, Issuers: []token.Issuer{{Kind: token.OIDC, URL: c.url, Audience: []string{"shop"}, Roles: c.roles, Tier: c.tier}}})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		got, err := v.Verify(t.Context(), text)
		if err != nil || (len(got.Roles) > 0) != c.counts || (got.Tier != "") != c.counts {
			t.Errorf("%s: roles %q, tier %q: %v", name, got.Roles, got.Tier, err)
		}
	}
}
