package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// WhoAmIPath answers who makes a request.
const WhoAmIPath = "/auth/whoami"

// Who is the answer of WhoAmI.
type Who struct {
	UID       string   `json:"uid"`
	Roles     []string `json:"roles"`
	Tier      string   `json:"tier"`
	Service   bool     `json:"service"`
	Anonymous bool     `json:"anonymous"`
	Key       string   `json:"key,omitempty"`   // the ID of the API key
	Scope     *Scope   `json:"scope,omitempty"` // of the API key, if it has limits
}

// Scope is what a caller is limited to. A missing list does not limit.
type Scope struct {
	Operations []string `json:"operations,omitempty"`
	Types      []string `json:"types,omitempty"`
}

// WhoAmI tells callers whom the server takes them for.
func WhoAmI(w http.ResponseWriter, r *http.Request) {
	c := caller.From(r.Context())
	who := Who{UID: c.UID, Roles: append([]string{}, c.Roles...), Tier: c.Tier, Service: c.Service, Anonymous: c.Anonymous(), Key: c.Key}
	if s := c.Scope; s.Operations != nil || s.Types != nil {
		who.Scope = &Scope{s.Operations, s.Types}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(who) // fails only if the client has gone
}

// askTimeout limits the answer of a server, and maxAnswer its bytes.
const (
	askTimeout = 10 * time.Second
	maxAnswer  = 1 << 20
)

// Ask asks the server at an URL whom it takes the holder of a credential for: a token, a key, or none.
func Ask(ctx context.Context, url, credential string) (Who, error) {
	op := "ask " + url
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+WhoAmIPath, nil)
	if err != nil {
		return Who{}, fault.New(fault.Invalid, op, err.Error(), "write http://host:port")
	}
	if credential != "" {
		r.Header.Set("Authorization", "Bearer "+credential)
	}
	client := http.Client{Timeout: askTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return Who{}, &fault.Error{Code: fault.Unavailable, Op: op, Message: "the server does not answer", Hint: "check the URL and whether the server runs", Err: err}
	}
	defer response.Body.Close()
	return readWho(op, response)
}

// readWho reads an answer: who the caller is, or the problem (RFC 9457).
func readWho(op string, response *http.Response) (who Who, err error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Who{}, fault.Wrap(op, err)
	}
	var problem struct{ Code, Detail, Hint string }
	switch {
	case response.StatusCode == http.StatusOK && json.Unmarshal(text, &who) == nil:
		return who, nil
	case response.StatusCode == http.StatusOK || json.Unmarshal(text, &problem) != nil || problem.Detail == "":
		return Who{}, fault.New(fault.Upstream, op, fmt.Sprintf("it is not a server of Krowoc: status %d", response.StatusCode), "check the URL; it must not contain a path")
	}
	return Who{}, fault.New(fault.Code(problem.Code), op, problem.Detail, problem.Hint)
}
