// Package github logs people in with GitHub, which has OAuth 2.0 without OpenID Connect: no discovery and no signed tokens, but an API that
// says who a person is.
package github

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/endpoints"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/oidc"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

// DefaultURL is that of GitHub itself.
const DefaultURL = "https://github.com"

const (
	timeout = 8 * time.Second // of a log-in or refresh, with all its requests

	// askEvery is how long what GitHub has said of a person is used. Then it is asked again, whether the person still trusts this service.
	// If it does not answer then, it is asked soon again.
	askEvery = time.Hour
	askAgain = 2 * time.Minute

	expiresSoon = time.Minute
)

// Client logs in with one GitHub.
type Client struct {
	URL              string // of the site: DefaultURL, or that of an Enterprise Server
	ClientID, Secret string
	Scopes           []string // beside read:user and user:email
	Parameters       []string // of the authorization request, as name=value, such as allow_signup=false
	Subject          string   // one of token.Subjects
	HTTP             *http.Client
	Now              func() time.Time
}

// Issues reports whether an issuer in claims is this GitHub.
func (c *Client) Issues(issuer string) bool { return issuer == c.site() }

func (c *Client) site() string { return strings.TrimSuffix(c.URL, "/") }

// api is the address of the API: GitHub has a host for it, an Enterprise Server a path, and a tenant of ghe.com a host again.
func (c *Client) api() string {
	site := c.site()
	host := strings.TrimPrefix(site, "https://")
	switch {
	case site == DefaultURL || strings.HasSuffix(host, ".ghe.com"):
		return "https://api." + host
	default:
		return site + "/api/v3"
	}
}

func (c *Client) config(callback string) *oauth2.Config {
	endpoint := endpoints.GitHub
	for _, address := range []*string{&endpoint.AuthURL, &endpoint.TokenURL} {
		*address = c.site() + strings.TrimPrefix(*address, DefaultURL)
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{ClientID: c.ClientID, ClientSecret: c.Secret, Endpoint: endpoint, RedirectURL: callback, Scopes: append([]string{"read:user", "user:email"}, c.Scopes...)}
}

// AuthorizeURL is where the browser logs in. GitHub leads it to the callback with the state and a code. It cannot be made to ask for the
// password again.
func (c *Client) AuthorizeURL(_ context.Context, callback, state, verifier, _ string) (string, error) {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	for _, p := range c.Parameters {
		name, value, _ := strings.Cut(p, "=")
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return c.config(callback).AuthCodeURL(state, options...), nil
}

// Exchange exchanges a code and its verifier for a session.
func (c *Client) Exchange(ctx context.Context, callback, code, verifier string) (gotrue.Session, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	t, err := c.config(callback).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return gotrue.Session{}, oidc.Translate(err)
	}
	return c.session(ctx, c.timed(t))
}

// kept is what refreshes a session.
type kept struct {
	Token  *oauth2.Token `json:"token"`
	Person person        `json:"person"`
}

// Refresh asks again who the person is. Tokens of an OAuth app do not expire; those of a GitHub App do, and are replaced. The old token is used up
// by then, so that the new one is kept unless GitHub refuses it, even if it does not answer who the person is.
func (c *Client) Refresh(ctx context.Context, refresh string) (gotrue.Session, error) {
	var k kept
	if err := json.Unmarshal([]byte(refresh), &k); err != nil || k.Token == nil {
		return gotrue.Session{}, oidc.Refused("no_refresh_token", "the session has no token of GitHub")
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	if k.Token.Expiry.IsZero() || c.Now().Before(k.Token.Expiry.Add(-expiresSoon)) {
		return c.session(ctx, k.Token)
	}
	next, err := c.config("").TokenSource(ctx, &oauth2.Token{RefreshToken: k.Token.RefreshToken}).Token()
	if err != nil {
		return gotrue.Session{}, oidc.Translate(err)
	}
	next = c.timed(next)
	s, err := c.session(ctx, next)
	if err != nil && fault.CodeOf(err) != fault.Unauthenticated {
		return c.state(kept{next, k.Person}, askAgain)
	}
	return s, err
}

// timed returns a new token whose end is a time of the client's clock, not of the library's.
func (c *Client) timed(t *oauth2.Token) *oauth2.Token {
	if !t.Expiry.IsZero() {
		t.Expiry = c.Now().Add(time.Until(t.Expiry))
	}
	return t
}

func (c *Client) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.HTTP != nil {
		ctx = context.WithValue(ctx, oauth2.HTTPClient, c.HTTP)
	}
	return context.WithTimeout(ctx, timeout)
}

// session asks who the person of a token is.
func (c *Client) session(ctx context.Context, t *oauth2.Token) (gotrue.Session, error) {
	p, err := c.ask(ctx, t)
	if err != nil {
		return gotrue.Session{}, err
	}
	return c.state(kept{t, p}, askEvery)
}

// state returns a session of a person that is good for some time.
func (c *Client) state(k kept, until time.Duration) (gotrue.Session, error) {
	said, err := json.Marshal(statement{c.site(), k.Person, c.Now().Add(until)})
	if err != nil {
		return gotrue.Session{}, fault.Wrap(op, err)
	}
	text, err := json.Marshal(k)
	return gotrue.Session{AccessToken: string(said), RefreshToken: string(text)}, fault.Wrap(op, err)
}

// statement is what GitHub has said of a person, as a session keeps it.
type statement struct {
	Issuer string    `json:"iss"`
	Person person    `json:"person"`
	Until  time.Time `json:"until"`
}

// Claims returns the claims of what a session keeps. They have no roles: those are in the person's row.
func (c *Client) Claims(said string, now time.Time) (token.Claims, error) {
	var s statement
	if err := json.Unmarshal([]byte(said), &s); err != nil || !c.Issues(s.Issuer) {
		return token.Claims{}, fault.New(fault.Unauthenticated, "read the session", "it is not one of "+c.site(), "log in again")
	}
	if !now.Before(s.Until) {
		return token.Claims{}, fault.New(fault.Unauthenticated, "read the session", "it has expired", "log in again")
	}
	uid := s.Person.ID.String()
	if c.Subject == token.SubjectUUID {
		uid = token.UserID(s.Issuer, uid)
	}
	return token.Claims{
		Issuer: s.Issuer, Subject: uid, Email: s.Person.Email, Expires: s.Until,
		All: map[string]any{"name": s.Person.Name, "user_name": s.Person.Login, "avatar_url": s.Person.Avatar, "email": s.Person.Email},
	}, nil
}
