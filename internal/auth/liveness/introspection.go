package liveness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/fault"
)

const (
	timeout   = 8 * time.Second // of each request
	maxAnswer = 1 << 20         // bytes
)

// Introspection asks an issuer about a token (RFC 7662), at the address that its metadata names.
type Introspection struct {
	Issuer           string
	ClientID, Secret string
	HTTP             *http.Client // nil is one that follows no redirect, which would get the token

	metadata atomic.Pointer[token.Metadata]
}

// client follows no redirect.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Lives implements Source. The refresh token of a session lives as long as the session; without one, the access token has to do.
func (i *Introspection) Lives(ctx context.Context, claims token.Claims, t Tokens) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := i.discovered(ctx)
	switch {
	case err != nil:
		return away(err)
	case m.Introspection == "":
		return fault.New(fault.Forbidden, op, "the issuer cannot be asked whether a session still lives", "log in with another issuer")
	}
	form := url.Values{"token": {t.Access}, "token_type_hint": {"access_token"}}
	if t.Refresh != "" {
		form = url.Values{"token": {t.Refresh}, "token_type_hint": {"refresh_token"}}
	}
	var answer struct {
		Active  bool   `json:"active"`
		Subject string `json:"sub"`
	}
	if err := i.post(ctx, m, form, &answer); err != nil {
		return away(err)
	}
	if !answer.Active {
		return ended(nil)
	}
	if answer.Subject != "" && answer.Subject != sub(claims) {
		return ended(fault.New(fault.Upstream, op, "the issuer names another user"))
	}
	return nil
}

// discovered returns the metadata of the issuer, which is fetched when it is first needed.
func (i *Introspection) discovered(ctx context.Context) (token.Metadata, error) {
	if m := i.metadata.Load(); m != nil {
		return *m, nil
	}
	m, err := token.Discover(ctx, i.HTTP, i.Issuer)
	if err == nil {
		i.metadata.Store(&m)
	}
	return m, err
}

func (i *Introspection) post(ctx context.Context, m token.Metadata, form url.Values, into any) error {
	inBody := !slices.Contains(m.IntrospectionMethods, "client_secret_basic") && slices.Contains(m.IntrospectionMethods, "client_secret_post")
	if inBody {
		form.Set("client_id", i.ClientID)
		form.Set("client_secret", i.Secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Introspection, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if !inBody { // RFC 6749, section 2.3.1
		request.SetBasicAuth(url.QueryEscape(i.ClientID), url.QueryEscape(i.Secret))
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	c := i.HTTP
	if c == nil {
		c = client
	}
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", m.Introspection, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
