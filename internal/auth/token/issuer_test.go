package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/auth/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// issuer is a server that publishes keys, as misbehaved as a test wants it.
type issuer struct {
	*httptest.Server
	t       testing.TB
	fetches atomic.Int32

	mu     sync.Mutex
	keys   []any                                 // members of the key set
	answer func(http.ResponseWriter) (done bool) // before the keys are sent
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth/v1/.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.mu.Lock()
		answer, keys := i.answer, i.keys
		i.mu.Unlock()
		if answer != nil && answer(w) {
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// name is the value of `iss`.
func (i *issuer) name() string { return i.URL + "/auth/v1" }

// behave sets what the issuer does before it sends its keys; nil is nothing.
func (i *issuer) behave(answer func(http.ResponseWriter) bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

// publish replaces the key set.
func (i *issuer) publish(keys ...signer) {
	i.t.Helper()
	list := []any{}
	for _, k := range keys {
		list = append(list, k.public(i.t))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = list
}

// signer is a private key.
type signer struct {
	kid string
	alg jwa.SignatureAlgorithm
	key crypto.Signer
}

func newSigner(t testing.TB, kid string, alg jwa.SignatureAlgorithm) signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case jwa.ES256():
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jwa.RS256():
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case jwa.EdDSA():
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, alg, key}
}

func (s signer) public(t testing.TB) jwk.Key {
	t.Helper()
	key, err := jwk.Import(s.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Set(jwk.KeyIDKey, s.kid); err != nil {
		t.Fatal(err)
	}
	return key
}

// claims is the body of a token.
type claims map[string]any

// good are the claims of a valid token.
func (i *issuer) good(change claims) claims {
	c := claims{"iss": i.name(), "sub": "0190a000-0000-7000-8000-000000000001", "aud": "authenticated", "exp": now().Add(time.Hour).Unix(), "iat": now().Unix(),
		"session_id": "s1", "email": "ada@example.com", "app_metadata": map[string]any{"roles": []string{"admin"}}}
	for name, value := range change {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

// sign makes a token, with extra members in its header.
func (s signer) sign(t testing.TB, c claims, header map[string]any) string {
	t.Helper()
	return signed(t, s.alg, s.key, s.kid, c, header)
}

func signed(t testing.TB, alg jwa.SignatureAlgorithm, key any, kid string, c claims, header map[string]any) string {
	t.Helper()
	body, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	h := jws.NewHeaders()
	if kid != "" {
		header = with(header, "kid", kid)
	}
	for name, value := range header {
		if err := h.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	text, err := jws.Sign(body, jws.WithKey(alg, key, jws.WithProtectedHeaders(h)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func with(m map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	for n, v := range m {
		out[n] = v
	}
	return out
}

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var epoch = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return epoch }

// verifier trusts an issuer of the kind of Supabase.
func verifier(t testing.TB, i *issuer, change ...func(*token.Options)) (*token.Verifier, *clock) {
	t.Helper()
	c := &clock{at: epoch}
	o := token.Options{Now: c.now, Issuers: []token.Issuer{{Kind: token.Supabase, URL: i.URL}}}
	for _, f := range change {
		f(&o)
	}
	v, err := token.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v, c
}
