package identity

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"golang.org/x/crypto/bcrypt"

	"github.com/krowoc/krowoc/internal/fault"
)

// audience is the audience of users who are logged in, in tokens and user objects.
const audience = "authenticated"

// Claims are the claims of a token.
type Claims struct {
	Subject, Email string
	Roles          []string
	session        string
}

// userObject is a user as the protocol defines it.
type userObject struct {
	ID           string         `json:"id"`
	Aud          string         `json:"aud"`
	Role         string         `json:"role"`
	Email        string         `json:"email"`
	NewEmail     string         `json:"new_email,omitempty"` // waits to be confirmed
	Phone        string         `json:"phone"`
	ConfirmedAt  time.Time      `json:"email_confirmed_at"`
	LastSignIn   time.Time      `json:"last_sign_in_at"`
	AppMetadata  map[string]any `json:"app_metadata"`
	UserMetadata map[string]any `json:"user_metadata"`
	Identities   []any          `json:"identities"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
	IsAnonymous  bool           `json:"is_anonymous"`
}

func (p *Provider) describe(u User) userObject {
	metadata := maps.Clone(p.store.account(u.ID).Metadata) // other requests read the same map
	if metadata == nil {
		metadata = map[string]any{}
	}
	if _, said := metadata["name"]; !said && u.Name != "" {
		metadata["name"] = u.Name
	}
	app := map[string]any{"provider": "email", "providers": []string{"email"}, "roles": append([]string{}, u.Roles...)}
	if u.Tier != "" {
		app["tier"] = u.Tier
	}
	changing := ""
	if change := p.codes.pendingOf(u.ID); change != nil {
		changing = change.to
	}
	return userObject{
		NewEmail: changing, ID: u.ID, Aud: audience, Role: audience, Email: u.Email, ConfirmedAt: u.Created, LastSignIn: p.Now(), Identities: []any{},
		AppMetadata: app, UserMetadata: metadata, CreatedAt: u.Created, UpdatedAt: u.Created,
	}
}

// sessionObject is a session as the protocol defines it.
type sessionObject struct {
	AccessToken  string     `json:"access_token"`
	TokenType    string     `json:"token_type"`
	ExpiresIn    int        `json:"expires_in"` // seconds
	ExpiresAt    int64      `json:"expires_at"` // Unix time
	RefreshToken string     `json:"refresh_token"`
	User         userObject `json:"user"`
}

// logIn starts a session.
func (p *Provider) logIn(u User, method string) (sessionObject, error) {
	s, refresh, err := p.store.begin(u.ID, method, p.Now())
	if err != nil {
		return sessionObject{}, err
	}
	p.Logger.Info(u.Email+" logged in", "method", method)
	return p.issue(u, s, refresh)
}

// issue signs an access token.
func (p *Provider) issue(u User, s session, refresh string) (sessionObject, error) {
	now := p.Now()
	user := p.describe(u)
	until := now.Add(p.Lifetime)
	t, err := jwt.NewBuilder().Issuer(p.Origin+Path).Subject(u.ID).Audience([]string{audience}).IssuedAt(now).Expiration(until).
		Claim("role", audience).Claim("email", u.Email).Claim("phone", "").Claim("session_id", s.ID).Claim("aal", "aal1").
		Claim("amr", []any{map[string]any{"method": s.Method, "timestamp": s.Started.Unix()}}).Claim("is_anonymous", false).
		Claim("app_metadata", user.AppMetadata).Claim("user_metadata", user.UserMetadata).Build()
	if err != nil {
		return sessionObject{}, fault.Wrap("create a token", err)
	}
	signed, err := jwt.Sign(t, jwt.WithKey(jwa.ES256(), p.keys.signing()))
	return sessionObject{
		AccessToken: string(signed), TokenType: "bearer", ExpiresIn: int(p.Lifetime.Seconds()), ExpiresAt: until.Unix(), RefreshToken: refresh, User: user,
	}, fault.Wrap("sign a token", err)
}

// Verify returns the claims of a token. The token must be signed by this provider and not expired, and its session must not have ended.
func (p *Provider) Verify(_ context.Context, token string) (Claims, error) {
	invalid := func(why string) (Claims, error) {
		return Claims{}, fault.New(fault.Unauthenticated, "read the access token", why, "log in again")
	}
	set, err := p.keys.public()
	if err != nil {
		return Claims{}, err
	}
	t, err := jwt.Parse([]byte(token), jwt.WithKeySet(set), jwt.WithIssuer(p.Origin+Path), jwt.WithAudience(audience), jwt.WithClock(jwt.ClockFunc(p.Now)))
	if err != nil {
		return invalid("the token is invalid or has expired")
	}
	var c Claims
	var app map[string]any
	subject, _ := t.Subject()
	c.Subject = subject
	if t.Get("session_id", &c.session) != nil || t.Get("email", &c.Email) != nil || t.Get("app_metadata", &app) != nil {
		return invalid("the token does not have all claims")
	}
	if !p.store.lives(c.session) {
		return Claims{}, errSessionEnded
	}
	roles, _ := app["roles"].([]any)
	for _, r := range roles {
		if role, ok := r.(string); ok {
			c.Roles = append(c.Roles, role)
		}
	}
	return c, nil
}

// errSessionEnded is the error of a valid token whose session has ended.
var errSessionEnded = fault.New(fault.Unauthenticated, "read the access token", "the session has ended", "log in again")

// withSession returns a handler that requires a valid access token.
func (p *Provider) withSession(handle func(*http.Request, Claims, User) (any, error)) handler {
	return func(r *http.Request) (any, error) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer {
			return nil, refuse(http.StatusUnauthorized, "no_authorization", "This endpoint requires a valid Bearer token")
		}
		claims, err := p.Verify(r.Context(), token)
		switch {
		case errors.Is(err, errSessionEnded):
			return nil, refuse(http.StatusForbidden, "session_not_found", "Session from session_id claim in JWT does not exist")
		case err != nil:
			return nil, refuse(http.StatusForbidden, "bad_jwt", err.Error())
		}
		u, err := found(p.Users.ByID(r.Context(), claims.Subject))
		if err != nil {
			return nil, err
		}
		return handle(r, claims, u)
	}
}

// token handles POST /token: it exchanges a password, a code or a refresh token for a session.
func (p *Provider) token(r *http.Request) (any, error) {
	var q struct {
		Email, Password string
		RefreshToken    string `json:"refresh_token"`
		Code            string `json:"auth_code"`
		Verifier        string `json:"code_verifier"`
	}
	if err := readBody(r, &q); err != nil {
		return nil, err
	}
	ctx := r.Context()
	switch r.URL.Query().Get("grant_type") {
	case "password":
		u, err := p.Users.ByEmail(ctx, q.Email)
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return nil, err
		}
		if err != nil || !p.passwordIs(u, q.Password) {
			return nil, refuse(http.StatusBadRequest, "invalid_credentials", "Invalid login credentials")
		}
		return p.logIn(u, "password")
	case "refresh_token":
		s, next, err := p.store.refresh(q.RefreshToken, p.Now())
		if err != nil {
			return nil, err
		}
		u, err := found(p.Users.ByID(ctx, s.User))
		if err != nil {
			return nil, err
		}
		return p.issue(u, s, next)
	case "pkce":
		c, err := p.codes.take(q.Code)
		if err != nil {
			return nil, refuse(http.StatusNotFound, "flow_state_not_found", "invalid flow state, no valid flow state found")
		}
		if !c.proof.met(q.Verifier) {
			return nil, refuse(http.StatusBadRequest, "bad_code_verifier", "code challenge does not match previously saved code verifier")
		}
		u, err := found(p.Users.ByID(ctx, c.user))
		if err != nil {
			return nil, err
		}
		return p.logIn(u, c.method)
	}
	return nil, refuse(http.StatusBadRequest, "unsupported_grant_type", "unsupported_grant_type: use password, refresh_token or pkce")
}

func (p *Provider) passwordIs(u User, password string) bool {
	if own := p.store.account(u.ID).Password; own != nil {
		return bcrypt.CompareHashAndPassword(own, []byte(password)) == nil
	}
	return password == DefaultPassword
}

// logout handles POST /logout.
func (p *Provider) logout(r *http.Request, c Claims, _ User) (any, error) {
	scope := r.URL.Query().Get("scope")
	if !slices.Contains([]string{"", "global", "local", "others"}, scope) {
		return nil, refuse(http.StatusBadRequest, "validation_failed", "Unsupported logout scope")
	}
	return nil, p.store.end(func(s *session) bool {
		switch scope {
		case "local":
			return s.ID == c.session
		case "others":
			return s.User == c.Subject && s.ID != c.session
		}
		return s.User == c.Subject
	})
}
