package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/oidc"
	"github.com/krowoc/krowoc/internal/fault"
)

// address is an e-mail address of a person.
type address struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

// person is a person as GitHub describes them. The number stays when the login changes.
type person struct {
	ID     json.Number `json:"id"`
	Login  string      `json:"login"`
	Name   string      `json:"name"` // null if they have not set it
	Avatar string      `json:"avatar_url"`
	Email  string      `json:"email"` // in an answer, the public address, which may not be verified
}

const op = "ask GitHub"

// ask returns the person of a token, with the address that GitHub has verified.
func (c *Client) ask(ctx context.Context, t *oauth2.Token) (p person, err error) {
	if err := c.get(ctx, t, "/user", &p); err != nil {
		return p, err
	}
	var list []address
	if err := c.get(ctx, t, "/user/emails", &list); err != nil {
		return p, err
	}
	n := slices.IndexFunc(list, func(a address) bool { return a.Primary && a.Verified })
	id, err := p.ID.Int64()
	switch {
	case err != nil || id <= 0:
		return p, &fault.Error{Code: fault.Upstream, Op: op, Message: "GitHub did not say who the person is", Err: err}
	case n < 0:
		return p, oidc.Refused("no_verified_email", "GitHub has not verified the primary e-mail address")
	}
	p.Email = strings.ToLower(list[n].Email)
	return p, nil
}

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 1 << 20

func (c *Client) get(ctx context.Context, t *oauth2.Token, path string, into any) error {
	to, err := url.JoinPath(c.api(), path)
	if err != nil {
		return fault.Wrap(op, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return fault.Wrap(op, err)
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("X-Github-Api-Version", "2022-11-28")
	r.Header.Set("Authorization", "Bearer "+t.AccessToken)
	response, err := cmp.Or(c.HTTP, http.DefaultClient).Do(r)
	if err != nil {
		return oidc.Away(err)
	}
	defer response.Body.Close()
	return read(response, into)
}

// read reads an answer of the API. A token that GitHub no longer knows ends a session; a limit or a failure does not.
func read(response *http.Response, into any) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return oidc.Away(err)
	}
	switch status := response.StatusCode; {
	case isLimited(response):
		return &fault.Error{Code: fault.RateLimited, Op: op, Message: "GitHub limits requests", Err: &gotrue.Error{Status: http.StatusTooManyRequests}, RetryAfter: time.Minute}
	case status == http.StatusOK:
	case status == http.StatusUnauthorized:
		return oidc.Refused("token_revoked", "GitHub no longer accepts the token")
	case status == http.StatusForbidden, status == http.StatusNotFound:
		return oidc.Refused("scope_missing", "GitHub does not show the e-mail addresses: the scope user:email, or the permission of a GitHub App for e-mail addresses, is missing")
	default:
		return oidc.Away(errors.New(response.Status))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return &fault.Error{Code: fault.Upstream, Op: op, Message: "GitHub did not send the expected JSON", Err: err, Private: true}
	}
	return nil
}

// isLimited reports whether an answer is a rate limit. The secondary ones, of many requests at once, leave requests remaining.
func isLimited(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return response.Header.Get("X-Ratelimit-Remaining") == "0" || response.Header.Get("Retry-After") != ""
	}
	return false
}
