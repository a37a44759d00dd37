// Package gotrue is a client of Supabase Auth (https://github.com/supabase/auth), whose server is also called GoTrue.
package gotrue

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

const (
	timeout   = 8 * time.Second
	maxAnswer = 1 << 20 // bytes
)

// Client speaks to one server.
type Client struct {
	URL  string       // of the server, with its path: https://project.supabase.co/auth/v1
	Key  string       // the public key of the project, which Supabase's gateway asks for; may be empty
	HTTP *http.Client // nil is http.DefaultClient

	// Address is the address of the person on whose behalf the client asks, so that the server limits attempts by person and not by us.
	Address string
}

// Session is what a log-in or a refresh returns.
type Session struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	User         User   `json:"user"`
}

// User is a person as the server knows them.
type User struct {
	ID          string         `json:"id"`
	Email       string         `json:"email"`
	AppMetadata map[string]any `json:"app_metadata"`
	Metadata    map[string]any `json:"user_metadata"`
}

// Settings are the ways to log in that the server has.
type Settings struct {
	External      map[string]bool `json:"external"`
	DisableSignup bool            `json:"disable_signup"`
}

// Error is an answer that refuses a request.
type Error struct {
	Status  int
	Code    string // invalid_credentials, refresh_token_already_used, …
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (%s)", cmp.Or(e.Message, http.StatusText(e.Status)), cmp.Or(e.Code, strconv.Itoa(e.Status)))
}

// Code returns the code of the server's error in err, or "".
func Code(err error) string {
	var e *Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Code
}

// Challenge is the proof key of a log-in that ends in the browser (RFC 7636, S256).
type Challenge struct {
	Value  string `json:"code_challenge,omitempty"`
	Method string `json:"code_challenge_method,omitempty"`
}

// AuthorizeURL is where the browser logs in with a provider. It returns to redirectTo with a code.
func (c Client) AuthorizeURL(provider, redirectTo string, challenge Challenge) string {
	return c.URL + "/authorize?" + url.Values{
		"provider": {provider}, "redirect_to": {redirectTo}, "code_challenge": {challenge.Value}, "code_challenge_method": {challenge.Method},
	}.Encode()
}

// Password logs in with a password.
func (c Client) Password(ctx context.Context, email, password string) (s Session, err error) {
	return s, c.post(ctx, "/token?grant_type=password", map[string]string{"email": email, "password": password}, &s)
}

// Exchange exchanges a code and its verifier for a session.
func (c Client) Exchange(ctx context.Context, code, verifier string) (s Session, err error) {
	return s, c.post(ctx, "/token?grant_type=pkce", map[string]string{"auth_code": code, "code_verifier": verifier}, &s)
}

// Refresh exchanges a refresh token, which is then used up.
func (c Client) Refresh(ctx context.Context, token string) (s Session, err error) {
	return s, c.post(ctx, "/token?grant_type=refresh_token", map[string]string{"refresh_token": token}, &s)
}

// SendLink sends mail with a link that returns to redirectTo, and a code.
func (c Client) SendLink(ctx context.Context, email, redirectTo string, challenge Challenge) error {
	return c.post(ctx, "/otp?"+redirect(redirectTo), struct {
		Email  string `json:"email"`
		Create bool   `json:"create_user"`
		Challenge
	}{email, true, challenge}, nil)
}

// Recover sends mail with a link for those who have forgotten their password.
func (c Client) Recover(ctx context.Context, email, redirectTo string, challenge Challenge) error {
	return c.post(ctx, "/recover?"+redirect(redirectTo), struct {
		Email string `json:"email"`
		Challenge
	}{email, challenge}, nil)
}

// SignUp adds a user. The session is empty if the address has to be confirmed first.
func (c Client) SignUp(ctx context.Context, email, password, redirectTo string, challenge Challenge) (s Session, err error) {
	return s, c.post(ctx, "/signup?"+redirect(redirectTo), struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Challenge
	}{email, password, challenge}, &s)
}

// VerifyCode exchanges the code in a mail for a session. That is empty if another address has to be confirmed, too.
func (c Client) VerifyCode(ctx context.Context, email, code, kind string) (s Session, err error) {
	return s, c.post(ctx, "/verify", map[string]string{"type": kind, "email": email, "token": code}, &s)
}

// SetPassword changes the password of the user to whom a token belongs.
func (c Client) SetPassword(ctx context.Context, accessToken, password string) error {
	return c.do(ctx, http.MethodPut, "/user", accessToken, map[string]string{"password": password}, nil)
}

// ChangeEmail sends mail to the old and to the new address of the user to whom a token belongs. Both have to be confirmed, unless the server is
// set up to ask the new one only.
func (c Client) ChangeEmail(ctx context.Context, accessToken, email, redirectTo string, challenge Challenge) error {
	return c.do(ctx, http.MethodPut, "/user?"+redirect(redirectTo), accessToken, struct {
		Email string `json:"email"`
		Challenge
	}{email, challenge}, nil)
}

// UserOf returns the user to whom a token belongs. The server refuses a token whose session has ended.
func (c Client) UserOf(ctx context.Context, accessToken string) (u User, err error) {
	return u, c.do(ctx, http.MethodGet, "/user", accessToken, nil, &u)
}

// endings are the codes of a token that the server refuses: its session or its user is no longer good, or it has expired, or its key is gone.
var endings = []string{"session_not_found", "session_expired", "user_not_found", "user_banned", "bad_jwt"}

// Ended reports whether a server has refused a token itself. A session may live on behind a token that has expired: only its refresh token tells.
// A status alone says nothing: gateways and firewalls have 401 and 403 for reasons of their own.
func Ended(err error) bool { return slices.Contains(endings, Code(err)) }

// Logout ends the session of a token: scope local, or others, or global for all of its user.
func (c Client) Logout(ctx context.Context, accessToken, scope string) error {
	return c.do(ctx, http.MethodPost, "/logout?scope="+url.QueryEscape(scope), accessToken, nil, nil)
}

// Settings returns the ways to log in.
func (c Client) Settings(ctx context.Context) (s Settings, err error) {
	return s, c.do(ctx, http.MethodGet, "/settings", "", nil, &s)
}

func redirect(to string) string { return url.Values{"redirect_to": {to}}.Encode() }

func (c Client) post(ctx context.Context, path string, body, into any) error {
	return c.do(ctx, http.MethodPost, path, "", body, into)
}

// do sends a request. What the server refuses is an Error in a fault; a server that does not answer is an unavailable fault.
func (c Client) do(ctx context.Context, method, path, token string, body, into any) error {
	const op = "ask the issuer"
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	text := []byte{}
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fault.Wrap(op, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(text))
	if err != nil {
		return fault.Wrap(op, err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.Key != "" {
		request.Header.Set("Apikey", c.Key)
	}
	if c.Address != "" {
		request.Header.Set("X-Forwarded-For", c.Address)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := cmp.Or(c.HTTP, http.DefaultClient).Do(request)
	if err != nil {
		return away(op, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return away(op, err)
	}
	switch {
	case response.StatusCode >= http.StatusInternalServerError:
		return away(op, errors.New(response.Status))
	case response.StatusCode >= http.StatusBadRequest:
		return refused(op, response.StatusCode, answer)
	case into == nil || len(answer) == 0:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return &fault.Error{Code: fault.Upstream, Op: op, Message: "the issuer did not send the expected JSON", Err: err, Private: true}
	}
	return nil
}

func away(op string, err error) error {
	return &fault.Error{Code: fault.Unavailable, Op: op, Message: "the issuer does not answer", Hint: "try again in a moment", Err: err, Private: true, RetryAfter: time.Second}
}

// refused reads an error of the server, whose form differs between its releases.
func refused(op string, status int, answer []byte) error {
	var body struct {
		Code        string `json:"error_code"`
		Message     string `json:"msg"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(answer, &body) // what is missing stays empty
	e := &Error{Status: status, Code: cmp.Or(body.Code, body.Error), Message: cmp.Or(body.Message, body.Description)}
	f := &fault.Error{Code: fault.Invalid, Op: op, Message: cmp.Or(e.Message, "the issuer refused the request"), Err: e}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		f.Code = fault.Unauthenticated
	case http.StatusTooManyRequests:
		f.Code, f.RetryAfter = fault.RateLimited, time.Minute
	}
	return f
}
