package token_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

func TestValidTokens(t *testing.T) {
	i := newIssuer(t)
	for name, alg := range map[string]jwa.SignatureAlgorithm{"ES256": jwa.ES256(), "RS256": jwa.RS256(), "EdDSA": jwa.EdDSA()} {
		t.Run(name, func(t *testing.T) {
			key := newSigner(t, "k-"+name, alg)
			i.publish(key)
			v, _ := verifier(t, i)
			got, err := v.Verify(t.Context(), key.sign(t, i.good(nil), nil))
			if err != nil {
				t.Fatal(err)
			}
			want := "0190a000-0000-7000-8000-000000000001 s1 ada@example.com admin k-" + name
			if s := strings.Join([]string{got.Subject, got.Session, got.Email, strings.Join(got.Roles, ","), got.Key}, " "); s != want {
				t.Errorf("claims are %s, want %s", s, want)
			}
		})
	}
}

// TestAttacks: each token differs from a valid one in one thing, and none is accepted.
func TestAttacks(t *testing.T) {
	i := newIssuer(t)
	key, other, rsaKey := newSigner(t, "k1", jwa.ES256()), newSigner(t, "k1", jwa.ES256()), newSigner(t, "r1", jwa.RS256())
	i.publish(key, rsaKey)
	v, _ := verifier(t, i)
	good := key.sign(t, i.good(nil), nil)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	publicDER, err := json.Marshal(rsaKey.public(t))
	if err != nil {
		t.Fatal(err)
	}
	unsigned := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
	}
	claim := func(change claims) string { return key.sign(t, i.good(change), nil) }
	header := func(change map[string]any) string { return key.sign(t, i.good(nil), change) }
	for name, text := range map[string]string{
		"nothing":               "",
		"no JWT":                "abc",
		"JWE":                   "a.b.c.d.e",
		"JSON serialization":    `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"alg none":              unsigned(`{"alg":"none","kid":"k1"}`),
		"alg None":              unsigned(`{"alg":"None","kid":"k1"}`),
		"no alg":                unsigned(`{"kid":"k1"}`),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"foreign signature":     parts[0] + "." + parts[1] + "." + strings.Split(other.sign(t, i.good(nil), nil), ".")[2],
		"changed claims":        parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(decoded(t, parts[1]), "ada@", "eve@", 1))) + "." + parts[2],
		"trailing bits":         good + "=",
		"line break":            good + "\n",
		"HS256 with public key": signed(t, jwa.HS256(), publicDER, "r1", i.good(nil), nil),
		"HS256 with nothing":    signed(t, jwa.HS256(), make([]byte, 32), "", i.good(nil), nil),
		"key of another alg":    signed(t, jwa.RS256(), rsaKey.key, "k1", i.good(nil), nil),
		"foreign key, same kid": other.sign(t, i.good(nil), nil),
		"kid is a path":         signed(t, jwa.ES256(), other.key, "../../dev/null", i.good(nil), nil),
		"kid is SQL":            signed(t, jwa.ES256(), other.key, "k1' or '1'='1", i.good(nil), nil),
		"embedded jwk":          other.sign(t, i.good(nil), map[string]any{"jwk": other.public(t)}),
		"jku":                   other.sign(t, i.good(nil), map[string]any{"jku": "https://evil.example/keys"}),
		"x5u":                   other.sign(t, i.good(nil), map[string]any{"x5u": "https://evil.example/cert"}),
		"crit":                  header(map[string]any{"crit": []string{"exp"}, "exp": 1}),
		"logout token":          header(map[string]any{"typ": "logout+jwt"}),
		"foreign issuer":        claim(claims{"iss": "https://evil.example"}),
		"issuer and more":       claim(claims{"iss": i.name() + "/"}),
		"no issuer":             claim(claims{"iss": nil}),
		"two issuers":           claim(claims{"iss": []string{i.name()}}),
		"foreign audience":      claim(claims{"aud": "anon"}),
		"no audience":           claim(claims{"aud": nil}),
		"empty audience":        claim(claims{"aud": []string{}}),
		"no subject":            claim(claims{"sub": nil}),
		"empty subject":         claim(claims{"sub": ""}),
		"expired":               claim(claims{"exp": epoch.Add(-time.Hour).Unix()}),
		"expires now":           claim(claims{"exp": epoch.Unix()}),
		"never expires":         claim(claims{"exp": nil}),
		"expires in text":       claim(claims{"exp": "4102444800"}),
		"expires in aeons":      claim(claims{"exp": 1e300}),
		"negative times":        claim(claims{"iat": -1}),
		"not yet valid":         claim(claims{"nbf": epoch.Add(time.Hour).Unix()}),
		"issued tomorrow":       claim(claims{"iat": epoch.Add(24 * time.Hour).Unix()}),
		"huge":                  claim(claims{"padding": strings.Repeat("x", 20_000)}),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := v.Verify(t.Context(), text)
			if fault.CodeOf(err) != fault.Unauthenticated {
				t.Fatalf("claims %+v, error %v; want unauthenticated", c, err)
			}
			if long := len(err.Error()) > 400; long || text != "" && strings.Contains(err.Error(), text) {
				t.Errorf("the error has the token in it: %v", err)
			}
		})
	}
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times for its keys", n)
	}
}

func decoded(t *testing.T, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSecretOfOldProjects(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	secret := []byte("super-secret-jwt-token-with-at-least-32-characters-long")
	v, _ := verifier(t, i, func(o *token.Options) { o.Issuers[0].Secret = secret })
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"its secret":     {signed(t, jwa.HS256(), secret, "", i.good(nil), nil), true},
		"another secret": {signed(t, jwa.HS256(), append([]byte("x"), secret...), "", i.good(nil), nil), false},
		"a new key":      {key.sign(t, i.good(nil), nil), true},
	} {
		if _, err := v.Verify(t.Context(), c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRightIssuer: a key of one issuer is worth nothing for another.
func TestRightIssuer(t *testing.T) {
	a, b := newIssuer(t), newIssuer(t)
	ka, kb := newSigner(t, "k", jwa.ES256()), newSigner(t, "k", jwa.ES256())
	a.publish(ka)
	b.publish(kb)
	v, _ := verifier(t, a, func(o *token.Options) {
		o.Issuers = append(o.Issuers, token.Issuer{Kind: token.JWKS, URL: b.name(), KeysURL: b.name() + "/.well-known/jwks.json", Audience: []string{"api"}, Require: []string{"scope=run", "ok=true"}})
	})
	forB := claims{"aud": []string{"x", "api"}, "scope": []string{"read", "run"}, "ok": true, "roles": "editor", "tier": "PRO"}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a by a":                   {ka.sign(t, a.good(nil), nil), true},
		"a by b":                   {kb.sign(t, a.good(nil), nil), false},
		"b by b":                   {kb.sign(t, b.good(forB), nil), true},
		"b by a":                   {ka.sign(t, b.good(forB), nil), false},
		"b with the audience of a": {kb.sign(t, b.good(nil), nil), false},
		"b without its claim":      {kb.sign(t, b.good(claims{"aud": "api", "scope": "read"}), nil), false},
	} {
		got, err := v.Verify(t.Context(), c.text)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if name == "b by b" && (strings.Join(got.Roles, " ") != "editor" || got.Tier != "PRO") {
			t.Errorf("roles are %v, and the tier is %q", got.Roles, got.Tier)
		}
	}
}

func TestMistakenIssuers(t *testing.T) {
	ok := token.Issuer{Where: "krowoc.yaml:7", Kind: token.OIDC, URL: "https://id.example.com", Audience: []string{"api"}}
	for want, change := range map[string]func(*token.Issuer){
		"unknown kind saml":                   func(i *token.Issuer) { i.Kind = "saml" },
		"needs its URL":                       func(i *token.Issuer) { i.URL = "" },
		"is not an https://":                  func(i *token.Issuer) { i.URL = "http://id.example.com" },
		"not an https:// URL":                 func(i *token.Issuer) { i.KeysURL = "ftp://id.example.com/keys" },
		"needs an audience":                   func(i *token.Issuer) { i.Audience = nil },
		"needs the URL of its keys":           func(i *token.Issuer) { i.Kind = token.JWKS },
		"leeway must be":                      func(i *token.Issuer) { i.Leeway = time.Hour },
		"only an issuer of the kind supabase": func(i *token.Issuer) { i.Secret = make([]byte, 32) },
		"shorter than 32 bytes":               func(i *token.Issuer) { i.Kind, i.Secret = token.Supabase, []byte("short") },
	} {
		i := ok
		change(&i)
		_, err := token.New(token.Options{Issuers: []token.Issuer{i}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "krowoc.yaml:7") {
			t.Errorf("the error is %v, want %q and the place", err, want)
		}
	}
	if _, err := token.New(token.Options{Issuers: []token.Issuer{ok, ok}}); err == nil {
		t.Error("the same issuer is accepted twice")
	}
}

func TestAuthTime(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	v, _ := verifier(t, i, func(o *token.Options) { o.Issuers[0].Leeway = 30 * time.Second })
	at := epoch.Add(-time.Minute).Unix()
	for name, change := range map[string]claims{
		"auth_time": {"auth_time": at},
		"amr":       {"amr": []any{map[string]any{"method": "otp", "timestamp": at - 500}, map[string]any{"method": "totp", "timestamp": at}}},
		"both":      {"auth_time": at, "amr": []any{"pwd"}},
		"refreshed": {"amr": []any{map[string]any{"method": "otp", "timestamp": at}, map[string]any{"method": "token_refresh", "timestamp": at + 50}}},
	} {
		c, err := v.Verify(t.Context(), key.sign(t, i.good(change), nil))
		if err != nil || c.AuthTime.Unix() != at {
			t.Errorf("%s: %v, %v", name, c.AuthTime, err)
		}
	}
	// The clock of the issuer may be ahead by the leeway. A time after that is as good as none.
	for name, tt := range map[string]struct {
		change claims
		want   time.Time
	}{
		"none":             {claims{}, time.Time{}},
		"within leeway":    {claims{"auth_time": epoch.Unix() + 20}, epoch},
		"future":           {claims{"auth_time": epoch.Unix() + 3600}, time.Time{}},
		"future in amr":    {claims{"auth_time": at, "amr": []any{map[string]any{"method": "otp", "timestamp": epoch.Unix() + 3600}}}, time.Time{}},
		"amr of text":      {claims{"amr": []any{map[string]any{"method": "otp", "timestamp": "1767225600"}, "pwd", 7, nil}}, time.Time{}},
		"amr out of range": {claims{"amr": []any{map[string]any{"method": "otp", "timestamp": -5}, map[string]any{"method": "otp", "timestamp": 1e300}}}, time.Time{}},
	} {
		c, err := v.Verify(t.Context(), key.sign(t, i.good(tt.change), nil))
		if err != nil || !c.AuthTime.Equal(tt.want) {
			t.Errorf("%s: %v, %v", name, c.AuthTime, err)
		}
	}
}
