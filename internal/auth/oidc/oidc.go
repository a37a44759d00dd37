// Package oidc logs people in with an OpenID Connect provider (https://openid.net/specs/openid-connect-core-1_0.html): the code flow with
// a proof key (RFC 7636). What it returns as the access token is the ID token, which the verifier of tokens judges like any other: access
// tokens of most providers are for the provider alone.
package oidc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/krowoc/krowoc/internal/auth/gotrue"
	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

// timeout limits each request to the provider.
const timeout = 8 * time.Second

// Client logs in with one provider. It finds the provider's addresses when they are first needed, so that a provider that is down stops
// nothing but its own log-ins.
type Client struct {
	Issuer           string
	ClientID, Secret string
	Scopes           []string // beside openid, email and profile; offline_access if sessions should outlive the ID token
	Parameters       []string // of the authorization request, as name=value, such as access_type=offline of Google
	HTTP             *http.Client

	mu       sync.Mutex
	endpoint *oauth2.Endpoint
}

// Issues reports whether the provider signs tokens with an `iss`.
func (c *Client) Issues(iss string) bool { return token.Issues(c.Issuer, iss) }

// config returns the configuration of the library for a callback.
func (c *Client) config(ctx context.Context, callback string) (*oauth2.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endpoint == nil {
		m, err := token.Discover(ctx, c.HTTP, c.Issuer)
		if err != nil {
			return nil, Away(err)
		}
		c.endpoint = &oauth2.Endpoint{AuthURL: m.Authorization, TokenURL: m.Token}
	}
	scopes := slices.Concat([]string{"openid", "email", "profile"}, c.Scopes)
	return &oauth2.Config{ClientID: c.ClientID, ClientSecret: c.Secret, Endpoint: *c.endpoint, RedirectURL: callback, Scopes: scopes}, nil
}

// AuthorizeURL is where the browser logs in. The provider leads it to the callback with the state and a code. With maxAge in seconds, it asks for
// the password again if that was longer ago, and tells when that was; empty leaves it to the provider.
func (c *Client) AuthorizeURL(ctx context.Context, callback, state, verifier, maxAge string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	config, err := c.config(ctx, callback)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	for _, p := range c.Parameters {
		name, value, _ := strings.Cut(p, "=")
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if maxAge != "" {
		options = append(options, oauth2.SetAuthURLParam("max_age", maxAge))
	}
	return config.AuthCodeURL(state, options...), nil
}

// Exchange exchanges a code and its verifier for a session.
func (c *Client) Exchange(ctx context.Context, callback, code, verifier string) (gotrue.Session, error) {
	return c.ask(ctx, callback, func(ctx context.Context, config *oauth2.Config) (*oauth2.Token, error) {
		return config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	})
}

// Refresh exchanges a refresh token. Providers that do not rotate it return the same one.
func (c *Client) Refresh(ctx context.Context, refresh string) (gotrue.Session, error) {
	if refresh == "" {
		return gotrue.Session{}, Refused("no_refresh_token", "the provider gave no refresh token")
	}
	return c.ask(ctx, "", func(ctx context.Context, config *oauth2.Config) (*oauth2.Token, error) {
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	})
}

func (c *Client) ask(ctx context.Context, callback string, how func(context.Context, *oauth2.Config) (*oauth2.Token, error)) (s gotrue.Session, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	config, err := c.config(ctx, callback)
	if err != nil {
		return s, err
	}
	if c.HTTP != nil {
		ctx = context.WithValue(ctx, oauth2.HTTPClient, c.HTTP)
	}
	t, err := how(ctx, config)
	if err != nil {
		return s, Translate(err)
	}
	id, _ := t.Extra("id_token").(string)
	if id == "" {
		return s, Refused("no_id_token", "the provider sent no ID token")
	}
	return gotrue.Session{AccessToken: id, RefreshToken: t.RefreshToken}, nil
}

// Translate tells a provider that refuses from one that does not answer.
func Translate(err error) error {
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) || e.Response == nil || e.Response.StatusCode >= http.StatusInternalServerError {
		return Away(err)
	}
	f := Refused(e.ErrorCode, strings.TrimSpace(e.ErrorDescription))
	if e.Response.StatusCode == http.StatusTooManyRequests {
		return &fault.Error{Code: fault.RateLimited, Op: f.Op, Message: "the provider limits log-ins", Err: &gotrue.Error{Status: http.StatusTooManyRequests}, RetryAfter: time.Minute}
	}
	return f
}

// Refused is the error of a provider that refuses for good.
func Refused(code, message string) *fault.Error {
	e := &gotrue.Error{Status: http.StatusBadRequest, Code: code, Message: message}
	return &fault.Error{Code: fault.Unauthenticated, Op: "ask the provider", Message: e.Error(), Hint: "log in again", Err: e}
}

// Away is the error of a provider that does not answer.
func Away(err error) error {
	return &fault.Error{Code: fault.Unavailable, Op: "ask the provider", Message: "the provider does not answer", Hint: "try again in a moment", Err: err, Private: true, RetryAfter: time.Second}
}
