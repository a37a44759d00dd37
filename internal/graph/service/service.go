// Package service calls the services of the team that answer fields with @http. Requests are signed as Standard Webhooks says, see
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
package service

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// Options configure a Client. Secrets and Lookup are required once the schema has a field with @http; zero values of the others take the defaults.
type Options struct {
	Secrets   string                           // whsec_ and 24 to 64 bytes in base64, separated by commas: each signs, so that they can be rotated
	Lookup    func(name string) (string, bool) // a variable of the environment
	Transport http.RoundTripper                // default http.DefaultTransport
	Timeout   time.Duration                    // of one call; default 10 s
	MaxAnswer int64                            // bytes; default 1 MiB
	Plain     bool                             // allow http to other machines
	Now       func() time.Time                 // default time.Now
}

// Client is an exec.Services. It is safe for concurrent use.
type Client struct {
	o    Options
	keys [][]byte
	http *http.Client
}

const secretPrefix = "whsec_"

// New returns a client. It follows no redirects, so that a request only reaches the host that the schema names.
func New(o Options) (*Client, error) {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxAnswer == 0 {
		o.MaxAnswer = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, http: &http.Client{
		Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for secret := range strings.SplitSeq(o.Secrets, ",") {
		if secret = strings.TrimSpace(secret); secret == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		isLong := len(key) >= 24 && len(key) <= 64
		isSecret := err == nil && strings.HasPrefix(secret, secretPrefix)
		if !isSecret || !isLong { // which is not shown
			return nil, fault.New(fault.Invalid, "configure calls of services", "graphql.http.secret is not valid: it must be whsec_ and 24 to 64 bytes in base64", generate)
		}
		c.keys = append(c.keys, key)
	}
	return c, nil
}

const generate = `generate one: echo "whsec_$(openssl rand -base64 32)"`

// Check reports what a server that serves the schema lacks: the secret, variables of the environment, or TLS.
func (c *Client) Check(s *schema.Schema) error {
	for _, field := range s.Customs {
		if field.HTTP == nil {
			continue
		}
		if len(c.keys) == 0 {
			return fault.New(fault.Invalid, "check "+field.Name, field.Name+" has @http, and graphql.http.secret is not set", generate)
		}
		if _, err := c.resolve(field); err != nil {
			return err
		}
	}
	return nil
}

// resolve returns the URL of a field.
func (c *Client) resolve(field *schema.Custom) (schema.ServiceURL, error) {
	u, err := field.HTTP.URL.Resolve(c.o.Lookup)
	place := fmt.Sprintf("%s:%d:%d", field.SQLPos.File, field.SQLPos.Line, field.SQLPos.Column)
	switch {
	case err != nil:
		return u, &fault.Error{Code: fault.Invalid, Op: place, Message: err.Error(), Hint: "set the variable, or correct the URL", Private: true}
	case u.Plain() && !c.o.Plain:
		return u, &fault.Error{Code: fault.Invalid, Op: place, Message: field.HTTP.URL.Text + " has no TLS",
			Hint: "use https, or set graphql.http.plain: true if the network is trusted", Private: true}
	}
	return u, nil
}

// signatures returns the value of webhook-signature.
func (c *Client) signatures(id, timestamp string, body []byte) string {
	var all []string
	for _, key := range c.keys {
		h := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(h, "%s.%s.%s", id, timestamp, body) // which never fails
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(all, " ")
}
