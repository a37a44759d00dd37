package token_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

// TestUnknownKeys: a thousand tokens with unknown keys cost the issuer one request in half a minute.
func TestUnknownKeys(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	v, clock := verifier(t, i)
	if _, err := v.Verify(t.Context(), key.sign(t, i.good(nil), nil)); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for n := range 1000 {
		text := signed(t, jwa.ES256(), key.key, fmt.Sprint("unknown", n), i.good(nil), nil)
		group.Go(func() {
			if _, err := v.Verify(t.Context(), text); fault.CodeOf(err) != fault.Unauthenticated {
				t.Errorf("token of an unknown key: %v", err)
			}
		})
	}
	group.Wait()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("%d requests for keys", n)
	}
	// The issuer rotates its key. Half a minute after the last request, a token with the new key fetches it.
	next := newSigner(t, "k2", jwa.ES256())
	i.publish(next, key)
	clock.pass(31 * time.Second)
	for range 100 {
		group.Go(func() {
			if _, err := v.Verify(t.Context(), next.sign(t, i.good(nil), nil)); err != nil {
				t.Errorf("token of the new key: %v", err)
			}
		})
	}
	group.Wait()
	if n := i.fetches.Load(); n != 2 {
		t.Errorf("%d requests for keys after the rotation", n)
	}
}

// TestIssuerAway: keys that are known stay in use, and old ones are fetched again in the background.
func TestIssuerAway(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	i.behave(func(w http.ResponseWriter) bool { http.Error(w, "away", http.StatusBadGateway); return true })
	v, clock := verifier(t, i)
	v.Start()
	text := key.sign(t, i.good(claims{"exp": epoch.Add(48 * time.Hour).Unix()}), nil)
	_, err := v.Verify(t.Context(), text)
	if f := (&fault.Error{}); fault.CodeOf(err) != fault.Unavailable || !asFault(err, &f) || f.RetryAfter == 0 {
		t.Fatalf("while no key is known: %v, want unavailable", err)
	}
	if n, concern := v.Status(); n != 0 || concern != "the keys of 1 of 1 issuers are not known: their tokens cannot be checked" {
		t.Errorf("while no key is known, the status is %d, %q", n, concern)
	}
	i.behave(nil)
	clock.pass(31 * time.Second)
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Fatalf("after the issuer came back: %v", err)
	}
	if n, concern := v.Status(); n != 1 || concern != "" {
		t.Errorf("after the issuer came back, the status is %d, %q", n, concern)
	}
	before := i.fetches.Load()
	i.behave(func(w http.ResponseWriter) bool { http.Error(w, "away", http.StatusBadGateway); return true })
	for hour := range 5 {
		clock.pass(time.Hour)
		n := 0
		await(t, func() bool { // a token that is remembered needs no key
			n++
			another := key.sign(t, i.good(claims{"exp": epoch.Add(48 * time.Hour).Unix(), "n": hour*1e6 + n}), nil)
			if _, err := v.Verify(t.Context(), another); err != nil {
				t.Fatalf("while the issuer is away: %v", err)
			}
			return i.fetches.Load() > before
		})
		before = i.fetches.Load()
	}
	await(t, func() bool {
		n, concern := v.Status()
		return n == 1 && concern == "the keys of 1 of 1 issuers are old, because the issuers do not answer"
	})
}

// TestRemovedKey: a key that has left the set counts for a minute at most after the set was fetched.
func TestRemovedKey(t *testing.T) {
	i := newIssuer(t)
	old, next := newSigner(t, "k1", jwa.ES256()), newSigner(t, "k2", jwa.ES256())
	i.publish(old)
	v, clock := verifier(t, i)
	text := old.sign(t, i.good(nil), nil)
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	i.publish(next)
	clock.pass(11 * time.Minute)
	await(t, func() bool { _, _ = v.Verify(t.Context(), text); return i.fetches.Load() == 2 })
	if _, err := v.Verify(t.Context(), next.sign(t, i.good(nil), nil)); err != nil {
		t.Fatal(err)
	}
	clock.pass(61 * time.Second)
	if _, err := v.Verify(t.Context(), text); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("token of a removed key: %v", err)
	}
}

// TestCacheControl: keys are fetched again when the issuer says so.
func TestCacheControl(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                          10 * time.Minute,
		"public, max-age=3600":      time.Hour,
		"max-age=1":                 30 * time.Second,
		"no-store":                  30 * time.Second,
		"max-age=99999999999999999": 24 * time.Hour,
		"max-age=99999999":          24 * time.Hour,
	} {
		i := newIssuer(t)
		key := newSigner(t, "k1", jwa.ES256())
		i.publish(key)
		i.behave(func(w http.ResponseWriter) bool { w.Header().Set("Cache-Control", header); return false })
		v, clock := verifier(t, i)
		verify := func(n int) {
			t.Helper()
			text := key.sign(t, i.good(claims{"exp": clock.now().Add(time.Hour).Unix(), "n": n}), nil)
			if _, err := v.Verify(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		verify(0)
		clock.pass(want)
		verify(1)
		if n := i.fetches.Load(); n != 1 {
			t.Errorf("%q: fetched %d times within %v", header, n, want)
		}
		clock.pass(time.Second)
		verify(2)
		await(t, func() bool { return i.fetches.Load() == 2 })
	}
}

// TestLyingIssuers: no answer of an issuer adds a key that is not one, and none takes the verifier down.
func TestLyingIssuers(t *testing.T) {
	key := newSigner(t, "k1", jwa.ES256())
	weak := `{"kty":"RSA","kid":"k1","e":"AQAB","n":"` + strings.Repeat("A", 80) + `B"}`
	for name, answer := range map[string]string{
		"no JSON":       "<html>",
		"no keys":       `{}`,
		"null":          `null`,
		"empty":         `{"keys":[]}`,
		"symmetric key": `{"keys":[{"kty":"oct","kid":"k1","alg":"HS256","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDA"}]}`,
		"weak key":      `{"keys":[` + weak + `]}`,
		"broken keys":   `{"keys":[1,"x",{"kty":"EC","crv":"P-256","kid":"k1","x":"AA","y":"AA"},{"kty":"OKP"}]}`,
		"huge":          `{"keys":["` + strings.Repeat("x", 2<<20) + `"]}`,
	} {
		i := newIssuer(t)
		i.behave(func(w http.ResponseWriter) bool { _, _ = io.WriteString(w, answer); return true })
		v, _ := verifier(t, i)
		for _, text := range []string{key.sign(t, i.good(nil), nil), signed(t, jwa.HS256(), []byte("secretsecretsecretsecretsecret00"), "k1", i.good(nil), nil)} {
			if c, err := v.Verify(t.Context(), text); err == nil {
				t.Errorf("%s: accepted %+v", name, c)
			}
		}
	}
}

// TestSlowIssuer: requests end with their own context, and no more than a few wait.
func TestSlowIssuer(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	release := make(chan struct{})
	i.behave(func(http.ResponseWriter) bool { <-release; return false })
	v, _ := verifier(t, i)
	text := key.sign(t, i.good(nil), nil)
	var group sync.WaitGroup
	outcomes := make(chan error, 1200)
	for range 1200 {
		group.Go(func() { _, err := v.Verify(t.Context(), text); outcomes <- err })
	}
	for range 1200 - 1000 {
		if err := <-outcomes; fault.CodeOf(err) != fault.Unavailable {
			t.Fatalf("a request that does not wait: %v, want unavailable", err)
		}
	}
	close(release)
	group.Wait()
	close(outcomes)
	for err := range outcomes {
		if err != nil {
			t.Errorf("a request that waited: %v", err)
		}
	}
}

func TestDiscovery(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	for name, c := range map[string]struct {
		path, metadata string
		ok             bool
	}{
		"OpenID Connect": {"/tenant/.well-known/openid-configuration", `{"issuer":"{base}/tenant","jwks_uri":"` + i.name() + `/.well-known/jwks.json"}`, true},
		"RFC 8414":       {"/.well-known/oauth-authorization-server/tenant", `{"issuer":"{base}/tenant","jwks_uri":"` + i.name() + `/.well-known/jwks.json"}`, true},
		"another issuer": {"/tenant/.well-known/openid-configuration", `{"issuer":"https://evil.example","jwks_uri":"` + i.name() + `/.well-known/jwks.json"}`, false},
		"plain keys":     {"/tenant/.well-known/openid-configuration", `{"issuer":"{base}/tenant","jwks_uri":"http://keys.example/"}`, false},
	} {
		var base string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != c.path {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, strings.ReplaceAll(c.metadata, "{base}", base))
		}))
		base = server.URL
		v, _ := verifier(t, i, func(o *token.Options) {
			o.Issuers = []token.Issuer{{Kind: token.OIDC, URL: base + "/tenant", Audience: []string{"authenticated"}}}
		})
		if _, err := v.Verify(t.Context(), key.sign(t, i.good(claims{"iss": base + "/tenant"}), nil)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

// TestRevoked: a remembered token is refused as soon as its session has ended.
func TestRevoked(t *testing.T) {
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	ended := ""
	v, _ := verifier(t, i, func(o *token.Options) { o.Revoked = func(c token.Claims) bool { return c.Session == ended } })
	text := key.sign(t, i.good(nil), nil)
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	ended = "s1"
	if _, err := v.Verify(t.Context(), text); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("token of an ended session: %v", err)
	}
}

// BenchmarkFirst is the verification of a token with its signature, BenchmarkRemembered that of one that is known.
func BenchmarkFirst(b *testing.B) {
	i := newIssuer(b)
	key := newSigner(b, "k1", jwa.ES256())
	i.publish(key)
	v, _ := verifier(b, i)
	texts := make([]string, 4096)
	for n := range texts {
		texts[n] = key.sign(b, i.good(claims{"n": n}), nil)
	}
	n := 0
	for b.Loop() {
		if n == len(texts) { // every token only once
			b.StopTimer()
			v, _ = verifier(b, i)
			n = 0
			b.StartTimer()
		}
		if _, err := v.Verify(b.Context(), texts[n]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkRemembered(b *testing.B) {
	i := newIssuer(b)
	key := newSigner(b, "k1", jwa.ES256())
	i.publish(key)
	v, _ := verifier(b, i)
	text := key.sign(b, i.good(nil), nil)
	for b.Loop() {
		if _, err := v.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it did not happen")
		}
	}
}

func asFault(err error, into **fault.Error) bool {
	f, ok := err.(*fault.Error) //nolint:errorlint // it is returned unwrapped
	*into = f
	return ok
}

// BenchmarkSignature is the limit of BenchmarkFirst: the arithmetic of ES256 alone.
func BenchmarkSignature(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("a token"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
			b.Fatal("the signature is wrong")
		}
	}
}

// A fetch of keys belongs to the trace of the request that needs them, and does not end with that request.
func TestFetchIsOfItsRequest(t *testing.T) {
	type requestKey struct{}
	i := newIssuer(t)
	key := newSigner(t, "k1", jwa.ES256())
	i.publish(key)
	begun, resume := make(chan any, 10), make(chan struct{})
	v, _ := verifier(t, i, func(o *token.Options) {
		o.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			begun <- r.Context().Value(requestKey{})
			<-resume
			return http.DefaultTransport.RoundTrip(r)
		})}
	})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), requestKey{}, "request 1"))
	failed := make(chan error)
	text := key.sign(t, i.good(nil), nil)
	go func() {
		_, err := v.Verify(ctx, text)
		failed <- err
	}()
	if got := <-begun; got != "request 1" {
		t.Errorf("the fetch is of %v", got)
	}
	cancel()
	if err := <-failed; fault.CodeOf(err) != fault.Canceled {
		t.Errorf("the request that is given up: %v", err)
	}
	close(resume)
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Errorf("the fetch has ended with its request: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
