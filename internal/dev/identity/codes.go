package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of one-time codes.
const (
	codeLifetime = 10 * time.Minute
	maxCodes     = 1000
	maxTries     = 5
)

// pkcePrefix marks the tokens in links of applications that use PKCE, so that a link which has expired still says how to lead back.
const pkcePrefix = "pkce_"

// code is the right to log in once, or to confirm a change. It is the link in a mail, together with the digits in the same mail, or the code that an application
// exchanges for a session.
type code struct {
	token  string
	digits string // "" for the code of an application
	user   string
	email  string
	method string // otp, recovery, password, …
	proof  challenge
	change *pending // of the e-mail address; nil for a log-in
	until  time.Time
	tries  int
}

// challenge is what an application sends before a log-in, to prove its identity afterwards (PKCE, RFC 7636).
type challenge struct {
	Value  string `json:"code_challenge"`
	Method string `json:"code_challenge_method"`
}

// met reports whether a verifier matches the challenge.
func (c challenge) met(verifier string) bool {
	if strings.EqualFold(c.Method, "s256") {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return c.Value != "" && subtle.ConstantTimeCompare([]byte(verifier), []byte(c.Value)) == 1
}

// codes are the unused codes.
type codes struct {
	now func() time.Time
	mu  sync.Mutex
	all []*code // oldest first
}

func newCodes(now func() time.Time) *codes { return &codes{now: now} }

// add issues a code.
func (c *codes) add(n code) (code, error) {
	n.token, n.until = strings.ToLower(rand.Text()), c.now().Add(codeLifetime)
	if n.email != "" && n.proof.Value != "" {
		n.token = pkcePrefix + n.token
	}
	if n.email != "" {
		number, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
		if err != nil {
			return n, err
		}
		n.digits = fmt.Sprintf("%06d", number)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(o *code) bool {
		return c.now().After(o.until) || n.email != "" && o.email == n.email // a new code replaces an earlier one for the same address
	})
	c.all = slices.Delete(c.all, 0, max(0, len(c.all)-maxCodes+1))
	c.all = append(c.all, &n)
	return n, nil
}

// drop removes codes.
func (c *codes) drop(matches func(*code) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, matches)
}

// pendingOf returns the change of a user's address that waits to be confirmed, or nil.
func (c *codes) pendingOf(user string) *pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.all {
		if o.user == user && o.change != nil && !c.now().After(o.until) {
			return o.change
		}
	}
	return nil
}

// first reports whether a confirmation is the first one of a change.
func (c *codes) first(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := p.confirmed
	p.confirmed = true
	return !was
}

var errCode = refuse(http.StatusForbidden, "otp_expired", "Token has expired or is invalid")

// take removes the code with a token and returns it.
func (c *codes) take(token string) (code, error) {
	return c.use(func(o *code) bool { return equal(o.token, token) })
}

// takeDigits removes the code with the digits that were sent to an address and returns it. Too many wrong attempts invalidate a code.
func (c *codes) takeDigits(email, digits string) (code, error) {
	return c.use(func(o *code) bool {
		if o.email == "" || !strings.EqualFold(o.email, email) || o.tries >= maxTries {
			return false
		}
		o.tries++
		return equal(o.digits, digits)
	})
}

func (c *codes) use(matches func(*code) bool) (code, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, o := range c.all {
		if !c.now().After(o.until) && matches(o) {
			c.all = slices.Delete(c.all, i, i+1)
			return *o, nil
		}
	}
	return code{}, errCode
}

func equal(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
