// Package token verifies the access tokens (JSON Web Tokens, RFC 7519) of the issuers that a project trusts. It follows the best practice
// of RFC 8725: the `iss` of a token picks one of the configured issuers, that issuer alone says which keys and algorithms count, and
// nothing in the token itself (`jwk`, `jku`, `x5u`) adds a key. Keys come from the JSON Web Key Set (RFC 7517) of the issuer; they are
// kept while the issuer does not answer.
package token

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/krowoc/krowoc/internal/fault"
)

const (
	// maxToken is the longest token that is read, in bytes.
	maxToken = 16 << 10

	// Verified tokens are remembered, so that the signature is checked once in rememberFor. A key that has left the issuer's set
	// counts for no longer than that.
	rememberFor = time.Minute
	maxRemember = 10_000
)

// op is the operation in errors.
const op = "read the access token"

// Options configure a Verifier.
type Options struct {
	Issuers []Issuer
	Client  *http.Client // fetches keys; nil uses one with timeouts that follows no redirect to plain HTTP
	Logger  *slog.Logger
	Now     func() time.Time

	// Revoked reports whether a token has been revoked, for example because its session has ended. It is called for every token, also
	// for a remembered one, and must not block. Nil revokes nothing.
	Revoked func(Claims) bool
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	issuers  map[string]*trusted // by the value of `iss`
	now      func() time.Time
	revoked  func(Claims) bool
	verified *lru.Cache[[sha256.Size]byte, remembered]
	stop     context.CancelFunc
	fetches  sync.WaitGroup
}

// trusted is an issuer with its keys.
type trusted struct {
	Issuer
	keys *keySet
}

// remembered is a token that has been verified.
type remembered struct {
	claims Claims
	until  time.Time
}

// New returns a verifier. It fails if an issuer is not configured well, with the issuer's Where in the message. It does not wait for any
// issuer.
func New(o Options) (*Verifier, error) {
	o.Logger, o.Now = cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), orNow(o.Now)
	ctx, stop := context.WithCancel(context.Background())
	v := &Verifier{issuers: map[string]*trusted{}, now: o.Now, revoked: o.Revoked, stop: stop}
	client := o.Client
	if client == nil {
		client = NewClient()
	}
	for _, i := range o.Issuers {
		i, err := i.normalised()
		if err == nil && v.issuers[i.URL] != nil {
			err = i.mistake("another issuer has the same URL", "keep one of them")
		}
		if err != nil {
			stop()
			return nil, err
		}
		keys := &keySet{issuer: i, client: client, logger: o.Logger, now: o.Now, context: ctx, running: &v.fetches}
		v.issuers[i.URL] = &trusted{i, keys}
	}
	v.verified, _ = lru.New[[sha256.Size]byte, remembered](maxRemember) // fails only for a size below 1
	return v, nil
}

func orNow(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// Start fetches the keys of all issuers in the background.
func (v *Verifier) Start() {
	for _, i := range v.issuers {
		i.keys.refresh()
	}
}

// Close ends the fetches that are running.
func (v *Verifier) Close() {
	v.stop()
	for _, i := range v.issuers {
		i.keys.settle()
	}
	v.fetches.Wait()
}

// Verify returns the claims of a token. A token that is not valid is an unauthenticated fault, whose message says why and may be shown to
// the client. If the keys of the issuer could not be fetched yet, the fault is unavailable.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	digest := sha256.Sum256([]byte(token))
	now := v.now()
	r, found := v.verified.Get(digest)
	if !found || !now.Before(r.until) {
		claims, err := v.check(ctx, token, now)
		if err != nil {
			return Claims{}, err
		}
		until := now.Add(rememberFor)
		if claims.Expires.Before(until) {
			until = claims.Expires
		}
		r = remembered{claims, until}
		v.verified.Add(digest, r)
	}
	if v.revoked != nil && v.revoked(r.claims) {
		return Claims{}, invalid("the session has ended")
	}
	return r.claims, nil
}

// check verifies a token that is not remembered.
func (v *Verifier) check(ctx context.Context, token string, now time.Time) (Claims, error) {
	t, err := parse(token)
	if err != nil {
		return Claims{}, err
	}
	issuer := v.find(t)
	if issuer == nil {
		return Claims{}, invalid(fmt.Sprintf("the issuer %.200q is not one of this service", t.claims.Issuer))
	}
	key, err := issuer.key(ctx, t.header, t.claims.Issuer)
	if err != nil {
		return Claims{}, err
	}
	if err := t.verify(key); err != nil {
		return Claims{}, err
	}
	return issuer.accept(t, now)
}

// invalid refuses a token.
func invalid(why string) *fault.Error {
	return fault.New(fault.Unauthenticated, op, why, "log in again")
}

// Inspect returns the header and the claims of a token without verifying it. Nothing of them can be trusted.
func Inspect(text string) (header, claims map[string]any, err error) {
	parts := strings.Split(text, ".")
	if len(text) > maxToken || len(parts) != 3 || !decode(parts[0], &header) || !decode(parts[1], &claims) {
		return nil, nil, invalid("the token is not a JSON Web Token")
	}
	return header, claims, nil
}
